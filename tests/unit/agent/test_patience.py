"""A model that cannot be reached: the run waits on disk, others go on, people hear of it once and in plain words."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from pydantic_ai.exceptions import ModelAPIError, ModelConnectionError, ModelHTTPError, ModelTimeoutError
from pydantic_ai.models.function import FunctionModel
from tests.support.agent_harness import FRIEND
from tests.support.scripted_model import Script, ScriptedHarness, answers, calls

from cleo.agent import ModelLoop, RunLimits
from cleo.agent.run.patience import BUSY
from cleo.domain.run import MAX_CRASHES
from cleo.ports import Tool

effects: list[str] = []


async def jot(text: str) -> str:
    """Write something down."""
    effects.append(text)
    return f"noted {text}"


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[ScriptedHarness]:
    effects.clear()
    harness = ScriptedHarness(tmp_path, [Tool(name="jot", function=jot)])
    yield harness
    await harness.store.close()


def texts(harness: ScriptedHarness) -> list[str]:
    return [message.text for message in harness.channel.delivered]


def down(retry_after: float | None = None) -> ModelHTTPError:
    return ModelHTTPError(503, "m", retry_after=retry_after)


@pytest.mark.parametrize(
    "make",
    [
        *(
            lambda status=status: ModelHTTPError(status, "m")
            for status in (408, 409, 425, 429, 500, 503, 529)
        ),
        lambda: ModelAPIError("m", "strange"),
        lambda: ModelConnectionError("m", "refused"),
        lambda: ModelTimeoutError("m", "slow"),
        lambda: ConnectionResetError("gone"),
    ],
)
async def test_passing_trouble_is_waited_out(harness: ScriptedHarness, make: Callable[[], Exception]) -> None:
    harness.script.steps = [make(), "here"]
    assert await harness.say("go") == []
    await harness.later(3)
    assert texts(harness) == ["here"]


async def test_minutes_of_trouble_are_told_once_and_then_answered(harness: ScriptedHarness) -> None:
    harness.script.steps = [down() for _ in range(8)]
    await harness.say("go")
    for _ in range(60):
        await harness.later(5)
    assert texts(harness) == [BUSY, "ok"]
    assert 6 <= len(harness.script.seen) <= 9, "the pauses grow"


async def test_others_go_on_and_the_chat_itself_waits_behind(harness: ScriptedHarness) -> None:
    harness.script.steps = [down(retry_after=20)]
    await harness.say("first")
    assert await harness.say("hello", FRIEND) == ["ok"]
    assert await harness.say("second") == []
    assert len(harness.script.seen) == 2
    await harness.later(20)
    assert len(texts(harness)) == 3
    assert "first" in str(harness.script.seen[2]) and "second" not in str(harness.script.seen[2])
    assert "second" in str(harness.script.seen[3])


async def test_the_time_that_the_provider_names_is_kept(harness: ScriptedHarness) -> None:
    harness.script.steps = [down(retry_after=120)]
    assert await harness.say("go") == [BUSY]
    await harness.later(110)
    assert len(harness.script.seen) == 1
    await harness.later(15)
    assert texts(harness) == [BUSY, "ok"]


async def test_patience_ends_in_plain_words(harness: ScriptedHarness) -> None:
    harness.script.steps = [down() for _ in range(50)]
    await harness.say("go")
    for _ in range(190):
        await harness.later(5)
    assert texts(harness) == [BUSY, "⚠️ The model cannot be reached now."]
    harness.script.steps = []
    assert await harness.say("and now?") == ["ok"]


async def test_a_restart_goes_on_waiting_and_these_wakes_are_no_crashes(harness: ScriptedHarness) -> None:
    harness.script.steps = [down() for _ in range(MAX_CRASHES + 3)]
    await harness.say("go")
    for _ in range(MAX_CRASHES + 3):
        seen = len(harness.script.seen)
        await harness.restart()
        assert len(harness.script.seen) == seen
        await harness.later(70)
    assert texts(harness) == [BUSY, "ok"]


async def test_an_effect_is_single_through_the_wait(harness: ScriptedHarness) -> None:
    harness.script.steps = [answers(calls("jot", {"text": "milk"})), down(), down(), "done"]
    await harness.say("go")
    await harness.later(3)
    await harness.later(5)
    assert texts(harness) == ["done"] and effects == ["milk"]


async def test_a_second_model_answers_while_the_first_is_away(tmp_path: Path) -> None:
    second = Script(steps=["from the second"])

    class Two(ScriptedHarness):
        def make_loop(self) -> ModelLoop:
            return ModelLoop(model=self.asked, tools=(), bounds=RunLimits(), fallback=FunctionModel(second))

    harness = Two(tmp_path)
    harness.script.steps = [down(), "from the first", down(), down()]
    assert await harness.say("one") == ["from the second"]
    assert await harness.say("two") == ["from the first"]
    second.steps = [down()]
    assert await harness.say("three") == []
    second.steps = ["back"]
    await harness.later(3)
    assert texts(harness)[-1] == "back"
    assert len(harness.channel.delivered) == 3
    await harness.store.close()

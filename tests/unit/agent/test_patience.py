"""A model that cannot be reached: the run waits on disk, others go on, people hear of it once and in plain words."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from pydantic_ai.exceptions import ModelAPIError, ModelConnectionError, ModelHTTPError, ModelTimeoutError
from pydantic_ai.models.function import FunctionModel
from tests.support.agent_house import FRIEND
from tests.support.scripted_model import Script, ScriptedHouse, answers, calls

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
async def house(tmp_path: Path) -> AsyncIterator[ScriptedHouse]:
    effects.clear()
    house = ScriptedHouse(tmp_path, [Tool(name="jot", function=jot)])
    yield house
    await house.store.close()


def texts(house: ScriptedHouse) -> list[str]:
    return [message.text for message in house.channel.delivered]


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
async def test_passing_trouble_is_waited_out(house: ScriptedHouse, make: Callable[[], Exception]) -> None:
    house.script.steps = [make(), "here"]
    assert await house.say("go") == []
    await house.later(3)
    assert texts(house) == ["here"]


async def test_minutes_of_trouble_are_told_once_and_then_answered(house: ScriptedHouse) -> None:
    house.script.steps = [down() for _ in range(8)]
    await house.say("go")
    for _ in range(60):
        await house.later(5)
    assert texts(house) == [BUSY, "ok"]
    assert 6 <= len(house.script.seen) <= 9, "the pauses grow"


async def test_others_go_on_and_the_chat_itself_waits_behind(house: ScriptedHouse) -> None:
    house.script.steps = [down(retry_after=20)]
    await house.say("first")
    assert await house.say("hello", FRIEND) == ["ok"]
    assert await house.say("second") == []
    assert len(house.script.seen) == 2
    await house.later(20)
    assert len(texts(house)) == 3
    assert "first" in str(house.script.seen[2]) and "second" not in str(house.script.seen[2])
    assert "second" in str(house.script.seen[3])


async def test_the_time_that_the_provider_names_is_kept(house: ScriptedHouse) -> None:
    house.script.steps = [down(retry_after=120)]
    assert await house.say("go") == [BUSY]
    await house.later(110)
    assert len(house.script.seen) == 1
    await house.later(15)
    assert texts(house) == [BUSY, "ok"]


async def test_patience_ends_in_plain_words(house: ScriptedHouse) -> None:
    house.script.steps = [down() for _ in range(50)]
    await house.say("go")
    for _ in range(190):
        await house.later(5)
    assert texts(house) == [BUSY, "⚠️ The model cannot be reached now."]
    house.script.steps = []
    assert await house.say("and now?") == ["ok"]


async def test_a_restart_goes_on_waiting_and_these_wakes_are_no_crashes(house: ScriptedHouse) -> None:
    house.script.steps = [down() for _ in range(MAX_CRASHES + 3)]
    await house.say("go")
    for _ in range(MAX_CRASHES + 3):
        seen = len(house.script.seen)
        await house.restart()
        assert len(house.script.seen) == seen
        await house.later(70)
    assert texts(house) == [BUSY, "ok"]


async def test_an_effect_is_single_through_the_wait(house: ScriptedHouse) -> None:
    house.script.steps = [answers(calls("jot", {"text": "milk"})), down(), down(), "done"]
    await house.say("go")
    await house.later(3)
    await house.later(5)
    assert texts(house) == ["done"] and effects == ["milk"]


async def test_a_second_model_answers_while_the_first_is_away(tmp_path: Path) -> None:
    second = Script(steps=["from the second"])

    class Two(ScriptedHouse):
        def make_loop(self) -> ModelLoop:
            return ModelLoop(model=self.asked, tools=(), bounds=RunLimits(), fallback=FunctionModel(second))

    house = Two(tmp_path)
    house.script.steps = [down(), "from the first", down(), down()]
    assert await house.say("one") == ["from the second"]
    assert await house.say("two") == ["from the first"]
    second.steps = [down()]
    assert await house.say("three") == []
    second.steps = ["back"]
    await house.later(3)
    assert texts(house)[-1] == "back"
    assert len(house.channel.delivered) == 3
    await house.store.close()

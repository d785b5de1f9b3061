"""/stop, /new, /status: people have a hold on their chat, beside the model."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart
from tests.support.agent_harness import FRIEND, OWNER, STRANGER
from tests.support.scripted_model import ScriptedHarness, answers, calls

from cleo.agent.commands import ANEW, NOTHING_RUNS
from cleo.domain.content import File
from cleo.domain.message import Quoted
from cleo.ports import Tool

effects: list[str] = []


class Started:
    """Tells that a tool or a request is running; anew in each test, because each has an event loop of its own."""

    event: asyncio.Event


async def slow(name: str) -> str:
    """Take long."""
    effects.append(f"begin {name}")
    Started.event.set()
    await asyncio.sleep(60)
    effects.append(f"end {name}")
    return name


async def look(name: str) -> str:
    """Look for a long time."""
    return await slow(name)


async def jot(text: str) -> str:
    """Write something down."""
    effects.append(text)
    return f"noted {text}"


async def wipe(name: str) -> str:
    """Wipe something, slowly."""
    return await slow(name)


TOOLS = (
    Tool(name="slow", function=slow, title="a slow thing", timeout=120),
    Tool(name="look", function=look, read_only=True, timeout=120),
    Tool(name="jot", function=jot, title="write it down"),
    Tool(name="wipe", function=wipe, title="wipe it", requires_confirmation=True, timeout=120),
)


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[ScriptedHarness]:
    effects.clear()
    Started.event = asyncio.Event()
    harness = ScriptedHarness(tmp_path, TOOLS)
    yield harness
    await harness.store.close()


def texts(harness: ScriptedHarness) -> list[str]:
    return [message.text for message in harness.channel.delivered]


async def while_running(harness: ScriptedHarness, *said: str) -> None:
    """Say something as soon as a tool is running, and work until all is quiet."""
    working = asyncio.create_task(harness.settle())
    await asyncio.wait_for(Started.event.wait(), 10)
    for words in said:
        await harness.hear(words)
    await asyncio.wait_for(working, 10)
    await harness.settle()


@pytest.mark.parametrize("word", ["/stop", "stop", "Stop!", " /STOP "])
async def test_stop_overtakes_a_running_tool_and_tells_what_is_known(
    harness: ScriptedHarness, word: str
) -> None:
    harness.script.steps = [answers(calls("jot", {"text": "a"}, "1"), calls("slow", {"name": "b"}, "2"))]
    await harness.hear("go")
    await while_running(harness, word)
    assert texts(harness) == [
        "⏹ Stopped. Done before that: write it down. Begun, and perhaps done: a slow thing. Please check."
    ]
    assert effects == ["a", "begin b"]
    assert await harness.say("and now?") == ["ok"]
    assert "stopped by the user" in str(harness.script.seen[-1])
    await harness.restart()
    assert effects == ["a", "begin b"], "nothing is repeated"


async def test_what_only_reads_leaves_no_doubt(harness: ScriptedHarness) -> None:
    harness.script.steps = [answers(calls("look", {"name": "b"}))]
    await harness.hear("go")
    await while_running(harness, "/stop")
    assert texts(harness) == ["⏹ Stopped."]


async def test_a_request_that_hangs_is_stopped(harness: ScriptedHarness) -> None:
    async def hang(messages: list[ModelMessage], info: object) -> ModelResponse:
        Started.event.set()
        await asyncio.sleep(60)
        return answers(TextPart("late"))

    harness.asked.function = hang  # type: ignore[attr-defined]  # it is a FunctionModel
    await harness.hear("go")
    await while_running(harness, "/stop")
    assert texts(harness) == ["⏹ Stopped."]


async def test_a_confirmed_call_that_is_stopped_is_unknown_and_not_asked_again(
    harness: ScriptedHarness,
) -> None:
    harness.script.steps = [answers(calls("wipe", {"name": "b"}, "1"), calls("wipe", {"name": "c"}, "2"))]
    await harness.say("go")
    for number in (0, 1):
        await harness.hear(f"yes {harness.ref(number)}")
    await while_running(harness, "/stop")
    assert "perhaps done: wipe it" in texts(harness)[-1]
    rows = [await harness.store.read(lambda tx, n=n: tx.confirmations.get(harness.ref(n))) for n in (0, 1)]
    assert [row and row.state for row in rows] == ["unknown", "cancelled"]
    await harness.later(60)
    assert effects == ["begin b"] and len(harness.questions()) == 2


async def test_a_run_that_waits_for_its_model_is_stopped_at_once(harness: ScriptedHarness) -> None:
    harness.script.steps = [ModelHTTPError(503, "m", retry_after=600)]
    await harness.say("go")
    assert (await harness.say("/stop"))[-1] == "⏹ Stopped."
    await harness.later(700)
    assert len(harness.script.seen) == 1


async def test_stop_when_nothing_runs(harness: ScriptedHarness) -> None:
    assert await harness.say("/stop") == [NOTHING_RUNS]
    assert await harness.say("stop") == ["ok"], "the word alone is for the model then"


async def test_only_those_who_may_talk_to_cleo_and_only_their_own_words(harness: ScriptedHarness) -> None:
    assert await harness.say("/status", STRANGER) == []
    assert await harness.say("/new", forwarded=True) == ["ok"]
    harness.channel.files["u"] = b"picture"
    assert await harness.say(File(kind="image", url="u", caption="/new")) == ["ok"]
    quoted = Quoted(id=harness.channel.delivered[-1].id, text="/new")
    assert await harness.say("what is that?", quoted=quoted) == ["ok"]
    assert await harness.say("/restart") == ["ok"], "not a command"
    assert await harness.say("/new now") == ["ok"]


async def test_new_begins_anew_and_keeps_open_questions(harness: ScriptedHarness) -> None:
    harness.script.steps = ["a secret", answers(calls("wipe", {"name": "b"}))]
    await harness.say("tell me")
    await harness.say("go")
    assert await harness.say("/new") == [ANEW]
    assert await harness.say("who are you?") == ["ok"]
    assert "secret" not in str(harness.script.seen[-1]) and len(harness.script.seen[-1]) == 1
    await harness.restart()
    await harness.hear(f"yes {harness.ref()}")
    await while_running(harness, "/stop")
    assert effects == ["begin b"], "the question was still open"


@pytest.mark.parametrize("tool", ["slow", "look"])
async def test_new_while_something_runs_ends_it_too(harness: ScriptedHarness, tool: str) -> None:
    """Whether its prompt was saved by then, or comes behind the new beginning."""
    harness.script.steps = [answers(calls(tool, {"name": "b"}))]
    await harness.hear("old words")
    await while_running(harness, "/new")
    assert ANEW in texts(harness) and any(text.startswith("⏹") for text in texts(harness))
    await harness.say("hello")
    assert "old words" not in str(harness.script.seen[-1])


async def test_status_tells_model_run_questions_and_what_waits(harness: ScriptedHarness) -> None:
    assert NOTHING_RUNS in (await harness.say("/status"))[0]
    harness.script.steps = [answers(calls("wipe", {"name": "b"}))]
    await harness.say("go")
    [status] = await harness.say("/status")
    assert f"Open questions: {harness.ref()}" in status and "Messages that wait: 0" in status
    harness.script.steps = [ModelHTTPError(503, "m", retry_after=25)]
    await harness.say("and?")
    await harness.hear("more")
    [status] = await harness.say("/status")
    assert "Waiting for the model for 5 s" in status and "Messages that wait: 1" in status


async def test_others_are_not_stopped(harness: ScriptedHarness) -> None:
    harness.script.steps = [ModelHTTPError(503, "m", retry_after=20)]
    await harness.say("go", OWNER)
    assert await harness.say("/stop", FRIEND) == [NOTHING_RUNS]
    await harness.later(20)
    assert texts(harness)[-1] == "ok"

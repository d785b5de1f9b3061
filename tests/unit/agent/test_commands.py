"""/stop, /new, /status: people have a hold on their chat, beside the model."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart
from tests.support.agent_house import FRIEND, OWNER, STRANGER
from tests.support.scripted_model import ScriptedHouse, answers, calls

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
async def house(tmp_path: Path) -> AsyncIterator[ScriptedHouse]:
    effects.clear()
    Started.event = asyncio.Event()
    house = ScriptedHouse(tmp_path, TOOLS)
    yield house
    await house.store.close()


def texts(house: ScriptedHouse) -> list[str]:
    return [message.text for message in house.channel.delivered]


async def while_running(house: ScriptedHouse, *said: str) -> None:
    """Say something as soon as a tool is running, and work until all is quiet."""
    working = asyncio.create_task(house.settle())
    await asyncio.wait_for(Started.event.wait(), 10)
    for words in said:
        await house.hear(words)
    await asyncio.wait_for(working, 10)
    await house.settle()


@pytest.mark.parametrize("word", ["/stop", "stop", "Stop!", " /STOP "])
async def test_stop_overtakes_a_running_tool_and_tells_what_is_known(house: ScriptedHouse, word: str) -> None:
    house.script.steps = [answers(calls("jot", {"text": "a"}, "1"), calls("slow", {"name": "b"}, "2"))]
    await house.hear("go")
    await while_running(house, word)
    assert texts(house) == [
        "⏹ Stopped. Done before that: write it down. Begun, and perhaps done: a slow thing. Please check."
    ]
    assert effects == ["a", "begin b"]
    assert await house.say("and now?") == ["ok"]
    assert "stopped by the user" in str(house.script.seen[-1])
    await house.restart()
    assert effects == ["a", "begin b"], "nothing is repeated"


async def test_what_only_reads_leaves_no_doubt(house: ScriptedHouse) -> None:
    house.script.steps = [answers(calls("look", {"name": "b"}))]
    await house.hear("go")
    await while_running(house, "/stop")
    assert texts(house) == ["⏹ Stopped."]


async def test_a_request_that_hangs_is_stopped(house: ScriptedHouse) -> None:
    async def hang(messages: list[ModelMessage], info: object) -> ModelResponse:
        Started.event.set()
        await asyncio.sleep(60)
        return answers(TextPart("late"))

    house.asked.function = hang  # type: ignore[attr-defined]  # it is a FunctionModel
    await house.hear("go")
    await while_running(house, "/stop")
    assert texts(house) == ["⏹ Stopped."]


async def test_a_confirmed_call_that_is_stopped_is_unknown_and_not_asked_again(house: ScriptedHouse) -> None:
    house.script.steps = [answers(calls("wipe", {"name": "b"}, "1"), calls("wipe", {"name": "c"}, "2"))]
    await house.say("go")
    for number in (0, 1):
        await house.hear(f"yes {house.ref(number)}")
    await while_running(house, "/stop")
    assert "perhaps done: wipe it" in texts(house)[-1]
    rows = [await house.store.read(lambda tx, n=n: tx.confirmations.get(house.ref(n))) for n in (0, 1)]
    assert [row and row.state for row in rows] == ["unknown", "cancelled"]
    await house.later(60)
    assert effects == ["begin b"] and len(house.questions()) == 2


async def test_a_run_that_waits_for_its_model_is_stopped_at_once(house: ScriptedHouse) -> None:
    house.script.steps = [ModelHTTPError(503, "m", retry_after=600)]
    await house.say("go")
    assert (await house.say("/stop"))[-1] == "⏹ Stopped."
    await house.later(700)
    assert len(house.script.seen) == 1


async def test_stop_when_nothing_runs(house: ScriptedHouse) -> None:
    assert await house.say("/stop") == [NOTHING_RUNS]
    assert await house.say("stop") == ["ok"], "the word alone is for the model then"


async def test_only_those_who_may_talk_to_cleo_and_only_their_own_words(house: ScriptedHouse) -> None:
    assert await house.say("/status", STRANGER) == []
    assert await house.say("/new", forwarded=True) == ["ok"]
    house.channel.files["u"] = b"picture"
    assert await house.say(File(kind="image", url="u", caption="/new")) == ["ok"]
    quoted = Quoted(id=house.channel.delivered[-1].id, text="/new")
    assert await house.say("what is that?", quoted=quoted) == ["ok"]
    assert await house.say("/restart") == ["ok"], "not a command"
    assert await house.say("/new now") == ["ok"]


async def test_new_begins_anew_and_keeps_open_questions(house: ScriptedHouse) -> None:
    house.script.steps = ["a secret", answers(calls("wipe", {"name": "b"}))]
    await house.say("tell me")
    await house.say("go")
    assert await house.say("/new") == [ANEW]
    assert await house.say("who are you?") == ["ok"]
    assert "secret" not in str(house.script.seen[-1]) and len(house.script.seen[-1]) == 1
    await house.restart()
    await house.hear(f"yes {house.ref()}")
    await while_running(house, "/stop")
    assert effects == ["begin b"], "the question was still open"


@pytest.mark.parametrize("tool", ["slow", "look"])
async def test_new_while_something_runs_ends_it_too(house: ScriptedHouse, tool: str) -> None:
    """Whether its prompt was saved by then, or comes behind the new beginning."""
    house.script.steps = [answers(calls(tool, {"name": "b"}))]
    await house.hear("old words")
    await while_running(house, "/new")
    assert ANEW in texts(house) and any(text.startswith("⏹") for text in texts(house))
    await house.say("hello")
    assert "old words" not in str(house.script.seen[-1])


async def test_status_tells_model_run_questions_and_what_waits(house: ScriptedHouse) -> None:
    assert NOTHING_RUNS in (await house.say("/status"))[0]
    house.script.steps = [answers(calls("wipe", {"name": "b"}))]
    await house.say("go")
    [status] = await house.say("/status")
    assert f"Open questions: {house.ref()}" in status and "Messages that wait: 0" in status
    house.script.steps = [ModelHTTPError(503, "m", retry_after=25)]
    await house.say("and?")
    await house.hear("more")
    [status] = await house.say("/status")
    assert "Waiting for the model for 5 s" in status and "Messages that wait: 1" in status


async def test_others_are_not_stopped(house: ScriptedHouse) -> None:
    house.script.steps = [ModelHTTPError(503, "m", retry_after=20)]
    await house.say("go", OWNER)
    assert await house.say("/stop", FRIEND) == [NOTHING_RUNS]
    await house.later(20)
    assert texts(house)[-1] == "ok"

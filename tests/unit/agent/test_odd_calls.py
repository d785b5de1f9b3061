"""Calls as models should not make them: each is answered, none ends the turn, and nothing runs that was not meant."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic_ai.messages import (
    ModelMessage,
    ModelMessagesTypeAdapter,
    ModelRequest,
    RetryFeedbackPart,
    RetryInfo,
    TextPart,
    ThinkingPart,
    ToolCallPart,
)
from tests.support.scripted_model import ScriptedHarness, answers, calls, parts

from cleo.domain.run import RunId
from cleo.ports import Tool, ToolContext

effects: list[str] = []


async def jot(ctx: ToolContext, text: str, times: int = 1) -> str:
    """Write something down."""
    effects.append(f"{text}×{times}")
    await asyncio.sleep(0)
    effects.append(f"end of {text}")
    return f"noted {text}"


async def look(name: str) -> str:
    """Look at something."""
    effects.append(f"look {name}")
    await asyncio.sleep(0.02)
    effects.append(f"saw {name}")
    return f"saw {name}"


async def wipe(name: str) -> str:
    """Wipe something."""
    effects.append(f"wiped {name}")
    return f"wiped {name}"


async def measure() -> dict[str, object]:
    """Return data instead of text."""
    return {"height": 3, "name": "b\udcffd"}


async def connect(to: str) -> str:
    """Connect to something."""
    raise ValueError(f"postgresql://cleo:hunter22@db/{to}")


def slow(name: str) -> str:
    """Work in a plain function."""
    return f"slowly {name}"


TOOLS = (
    Tool(name="jot", function=jot),
    Tool(name="look", function=look, read_only=True),
    Tool(name="wipe", function=wipe, requires_confirmation=True),
    Tool(name="measure", function=measure, read_only=True),  # type: ignore[arg-type]  # people's own tools do that
    Tool(name="connect", function=connect, read_only=True),
    Tool(name="slow", function=slow, read_only=True),
)


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[ScriptedHarness]:
    effects.clear()
    harness = ScriptedHarness(tmp_path, TOOLS)
    yield harness
    await harness.store.close()


async def told(harness: ScriptedHarness, *called: ToolCallPart) -> list[tuple[str, object]]:
    """Let the model make calls, and tell what it read as their results."""
    harness.script.steps = [answers(*called)]
    assert await harness.say("go") == ["ok"]
    return [(result.outcome, result.content) for result in harness.script.results()]


async def test_a_tool_that_there_is_not_is_told_with_those_that_there_are(harness: ScriptedHarness) -> None:
    [(outcome, content)] = await told(harness, calls("fly", {}))
    assert outcome == "retried"
    assert "no tool 'fly'" in str(content) and "jot" in str(content)
    assert harness.questions() == []


@pytest.mark.parametrize(
    ("args", "word"),
    [
        ('{"text": "milk', "Invalid JSON"),
        ("[1, 2]", "should be an object"),
        ("", "Field required"),
        (None, "Field required"),
        ({"text": "milk", "colour": "red"}, "not permitted"),
        ({"text": "milk", "times": "many"}, "valid integer"),
        ({"text": {"a": 1}}, "valid string"),
    ],
)
async def test_arguments_that_do_not_fit_are_told_and_nothing_runs(
    harness: ScriptedHarness, args: str | dict[str, object] | None, word: str
) -> None:
    [(outcome, content)] = await told(harness, calls("jot", args))
    assert outcome == "retried" and word in str(content)
    assert effects == []


async def test_an_error_of_a_tool_is_told_without_its_words(harness: ScriptedHarness) -> None:
    [(outcome, content)] = await told(harness, calls("connect", {"to": "cleo"}))
    assert outcome == "failed" and "The tool failed" in str(content)
    assert "hunter22" not in str(content)


async def test_broken_arguments_of_a_call_that_needs_a_yes_ask_nobody(harness: ScriptedHarness) -> None:
    [(outcome, _)] = await told(harness, calls("wipe", '{"name": '))
    assert outcome == "retried" and harness.questions() == []


async def test_doubled_and_empty_ids_are_made_unique_before_anything_is_stored(
    harness: ScriptedHarness,
) -> None:
    results = await told(
        harness,
        calls("jot", {"text": "a"}, ""),
        calls("jot", {"text": "b"}, "x"),
        calls("jot", {"text": "c"}, "x"),
        calls("jot", {"text": "d"}, "late_K7Q4"),
    )
    assert [content for _, content in results] == ["noted a", "noted b", "noted c", "noted d"]
    answered = {result.tool_call_id for result in harness.script.results()}
    assert len(answered - {"", "late_K7Q4"}) == 4


async def test_doubled_ids_of_questions_are_answered_apart(harness: ScriptedHarness) -> None:
    harness.script.steps = [answers(calls("wipe", {"name": "a"}, "x"), calls("wipe", {"name": "b"}, "x"))]
    await harness.say("go")
    await harness.react("👎", harness.question(0).id)
    await harness.react("👍", harness.question(1).id)
    assert effects == ["wiped b"]


async def test_ids_that_repeat_in_each_response_are_calls_of_their_own(harness: ScriptedHarness) -> None:
    harness.script.steps = [
        answers(calls("jot", {"text": "a"}, "call_0")),
        answers(calls("jot", {"text": "b"}, "call_0")),
        answers(calls("wipe", {"name": "c"}, "call_0")),
        answers(calls("wipe", {"name": "d"}, "call_0")),
    ]
    await harness.say("go")
    await harness.react("👍", harness.question(0).id)
    assert effects == ["a×1", "end of a", "b×1", "end of b", "wiped c"]
    await harness.react("👍", harness.question(1).id)
    assert effects[-1] == "wiped d"


async def test_words_beside_a_call_are_no_reply_yet(harness: ScriptedHarness) -> None:
    harness.script.steps = [answers(TextPart("I shall write it down."), calls("jot", {"text": "a"})), "Done."]
    assert await harness.say("go") == ["Done."]


async def test_calls_that_only_read_run_side_by_side(harness: ScriptedHarness) -> None:
    await told(harness, calls("look", {"name": "a"}, "1"), calls("look", {"name": "b"}, "2"))
    assert effects == ["look a", "look b", "saw a", "saw b"]


async def test_effects_run_in_their_order_one_after_the_other(harness: ScriptedHarness) -> None:
    await told(
        harness,
        calls("jot", {"text": "a"}, "1"),
        calls("look", {"name": "x"}, "2"),
        calls("jot", {"text": "b"}, "3"),
    )
    assert effects == ["a×1", "end of a", "look x", "saw x", "b×1", "end of b"]


async def test_data_and_plain_functions_are_results_too(harness: ScriptedHarness) -> None:
    results = await told(harness, calls("measure", {}, "1"), calls("slow", {"name": "done"}, "2"))
    assert [content for _, content in results] == [{"height": 3, "name": "b?d"}, "slowly done"]


async def test_words_of_the_model_that_no_database_can_hold_are_kept_all_the_same(
    harness: ScriptedHarness,
) -> None:
    harness.script.steps = ["half a pair: \ud83d", "fine"]
    await harness.say("go")
    assert await harness.say("and?") == ["fine"]
    assert "half a pair: ?" in str(harness.script.seen[-1])


async def test_a_response_with_calls_and_thoughts_goes_on(harness: ScriptedHarness) -> None:
    harness.script.steps = [answers(ThinkingPart("hm"), calls("jot", {"text": "a"})), "Done."]
    assert await harness.say("go") == ["Done."]


async def test_a_turn_that_never_ends_is_ended_and_its_calls_do_not_run(harness: ScriptedHarness) -> None:
    def again(messages: list[ModelMessage]) -> object:
        return answers(calls("jot", {"text": str(len(messages))}, "c"))

    harness.script.steps = [again] * 20  # type: ignore[list-item]  # the same step
    [notice] = await harness.say("go")
    assert "more steps than one turn may take (12)" in notice and "CLEO" not in notice
    assert len(harness.script.seen) == 12 and len(effects) == 2 * 11
    harness.script.steps = []
    assert await harness.say("and now?") == ["ok"]
    assert "it reached a limit" in str(harness.script.seen[-1])


async def test_too_many_calls_at_once_run_none(harness: ScriptedHarness) -> None:
    harness.script.steps = [answers(*(calls("jot", {"text": str(n)}, str(n)) for n in range(25)))]
    [notice] = await harness.say("go")
    assert "more actions than one turn may take (24)" in notice
    assert effects == []


async def test_what_an_earlier_release_stored_is_translated_for_the_model(harness: ScriptedHarness) -> None:
    """A part of the library's own feedback goes out as words that the model can read."""
    await harness.say("one")
    chat = harness.channel.delivered[-1].to
    feedback = RetryFeedbackPart("Please answer.", retry=RetryInfo(cause="no_output"))
    body = ModelMessagesTypeAdapter.dump_json([ModelRequest(parts=[feedback])])
    await harness.store.write(lambda tx: tx.transcript.append(chat, RunId("old"), [body], after=2))
    assert await harness.say("two") == ["ok"]
    kinds = {type(part) for part in parts(harness.script.seen[-1])}
    assert RetryFeedbackPart not in kinds

"""Requests are bounded by their size: long results, long prompts, many turns. What is cut can be read on."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, TextPart, UserPromptPart
from tests.support.agent_harness import FRIEND
from tests.support.scripted_model import ScriptedHarness, answers, calls, prompts

from cleo.agent.model.budget import LEFT_OUT, Budget, size, tokens
from cleo.ports import Tool
from cleo.tools import TOOLS

READ_MORE = next(tool for tool in TOOLS if tool.name == "read_more")
LEFT = re.compile(r'⟦(\d+) characters left out; read them with read_more\(id="(\w+)", start=(\d+)\)⟧')


async def spill(characters: int, mark: str = "x") -> str:
    """Return a very long text."""
    middle = characters // 2
    return (mark * middle)[:middle] + "NEEDLE" + (mark * middle)[:middle]


async def dump(characters: int) -> str:
    """Do something, and return a very long text."""
    return await spill(characters)


async def wipe(name: str) -> str:
    """Wipe something."""
    return f"wiped {name}"


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[ScriptedHarness]:
    tools = [Tool(name="spill", function=spill, read_only=True), Tool(name="dump", function=dump), READ_MORE]
    tools.append(Tool(name="wipe", function=wipe, requires_confirmation=True))
    harness = ScriptedHarness(tmp_path, tools)
    yield harness
    await harness.store.close()


def weight(harness: ScriptedHarness) -> int:
    return max(sum(map(size, seen)) for seen in harness.script.seen)


@pytest.mark.parametrize(
    ("name", "characters"), [("spill", 1_000_000), ("dump", 1_000_000), ("spill", 20_000_000)]
)
async def test_a_long_result_is_cut_and_the_rest_can_be_read(
    harness: ScriptedHarness, name: str, characters: int
) -> None:
    harness.script.steps = [answers(calls(name, {"characters": characters}))]
    assert await harness.say("go") == ["ok"]
    [result] = harness.script.results()
    left = LEFT.search(str(result.content))
    assert left and "NEEDLE" not in str(result.content)
    assert weight(harness) < harness.loop.budget.tokens
    harness.script.steps = [answers(calls("read_more", {"id": left[2], "start": characters // 2 - 10}))]
    await harness.say("what stands in the middle?")
    assert "NEEDLE" in str(harness.script.results()[-1].content)
    harness.script.steps = [answers(calls("read_more", {"id": left[2]}))]
    await harness.say("and what do I read?", FRIEND)
    assert "There is no long text" in str(harness.script.results()[-1].content), "it belongs to another chat"


async def test_a_cut_result_survives_a_restart_as_it_was_told(harness: ScriptedHarness) -> None:
    harness.script.steps = [answers(calls("dump", {"characters": 1_000_000}))]
    await harness.say("go")
    stored = await harness.store.read(lambda tx: tx.transcript.window(harness.channel.delivered[-1].to, 10))
    assert sum(map(len, stored)) < 100_000
    await harness.restart()
    assert await harness.say("and?") == ["ok"]


async def test_a_message_of_60_000_characters_is_answered(harness: ScriptedHarness) -> None:
    assert await harness.say("a" * 30_000 + "NEEDLE" + "b" * 30_000) == ["ok"]
    [prompt] = prompts(harness.script.seen[-1])
    assert LEFT.search(str(prompt.content)) and "NEEDLE" not in str(prompt.content)
    assert weight(harness) < harness.loop.budget.tokens


async def test_a_burst_of_long_messages_is_cut_as_a_whole(harness: ScriptedHarness) -> None:
    for mark in "abcd":
        await harness.hear(mark * 40_000)
    await harness.settle()
    [prompt] = prompts(harness.script.seen[-1])
    assert len(LEFT.findall(str(prompt.content))) == 4
    assert weight(harness) < harness.loop.budget.tokens // 2


async def test_after_300_turns_the_newest_are_there_and_all_fits(harness: ScriptedHarness) -> None:
    for number in range(300):
        harness.clock.advance(20)  # at the pace of a person
        harness.script.steps = [f"answer {number}"]
        assert await harness.say(f"turn {number}") == [f"answer {number}"]
    seen = str(harness.script.seen[-1])
    assert "turn 299" in seen and "answer 298" in seen and "turn 0'" not in seen
    assert len(harness.script.seen[-1]) <= 401, "400 from the store, and the new one"


async def test_long_turns_push_old_ones_out_at_prompts(harness: ScriptedHarness) -> None:
    for _ in range(12):
        harness.script.steps = [answers(calls("spill", {"characters": 20_000}))]
        assert await harness.say("go " + "b" * 2_000) == ["ok"]
    first = harness.script.seen[-1][0]
    assert any(isinstance(part, UserPromptPart) for part in first.parts)
    assert weight(harness) < harness.loop.budget.tokens


async def test_a_turn_that_outgrows_all_leaves_its_oldest_results_out(harness: ScriptedHarness) -> None:
    harness.script.steps = [answers(calls("spill", {"characters": 20_000}, f"c{n}")) for n in range(9)]
    assert await harness.say("go") == ["ok"]
    results = [str(result.content) for result in harness.script.results()]
    assert results[0] == LEFT_OUT and results[-1] != LEFT_OUT
    assert weight(harness) < harness.loop.budget.tokens


async def test_a_question_in_a_turn_that_outgrew_all_is_carried_out(harness: ScriptedHarness) -> None:
    harness.script.steps = [answers(calls("spill", {"characters": 20_000}, f"c{n}")) for n in range(6)]
    harness.script.steps.append(answers(calls("wipe", {"name": "disk"}, "w")))
    await harness.say("go")
    assert await harness.react("👍", harness.question().id) == ["ok"]
    assert harness.script.results()[-1].content == "wiped disk"


def test_other_scripts_and_pictures_weigh_more() -> None:
    assert tokens("a" * 300) == 101
    assert tokens("茶" * 100) == 121
    assert tokens("") == 1


def test_the_cut_is_made_at_a_prompt_and_the_turn_stays() -> None:
    def turn(words: str) -> list[ModelMessage]:
        return [ModelRequest(parts=[UserPromptPart(words)]), ModelResponse(parts=[TextPart("x" * 300)])]

    messages = [*turn("a" * 300), *turn("b" * 300), *turn("c" * 3_000)]
    kept = Budget(tokens=1_500).fit(messages, fixed=0, turn=4)
    assert kept == messages[2:]
    assert Budget(tokens=10).fit(messages, fixed=0, turn=4) == messages[4:]

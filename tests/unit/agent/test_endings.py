"""How an answer ended: cut short, held back, empty, broken off. Nobody gets half of one as a whole, or silence."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from pydantic_ai.exceptions import ContentFilterError
from pydantic_ai.messages import TextPart, ThinkingPart
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from tests.support.openai_mock import Breaks, BreaksOff, OpenAIMock, Says
from tests.support.scripted_model import ScriptedHarness, answers, calls, says

from cleo.agent import ModelLoop, RunLimits
from cleo.agent.model.endings import CUT_SHORT, GO_ON, HELD_BACK, SAY_IT, SILENT
from cleo.ports import Tool


async def jot(text: str) -> str:
    """Write something down."""
    return f"noted {text}"


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[ScriptedHarness]:
    harness = ScriptedHarness(tmp_path, [Tool(name="jot", function=jot)])
    yield harness
    await harness.store.close()


async def test_an_answer_that_was_cut_is_continued_and_is_one(harness: ScriptedHarness) -> None:
    harness.script.steps = [says("one two", finish_reason="length"), says(" three.", finish_reason="stop")]
    assert await harness.say("count") == ["one two three."]
    assert GO_ON in str(harness.script.seen[1])
    assert await harness.say("and?") == ["ok"]
    newest = str(harness.script.seen[-1])
    assert "one two three." in newest and GO_ON not in newest, "the nudge is not kept"


async def test_an_answer_that_is_cut_for_ever_is_marked(harness: ScriptedHarness) -> None:
    harness.script.steps = [says(f"{n} ", finish_reason="length") for n in range(5)]
    assert await harness.say("count") == [f"0 1 2 {CUT_SHORT}"]
    assert len(harness.script.seen) == 3


async def test_a_call_that_was_cut_is_told_to_the_model(harness: ScriptedHarness) -> None:
    harness.script.steps = [answers(calls("jot", '{"text": "half'), finish_reason="length"), "Shorter then."]
    assert await harness.say("go") == ["Shorter then."]
    [result] = harness.script.results()
    assert "was cut off" in str(result.content)


async def test_what_the_provider_holds_back_is_said(harness: ScriptedHarness) -> None:
    harness.script.steps = [says("half an ans", finish_reason="content_filter")]
    assert await harness.say("go") == [HELD_BACK]
    assert await harness.say("and now?") == ["ok"]


@pytest.mark.parametrize("blank", ["", "\n\n ", "\u200b\u2060", "\u3164", "<think>only thoughts</think>"])
async def test_an_answer_that_shows_nothing_is_asked_for_again(harness: ScriptedHarness, blank: str) -> None:
    harness.script.steps = [says(blank), "Tea."]
    assert await harness.say("go") == ["Tea."]
    assert SAY_IT in str(harness.script.seen[1])
    await harness.say("and?")
    assert SAY_IT not in str(harness.script.seen[-1])


async def test_only_thoughts_twice_are_one_honest_notice(harness: ScriptedHarness) -> None:
    harness.script.steps = [answers(ThinkingPart("hm")), answers(ThinkingPart("hm")), "Tea."]
    assert await harness.say("go") == [SILENT]
    assert await harness.say("and?") == ["Tea."]


async def test_thoughts_beside_words_reach_nobody(harness: ScriptedHarness) -> None:
    harness.script.steps = [answers(ThinkingPart("secret"), TextPart("more secret\n</think>\n\nTea."))]
    assert await harness.say("go") == ["Tea."]


async def test_a_refusal_because_of_content_is_said_and_the_chat_goes_on(harness: ScriptedHarness) -> None:
    harness.script.steps = [ContentFilterError("no") for _ in range(12)]
    [notice] = await harness.say("go")
    assert notice.startswith("⚠️") and "Error" not in notice
    harness.script.steps = []
    assert await harness.say("and now?") == ["ok"]


@pytest.fixture
def server() -> Iterator[OpenAIMock]:
    with OpenAIMock() as mock:
        yield mock


@pytest.mark.parametrize("trouble", [Breaks(), BreaksOff("half an ans")])
async def test_a_stream_that_breaks_in_its_middle_is_no_answer(
    tmp_path: Path, server: OpenAIMock, trouble: Breaks | BreaksOff
) -> None:
    model = OpenAIChatModel("mock", provider=OpenAIProvider(base_url=server.base_url, api_key="k"))

    class Streaming(ScriptedHarness):
        def make_loop(self) -> ModelLoop:
            return ModelLoop(model=model, tools=(), bounds=RunLimits(), stream=True)

    harness = Streaming(tmp_path)
    server.script = [trouble, Says("whole")]
    said = await harness.say("go")
    assert "half an ans" not in " ".join(said)
    await harness.later(60)
    assert harness.channel.delivered[-1].text.strip() == "whole"
    await harness.store.close()

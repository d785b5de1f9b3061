"""How an answer ended: cut short, held back, empty, broken off. Nobody gets half of one as a whole, or silence."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from pydantic_ai.exceptions import ContentFilterError
from pydantic_ai.messages import TextPart, ThinkingPart
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from tests.support.openai_mock import Breaks, BreaksOff, OpenAIMock, Says
from tests.support.scripted_model import ScriptedHouse, answers, calls, says

from cleo.agent import ModelLoop, RunLimits
from cleo.agent.model.endings import CUT_SHORT, GO_ON, HELD_BACK, SAY_IT, SILENT
from cleo.ports import Tool


async def jot(text: str) -> str:
    """Write something down."""
    return f"noted {text}"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[ScriptedHouse]:
    house = ScriptedHouse(tmp_path, [Tool(name="jot", function=jot)])
    yield house
    await house.store.close()


async def test_an_answer_that_was_cut_is_continued_and_is_one(house: ScriptedHouse) -> None:
    house.script.steps = [says("one two", finish_reason="length"), says(" three.", finish_reason="stop")]
    assert await house.say("count") == ["one two three."]
    assert GO_ON in str(house.script.seen[1])
    assert await house.say("and?") == ["ok"]
    newest = str(house.script.seen[-1])
    assert "one two three." in newest and GO_ON not in newest, "the nudge is not kept"


async def test_an_answer_that_is_cut_for_ever_is_marked(house: ScriptedHouse) -> None:
    house.script.steps = [says(f"{n} ", finish_reason="length") for n in range(5)]
    assert await house.say("count") == [f"0 1 2 {CUT_SHORT}"]
    assert len(house.script.seen) == 3


async def test_a_call_that_was_cut_is_told_to_the_model(house: ScriptedHouse) -> None:
    house.script.steps = [answers(calls("jot", '{"text": "half'), finish_reason="length"), "Shorter then."]
    assert await house.say("go") == ["Shorter then."]
    [result] = house.script.results()
    assert "was cut off" in str(result.content)


async def test_what_the_provider_holds_back_is_said(house: ScriptedHouse) -> None:
    house.script.steps = [says("half an ans", finish_reason="content_filter")]
    assert await house.say("go") == [HELD_BACK]
    assert await house.say("and now?") == ["ok"]


@pytest.mark.parametrize("blank", ["", "\n\n ", "\u200b\u2060", "\u3164", "<think>only thoughts</think>"])
async def test_an_answer_that_shows_nothing_is_asked_for_again(house: ScriptedHouse, blank: str) -> None:
    house.script.steps = [says(blank), "Tea."]
    assert await house.say("go") == ["Tea."]
    assert SAY_IT in str(house.script.seen[1])
    await house.say("and?")
    assert SAY_IT not in str(house.script.seen[-1])


async def test_only_thoughts_twice_are_one_honest_notice(house: ScriptedHouse) -> None:
    house.script.steps = [answers(ThinkingPart("hm")), answers(ThinkingPart("hm")), "Tea."]
    assert await house.say("go") == [SILENT]
    assert await house.say("and?") == ["Tea."]


async def test_thoughts_beside_words_reach_nobody(house: ScriptedHouse) -> None:
    house.script.steps = [answers(ThinkingPart("secret"), TextPart("more secret\n</think>\n\nTea."))]
    assert await house.say("go") == ["Tea."]


async def test_a_refusal_because_of_content_is_said_and_the_chat_goes_on(house: ScriptedHouse) -> None:
    house.script.steps = [ContentFilterError("no") for _ in range(12)]
    [notice] = await house.say("go")
    assert notice.startswith("⚠️") and "Error" not in notice
    house.script.steps = []
    assert await house.say("and now?") == ["ok"]


@pytest.fixture
def server() -> Iterator[OpenAIMock]:
    with OpenAIMock() as mock:
        yield mock


@pytest.mark.parametrize("trouble", [Breaks(), BreaksOff("half an ans")])
async def test_a_stream_that_breaks_in_its_middle_is_no_answer(
    tmp_path: Path, server: OpenAIMock, trouble: Breaks | BreaksOff
) -> None:
    model = OpenAIChatModel("mock", provider=OpenAIProvider(base_url=server.base_url, api_key="k"))

    class Streaming(ScriptedHouse):
        def make_loop(self) -> ModelLoop:
            return ModelLoop(model=model, tools=(), bounds=RunLimits(), stream=True)

    house = Streaming(tmp_path)
    server.script = [trouble, Says("whole")]
    said = await house.say("go")
    assert "half an ans" not in " ".join(said)
    await house.later(60)
    assert house.channel.delivered[-1].text.strip() == "whole"
    await house.store.close()

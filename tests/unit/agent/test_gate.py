"""Calls of tools under a kill: what was begun is not begun again, and what had ended is told as it was."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, FunctionModel
from tests.support.agent_harness import OWNER, AgentHarness

from cleo.agent import ModelLoop, RunLimits
from cleo.domain.confirmation import State
from cleo.domain.content import Reaction
from cleo.domain.errors import ToolError
from cleo.ports import Tool, ToolContext

effects: list[tuple[str, str]] = []
kills: list[str] = []


class Kill(BaseException):
    """The process ends here."""


async def wipe(ctx: ToolContext, name: str) -> str:
    """Wipe something; the process may end right after."""
    effects.append((ctx.key, name))
    if name in kills:
        kills.remove(name)
        raise Kill
    return f"wiped {name}"


async def mend(ctx: ToolContext, name: str) -> str:
    """Say that there is nothing to mend."""
    effects.append((ctx.key, name))
    raise ToolError(f"there is no {name}")


TOOLS = [
    Tool(name="wipe", function=wipe, requires_confirmation=True),
    Tool(name="again", function=wipe, requires_confirmation=True, repeatable=True),
    Tool(name="mend", function=mend, requires_confirmation=True),
    Tool(name="jot", function=wipe),
]


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AgentHarness]:
    effects.clear()
    kills.clear()
    harness = AgentHarness(tmp_path, TOOLS)
    yield harness
    await harness.store.close()


async def killed(harness: AgentHarness) -> None:
    """Work until the process ends, and start it anew."""
    with pytest.raises(Kill):
        await harness.settle()
    await harness.restart()


async def yes(harness: AgentHarness) -> None:
    await harness.hear(Reaction(emoji="👍", to=harness.question().id), OWNER)


async def state(harness: AgentHarness, ref: str) -> State:
    row = await harness.store.read(lambda tx: tx.confirmations.get(ref))
    assert row is not None
    return row.state


async def ledger(harness: AgentHarness, ref: str) -> str:
    known = await harness.store.write(lambda tx: tx.ledger.claim(f"confirmed:{ref}", "", 0.0))
    assert known is not None
    return known.state


@pytest.mark.parametrize("meanwhile", [False, True])
async def test_a_call_in_which_the_process_ended_is_asked_about_and_not_made_again(
    harness: AgentHarness, meanwhile: bool
) -> None:
    kills.append("disk")
    await harness.say('do wipe {"name": "disk"}')
    if meanwhile:
        await harness.say("what is the weather?")
    ref = harness.ref()
    await yes(harness)
    await killed(harness)
    assert effects == [(f"confirmed:{ref}", "disk")]
    assert (await state(harness, ref), await ledger(harness, ref)) == ("unknown", "unknown")
    assert f"⚠️ {ref}: I may already have done this. Do it again?" in harness.question().text
    assert any("outcome unknown. It was NOT repeated" in each.text for each in harness.channel.delivered)
    again = harness.ref()
    await yes(harness)
    await harness.settle()
    assert effects[1:] == [(f"confirmed:{again}", "disk")]
    assert await state(harness, again) == "succeeded"


async def test_a_call_that_may_be_repeated_is_made_again_with_its_key(harness: AgentHarness) -> None:
    kills.append("disk")
    await harness.say('do again {"name": "disk"}')
    ref = harness.ref()
    await yes(harness)
    await killed(harness)
    assert effects == [(f"confirmed:{ref}", "disk")] * 2
    assert harness.channel.delivered[-1].text == "wiped disk"
    assert (await state(harness, ref), await ledger(harness, ref)) == ("succeeded", "succeeded")


async def test_a_call_whose_result_was_not_told_yet_is_told_and_not_made_again(harness: AgentHarness) -> None:
    await harness.say('do wipe {"name": "disk"}')
    ref = harness.ref()
    await yes(harness)
    harness.model.fail = [Kill()]  # type: ignore[list-item]  # a kill is no Exception
    await killed(harness)
    assert effects == [(f"confirmed:{ref}", "disk")]
    assert harness.channel.delivered[-1].text == "wiped disk"
    assert (await state(harness, ref), await ledger(harness, ref)) == ("succeeded", "succeeded")


async def test_a_refusal_that_was_not_told_yet_is_told_and_not_tried_again(harness: AgentHarness) -> None:
    await harness.say('do mend {"name": "disk"}')
    ref = harness.ref()
    await yes(harness)
    harness.model.fail = [Kill()]  # type: ignore[list-item]  # a kill is no Exception
    await killed(harness)
    assert effects == [(f"confirmed:{ref}", "disk")]
    assert harness.channel.delivered[-1].text == "there is no disk"
    assert (await state(harness, ref), await ledger(harness, ref)) == ("failed", "failed")


async def test_each_call_has_a_key_of_its_own_although_models_number_anew_in_every_response(
    harness: AgentHarness,
) -> None:
    await harness.say('do jot {"name": "milk"}\ndo jot {"name": "eggs"}')
    await harness.say('do jot {"name": "milk"}')
    keys = [key.split(":") for key, _ in effects]
    assert [call for _, call in keys] == ["call_0", "call_1", "call_0"]
    assert keys[0][0] == keys[1][0] != keys[2][0]
    assert all(len(response) == 32 for response, _ in keys)


@pytest.mark.parametrize(("length", "kept"), [(64, True), (65, False)])
async def test_a_long_call_id_is_shortened_in_the_key(harness: AgentHarness, length: int, kept: bool) -> None:
    id = "x" * length

    def calls_once(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        if any(isinstance(part, ToolReturnPart) for part in messages[-1].parts):
            return ModelResponse(parts=[TextPart("done")])
        return ModelResponse(parts=[ToolCallPart("jot", {"name": "milk"}, id)])

    harness.worker.loop = ModelLoop(
        model=FunctionModel(calls_once), tools=harness.tools.values(), bounds=RunLimits()
    )
    assert await harness.say("go") == ["done"]
    [(key, _)] = effects
    call = key.partition(":")[2]
    assert (call == id, len(call)) == (kept, 64)

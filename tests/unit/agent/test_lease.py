"""Who holds a conversation: a worker that is done with it still does, until somebody else takes it over."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models.function import AgentInfo, FunctionModel
from tests.support.scripted_model import ScriptedHarness, says

from cleo.domain.conversation import ConversationId


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[ScriptedHarness]:
    harness = ScriptedHarness(tmp_path)
    await harness.say("hello")
    yield harness
    await harness.store.close()


def chat(harness: ScriptedHarness) -> ConversationId:
    return harness.channel.delivered[-1].to


async def epoch(harness: ScriptedHarness) -> int:
    return await harness.store.write(lambda tx: tx.workloads.look(chat(harness), 1).epoch)


async def test_it_is_taken_over_once(harness: ScriptedHarness) -> None:
    first = await epoch(harness)
    for _ in range(3):
        assert await harness.say("more") == ["ok"]
    assert await epoch(harness) == first


async def test_what_somebody_else_held_meanwhile_is_taken_over_again(harness: ScriptedHarness) -> None:
    theirs = await harness.store.write(lambda tx: tx.conversations.lease(chat(harness)))
    assert await harness.say("more") == ["ok"]
    assert await epoch(harness) == theirs + 1


async def test_after_a_crash_it_is_taken_over_again(harness: ScriptedHarness) -> None:
    """What crashed may have something under way."""
    before = await epoch(harness)
    harness.script.steps = [RuntimeError("a bug")]
    with pytest.raises(RuntimeError):
        await harness.say("more")
    await harness.settle()
    assert harness.channel.delivered[-1].text == "ok"
    assert await epoch(harness) == before + 1


async def test_of_two_calls_at_once_the_later_one_holds_it(tmp_path: Path) -> None:
    """A job whose process was paused is given to others, and that process may be among them."""
    gate, asked = asyncio.Event(), asyncio.Event()
    answered = 0

    async def slow_once(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        nonlocal answered
        if asked.is_set():
            answered += 1
            return says("second")
        asked.set()
        await gate.wait()
        return says("first")

    harness = ScriptedHarness(tmp_path, model=FunctionModel(slow_once))
    await harness.hear("hello")
    [here] = harness.engine.waiting
    paused = asyncio.create_task(harness.worker.work(here))
    await asked.wait()
    await harness.worker.work(here)
    gate.set()
    await paused
    assert answered == 1
    assert [message.text for message in harness.channel.delivered] == ["second"]
    assert await harness.say("more") == ["second"]
    await harness.store.close()

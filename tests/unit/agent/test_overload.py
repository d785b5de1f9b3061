"""More than Cleo can answer is not taken in: the bridge keeps it. Answers to questions still count."""

from pathlib import Path

import pytest
from tests.support.agent_harness import FRIEND, OWNER, AgentHarness
from tests.support.statements import executed

from cleo.agent import Receiver
from cleo.agent.backlog import Backlog
from cleo.domain.content import Reaction
from cleo.domain.conversation import ConversationId
from cleo.domain.errors import Overloaded
from cleo.ports import Tool, Transaction


async def press() -> str:
    """Press it."""
    return "pressed"


def crowded(root: Path) -> AgentHarness:
    harness = AgentHarness(root, [Tool(name="press", function=press, requires_confirmation=True)])
    harness.receiver = Receiver(
        store=harness.store,
        engine=harness.engine,
        clock=harness.clock,
        access=harness.access,
        queue=harness.queue,
        delivery=harness.delivery,
        most_waiting=2,
    )
    return harness


async def test_what_waits_beyond_the_bound_is_refused_and_taken_in_later(tmp_path: Path) -> None:
    harness = crowded(tmp_path)
    assert [await harness.hear(text, who) for text, who in (("one", OWNER), ("two", FRIEND))] == [
        "accepted"
    ] * 2
    for _ in range(2):
        with pytest.raises(Overloaded, match=r"2 messages wait.*CLEO_INBOX_MAX"):
            await harness.hear("three", OWNER)
        harness.count -= 1
    await harness.settle()
    assert await harness.hear("three", OWNER) == "accepted"
    await harness.settle()
    texts = [message.text for message in harness.channel.delivered]
    assert sorted(texts) == ["you said: one", "you said: three", "you said: two"]


async def test_a_yes_counts_however_many_messages_wait(tmp_path: Path) -> None:
    harness = crowded(tmp_path)
    await harness.say("do press {}")
    for text in ("one", "two"):
        await harness.hear(text, FRIEND)
    assert await harness.hear(Reaction(emoji="👍", to=harness.question().id)) == "accepted"
    assert await harness.hear(f"no {harness.ref()}") == "accepted"
    with pytest.raises(Overloaded):
        await harness.hear("three", FRIEND)


async def test_a_chat_in_which_nothing_waits_is_heard_however_busy_the_others_are(tmp_path: Path) -> None:
    harness = crowded(tmp_path)
    for text in ("one", "two"):
        await harness.hear(text, FRIEND)
    assert await harness.hear("three", OWNER) == "accepted"
    with pytest.raises(Overloaded):
        await harness.hear("four", OWNER)


async def test_the_backlog_is_counted_only_as_often_as_it_can_be_full(tmp_path: Path) -> None:
    harness = AgentHarness(tmp_path)
    backlog, counts = Backlog(80), 0

    def ask(tx: Transaction) -> bool:
        return backlog.is_full(tx, ConversationId("elsewhere"))

    with executed() as said:
        for number in range(80):
            await harness.hear(f"message {number}")
            assert not await harness.store.write(ask)
            counts = sum("count(" in each.text and "inbox" in each.text for each in said)
    assert counts < 80 / 4
    await harness.hear("one more")
    chat = (await harness.store.read(lambda tx: tx.workloads.due(1e10)))[0]
    assert await harness.store.write(lambda tx: backlog.is_full(tx, chat))
    assert not await harness.store.write(ask), "nothing else waits there"
    await harness.store.close()

"""What nobody woke is found, however much of it there is."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.agent_harness import OWNER, AgentHarness
from tests.support.statements import executed

from cleo.agent import sweep
from cleo.domain.content import MessageId, Text
from cleo.domain.conversation import AccountKey, Conversation, ConversationId, conversation_id
from cleo.domain.identity import Address, PersonId
from cleo.domain.message import Inbound
from cleo.ports import Reminder, Transaction


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AgentHarness]:
    harness = AgentHarness(tmp_path)
    yield harness
    await harness.store.close()


def chats(count: int) -> list[ConversationId]:
    return [
        conversation_id(AccountKey("whatsapp"), Address(f"phone:+49{number:04}")) for number in range(count)
    ]


def fill(tx: Transaction, here: list[ConversationId]) -> None:
    """Let a message wait in each chat."""
    for chat in here:
        address = Address(chat.split("/", 2)[2])
        message = Inbound(
            channel="whatsapp",
            chat=address,
            id=MessageId(chat),
            sender=address,
            content=Text(body="hello"),
            at=0,
        )
        tx.inbox.add(message, chat, PersonId(address), "new")


async def test_each_chat_is_woken_in_its_turn_when_more_wait_than_one_sweep_wakes(
    harness: AgentHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those in front may never get done: they must not keep the others from being woken."""
    monkeypatch.setattr(sweep, "_AT_ONCE", 4)
    here = chats(10)
    await harness.store.write(lambda tx: fill(tx, here))
    portions: list[list[ConversationId]] = []
    for _ in range(4):
        await harness.sweeper.sweep()
        portions.append(harness.engine.waiting)
        harness.engine.waiting = []
    assert portions == [here[:4], here[4:8], here[8:], here[:4]]


async def test_all_reminders_that_are_due_are_said_at_once(harness: AgentHarness) -> None:
    chat = conversation_id(AccountKey("whatsapp"), OWNER)
    harness.clock.advance(1000)

    def work(tx: Transaction) -> None:
        person = tx.people.resolve(frozenset({OWNER}), "", 1.0).id
        tx.conversations.open(Conversation(id=chat, channel="whatsapp", address=OWNER, person=person))
        for number in range(250):
            reminder = Reminder(
                id=str(number), conversation=chat, text=f"tea {number}", next_at=float(number)
            )
            tx.reminders.add(reminder)

    await harness.sweeper.sweep()  # what is over goes once an hour
    await harness.store.write(work)
    with executed() as said:
        await harness.sweeper.sweep()
    assert len(said) < 2 * 250 + 25
    await harness.settle()
    texts = [message.text for message in harness.channel.delivered]
    assert texts == [f"⏰ tea {number}" for number in range(250)]

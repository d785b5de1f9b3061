"""Part (e): the same turn on a small and on a large database."""

import statistics
import time
from pathlib import Path

from bench.line import numbers, opened
from bench.process import agent
from cleo.domain.content import MessageId, Text
from cleo.domain.conversation import Conversation, ConversationId
from cleo.domain.identity import Address, PersonId
from cleo.domain.message import Inbound, OutgoingMessage
from cleo.domain.run import RunId
from cleo.ports import Reminder, Transaction
from cleo.store import SystemClock, open_store

_A_CHAT = 10
"""Messages of a chat: what the model reads of it is the same on each database."""
_CHATS = 100
"""Chats that the turns are in."""
_REMINDERS = 1000
_AT_ONCE = 1000
_TURN = (
    b'[{"parts":[{"content":"hello there","part_kind":"user-prompt","timestamp":"2026-01-01T00:00:00Z"}],'
    b'"kind":"request"}]',
    b'[{"parts":[{"content":"hello","part_kind":"text"}],"kind":"response","timestamp":"2026-01-01T00:00:00Z"}]',
)


async def measure(folder: Path, stored: int, *, turns: int = 200) -> float:
    """Fill a database with `stored` messages, ten a chat, and tell the p50 of turns in 100 of them, in milliseconds.

    A thousand reminders wait for their time.
    """
    await fill(folder, stored)
    people = numbers(_CHATS)
    async with opened(agent, folder, _CHATS) as line:
        for person in people:
            await line.turn(person)
        times = [await line.turn(people[n % _CHATS], rest=0.05) for n in range(turns)]
    return statistics.median(times) * 1000


async def fill(folder: Path, stored: int) -> None:
    """Write finished messages, in and out, through the store itself."""
    data = folder / "cleo"
    data.mkdir(parents=True, exist_ok=True)
    store = open_store(f"sqlite:///{data / 'cleo.db'}", clock=SystemClock(data / "clock"))
    for first in range(0, stored, _AT_ONCE):
        await store.write(
            lambda tx, first=first: _some(tx, first, min(first + _AT_ONCE, stored), stored // _A_CHAT)
        )
    await store.write(_remind)
    await store.close()


def _remind(tx: Transaction) -> None:
    for number in range(_REMINDERS):
        chat = _chat(numbers(_CHATS)[number % _CHATS])
        due = time.time() + 3600 + number
        tx.reminders.add(Reminder(id=f"r{number}", conversation=chat, text="tea", next_at=due))


def _chat(number: str) -> ConversationId:
    return ConversationId(f"whatsapp/default/phone:+{number}")


def _some(tx: Transaction, first: int, last: int, chats: int) -> None:
    people = numbers(chats)
    for number in range(first, last):
        address = Address(f"phone:+{people[number % chats]}")
        chat = _chat(people[number % chats])
        if number < chats:
            person = tx.people.resolve(frozenset({address}), "", time.time())
            tx.conversations.open(
                Conversation(id=chat, channel="whatsapp", address=address, person=person.id)
            )
        message = Inbound(
            channel="whatsapp",
            chat=address,
            id=MessageId(f"OLD{number}"),
            sender=address,
            content=Text(body="hello there"),
            at=0,
        )
        tx.inbox.add(message, chat, PersonId(address), "taken")
        tx.outbox.add(
            OutgoingMessage(
                key=f"old:{number}",
                conversation=chat,
                content=Text(body="hello"),
                state="sent",
                purpose="reply",
            )
        )
        tx.transcript.append(chat, RunId(f"old{number}"), _TURN, after=number // chats * len(_TURN))

"""Says what is due: each reminder once, also when Cleo was off at its time."""

from dataclasses import dataclass

from cleo.agent.outbox.queue import OutboxQueue
from cleo.domain.content import Text
from cleo.domain.conversation import ConversationId
from cleo.ports import Repeats, Transaction

_AT_ONCE = 100
"""Reminders of one transaction: whatever else is written waits for it."""


@dataclass(frozen=True, slots=True)
class Reminded:
    """In which conversations something was said, and whether more may be due."""

    conversations: frozenset[ConversationId]
    more: bool


def fire(tx: Transaction, queue: OutboxQueue, repeats: Repeats, now: float) -> Reminded:
    """Queue a portion of the due reminders and move them on, in one transaction."""
    due = tx.reminders.due(now, _AT_ONCE)
    chats = {id: tx.conversations.get(id) for id in {reminder.conversation for reminder in due}}
    for reminder in due:
        key = f"reminder:{reminder.id}:{round(reminder.next_at * 1000)}"
        to = chats[reminder.conversation]
        parts = queue.render(to, Text(body=f"⏰ {reminder.text}"), markdown=False)
        queue.put_all(tx, to, parts, key=key, purpose="reminder")
        later = repeats.next(reminder.rule, reminder.zone, now) if reminder.rule else None
        tx.reminders.move(reminder.id, later)
    return Reminded(frozenset(chats), len(due) == _AT_ONCE)

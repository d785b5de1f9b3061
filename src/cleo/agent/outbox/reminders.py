"""Says what is due: each reminder once, also when Cleo was off at its time."""

from cleo.agent.outbox.queue import OutboxQueue
from cleo.domain.content import Text
from cleo.domain.conversation import ConversationId
from cleo.ports import Repeats, Transaction

_AT_ONCE = 50


def fire(tx: Transaction, queue: OutboxQueue, repeats: Repeats, now: float) -> set[ConversationId]:
    """Queue every due reminder and move it on, in one transaction; return the conversations."""
    due = tx.reminders.due(now, _AT_ONCE)
    for reminder in due:
        key = f"reminder:{reminder.id}:{round(reminder.next_at * 1000)}"
        to = tx.conversations.get(reminder.conversation)
        parts = queue.render(to, Text(body=f"⏰ {reminder.text}"), markdown=False)
        queue.put_all(tx, to, parts, key=key, purpose="reminder")
        later = repeats.next(reminder.rule, reminder.zone, now) if reminder.rule else None
        tx.reminders.move(reminder.id, later)
    return {reminder.conversation for reminder in due}

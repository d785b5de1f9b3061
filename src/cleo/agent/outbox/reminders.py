"""Says what is due: each reminder once, also when Cleo was off at its time."""

from cleo.domain.content import Text
from cleo.domain.conversation import ConversationId
from cleo.domain.message import OutboxItem
from cleo.ports import Repeats, Transaction

_AT_ONCE = 50


def fire(tx: Transaction, repeats: Repeats, now: float) -> set[ConversationId]:
    """Queue every due reminder and move it on, in one transaction; tells the conversations."""
    due = tx.reminders.due(now, _AT_ONCE)
    for reminder in due:
        key = f"reminder:{reminder.id}:{round(reminder.next_at * 1000)}"
        item = OutboxItem(
            key=key, conversation=reminder.conversation, content=Text(body=f"⏰ {reminder.text}")
        )
        tx.outbox.add(item)
        later = repeats.next(reminder.rule, reminder.zone, now) if reminder.rule else None
        tx.reminders.move(reminder.id, later)
    return {reminder.conversation for reminder in due}

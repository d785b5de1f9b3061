"""What must be said later."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import bindparam, select, update

from cleo.domain.conversation import ConversationId
from cleo.ports.store import Reminder
from cleo.store.dialect import insert_once
from cleo.store.schema import reminders
from cleo.store.session import Session

_FIELDS = tuple(field.name for field in fields(Reminder))

_STILL: Any = (
    select(*(reminders.c[name] for name in _FIELDS))
    .where(reminders.c.next_at.is_not(None))
    .order_by(reminders.c.next_at, reminders.c.id)
)
_OF = _STILL.where(reminders.c.conversation == bindparam("chat"))
_DUE = _STILL.where(reminders.c.next_at <= bindparam("now")).limit(bindparam("soonest"))
_MOVE = update(reminders).where(reminders.c.id == bindparam("it"))


class SqlReminders:
    """Implements `cleo.ports.Reminders`. Rows stay when they are over, so that no id comes back."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._add = insert_once(session, reminders)

    def add(self, reminder: Reminder) -> bool:
        """Keep it; False: the id was here before."""
        return self._session.run(self._add, asdict(reminder)) == 1

    def of(self, conversation: ConversationId) -> Sequence[Reminder]:
        """Those that are still due, soonest first."""
        return [_reminder(row) for row in self._session.rows(_OF, {"chat": conversation})]

    def due(self, now: float, limit: int) -> Sequence[Reminder]:
        """Those whose time has come, soonest first."""
        rows = self._session.rows(_DUE, {"now": now, "soonest": limit})
        return [_reminder(row) for row in rows]

    def move(self, id: str, next_at: float | None) -> None:
        """Set when it is due next; None: it is done, or was deleted."""
        self._session.run(_MOVE, {"it": id, "next_at": next_at})


def _reminder(row: Sequence[Any]) -> Reminder:
    return Reminder(**dict(zip(_FIELDS, row, strict=True)))

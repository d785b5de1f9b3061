"""What models cost."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import bindparam, insert, select

from cleo.domain.conversation import ConversationId
from cleo.domain.spending import Spending
from cleo.store.schema import spending
from cleo.store.session import Session

_FIELDS = tuple(field.name for field in fields(Spending))

_ADD = insert(spending)
_OF: Any = (
    select(*(spending.c[name] for name in _FIELDS))
    .where(spending.c.conversation == bindparam("chat"), spending.c.at >= bindparam("since"))
    .order_by(spending.c.seq)
)


class SqlSpendings:
    """Implements `cleo.ports.Spendings`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, spending: Spending) -> None:
        """Keep it."""
        self._session.run(_ADD, asdict(spending))

    def of(self, conversation: ConversationId, since: float) -> Sequence[Spending]:
        """What a conversation spent since then (Unix seconds), oldest first."""
        rows = self._session.rows(_OF, {"chat": conversation, "since": since})
        return [Spending(**dict(zip(_FIELDS, row, strict=True))) for row in rows]

"""What models cost."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from cleo.domain.conversation import ConversationId
from cleo.domain.spending import Spending
from cleo.store.schema import spending

_ADD = insert(spending)
_OF: Any = (
    select(*(column for column in spending.c if column.name != "seq"))
    .where(spending.c.conversation == bindparam("chat"), spending.c.at >= bindparam("since"))
    .order_by(spending.c.seq)
)


class SqlSpendings:
    """Implements `cleo.ports.Spendings`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, spending: Spending) -> None:
        """Keep it."""
        self._connection.execute(_ADD, asdict(spending))

    def of(self, conversation: ConversationId, since: float) -> Sequence[Spending]:
        """What a conversation spent since then (Unix seconds), oldest first."""
        rows = self._connection.execute(_OF, {"chat": conversation, "since": since}).mappings()
        return [Spending(**row) for row in rows]

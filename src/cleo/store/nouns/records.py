"""What tools keep."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from cleo.domain.conversation import ConversationId
from cleo.ports.store import Record
from cleo.store.dialect import insert_once
from cleo.store.schema import records

_OF: Any = (
    select(records.c.id, records.c.conversation, records.c.kind, records.c.name, records.c.body, records.c.at)
    .where(records.c.conversation == bindparam("chat"), records.c.kind == bindparam("sort"))
    .order_by(records.c.seq)
)
_NAMED = _OF.where(records.c.name == bindparam("called"))
_UPDATE = update(records).where(records.c.id == bindparam("it"))
_DELETE = delete(records).where(records.c.id == bindparam("it"))


class SqlRecords:
    """Implements `cleo.ports.Records`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._add = insert_once(connection, records)

    def add(self, record: Record) -> bool:
        """Keep it; False: the id was here before."""
        return self._connection.execute(self._add, asdict(record)).rowcount == 1

    def of(self, conversation: ConversationId, kind: str, name: str | None = None) -> Sequence[Record]:
        """Those of a kind (and name), oldest first."""
        statement = _OF if name is None else _NAMED
        where = {"chat": conversation, "sort": kind, "called": name}
        return [Record(**row) for row in self._connection.execute(statement, where).mappings()]

    def update(self, id: str, body: str) -> None:
        """Replace the body."""
        self._connection.execute(_UPDATE, {"it": id, "body": body})

    def delete(self, id: str) -> bool:
        """Remove it; False: it was not there."""
        return self._connection.execute(_DELETE, {"it": id}).rowcount == 1

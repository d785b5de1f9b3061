"""What tools keep."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import bindparam, delete, select, update

from cleo.domain.conversation import ConversationId
from cleo.ports.store import Record
from cleo.store.dialect import insert_once
from cleo.store.schema import records
from cleo.store.session import Session

_FIELDS = tuple(field.name for field in fields(Record))

_OF: Any = (
    select(*(records.c[name] for name in _FIELDS))
    .where(records.c.conversation == bindparam("chat"), records.c.kind == bindparam("sort"))
    .order_by(records.c.seq)
)
_NAMED = _OF.where(records.c.name == bindparam("called"))
_GET = select(*(records.c[name] for name in _FIELDS)).where(records.c.id == bindparam("it"))
_UPDATE = update(records).where(records.c.id == bindparam("it"))
_DELETE = delete(records).where(records.c.id == bindparam("it"))


class SqlRecords:
    """Implements `cleo.ports.Records`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._add = insert_once(session, records)

    def add(self, record: Record) -> bool:
        """Keep it; False: the id was here before."""
        return self._session.run(self._add, asdict(record)) == 1

    def of(self, conversation: ConversationId, kind: str, name: str | None = None) -> Sequence[Record]:
        """Those of a kind (and name), oldest first."""
        statement = _OF if name is None else _NAMED
        where = {"chat": conversation, "sort": kind, "called": name}
        return [
            Record(**dict(zip(_FIELDS, row, strict=True))) for row in self._session.rows(statement, where)
        ]

    def get(self, id: str) -> Record | None:
        """Return the one with this id, if it is there."""
        row = self._session.row(_GET, {"it": id})
        return None if row is None else Record(**dict(zip(_FIELDS, row, strict=True)))

    def update(self, id: str, body: str) -> None:
        """Replace the body."""
        self._session.run(_UPDATE, {"it": id, "body": body})

    def delete(self, id: str) -> bool:
        """Remove it; False: it was not there."""
        return self._session.run(_DELETE, {"it": id}) == 1

"""What was given up."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, bindparam, select

from cleo.ports.line import DeadLetter
from cleo.store.dialect import insert_once
from cleo.store.schema import dead_letters

_RECENT: Any = (
    select(
        dead_letters.c.kind,
        dead_letters.c.key,
        dead_letters.c.conversation,
        dead_letters.c.reason,
        dead_letters.c.at,
    )
    .order_by(dead_letters.c.seq.desc())
    .limit(bindparam("newest"))
)


class SqlDeadLetters:
    """Implements `cleo.ports.DeadLetters`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._add = insert_once(connection, dead_letters)

    def add(self, letter: DeadLetter) -> None:
        """Keep it; the same kind and key again changes nothing."""
        self._connection.execute(self._add, asdict(letter))

    def recent(self, limit: int) -> Sequence[DeadLetter]:
        """The newest, newest first."""
        return [DeadLetter(**row) for row in self._connection.execute(_RECENT, {"newest": limit}).mappings()]

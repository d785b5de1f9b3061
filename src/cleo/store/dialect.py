"""What SQLite and Postgres spell differently."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

T = TypeVar("T")

Insert = sqlite.Insert | postgresql.Insert


def insert_once(connection: Connection, table: Table[Any]) -> Insert:
    """Make an insert that does nothing when the row's key is taken: `rowcount` tells."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing()
    return postgresql.insert(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)


def portions(values: Iterable[T], size: int = 500) -> Iterator[list[T]]:
    """Cut what goes into an `IN (…)`: databases limit the number of parameters."""
    rest = iter(values)
    while portion := list(islice(rest, size)):
        yield portion

"""What SQLite and Postgres spell differently."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite

from cleo.store.session import Session

T = TypeVar("T")

Insert = sqlite.Insert | postgresql.Insert


def insert_once(session: Session, table: Table[Any]) -> Insert:
    """Make an insert that does nothing when the row's key is taken: the number of rows tells."""
    if session.is_sqlite:
        return sqlite.insert(table).on_conflict_do_nothing()
    return postgresql.insert(table).on_conflict_do_nothing()


def portions(values: Iterable[T], size: int = 500) -> Iterator[list[T]]:
    """Cut what goes into an `IN (…)`: databases limit the number of parameters."""
    rest = iter(values)
    while portion := list(islice(rest, size)):
        yield portion

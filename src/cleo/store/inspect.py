"""A look at a database that a Cleo may be using: nothing is made, migrated or written."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from cleo.domain.errors import StoreError
from cleo.store.db_errors import explain
from cleo.store.migrate import newer_schema, revision
from cleo.store.schema import HEAD, conversations, installation, is_owner, outbox, people
from cleo.store.sql import database_of
from cleo.store.sqlite import SqliteFile

_STATES = select(outbox.c.state, func.count()).group_by(outbox.c.state)
_INSTALLATION = select(installation.c.name, installation.c.text).where(installation.c.text != "")

_CLAIMED = select(func.count()).select_from(people).where(is_owner)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseOverview:
    """Outgoing messages by state, how many chats wrote lately, the facts that are set."""

    messages: Mapping[str, int]
    windows: int
    installation: Mapping[str, str]
    is_outdated: bool = False
    """The next start changes its tables first; nothing else was looked at."""
    claimed: int = 0
    """Owners by the claim code."""


def inspect_database(
    url: str, *, since: float, number_id: str | None, in_use: bool = True
) -> DatabaseOverview | None:
    """Return what is there; None: nothing yet. `windows` counts chats that wrote to `number_id` after `since`.

    Unless a Cleo has it `in_use`, a file is looked over as at a start.

    Raises `ConfigError` for a URL that names no database, and `StoreError` when it cannot be read.
    """
    database = database_of(url)
    if isinstance(database, SqliteFile):
        if not in_use:
            database.check()
        if not database.exists():
            return None
    try:
        with database.onlooker().connect() as connection:
            return _see(connection, since, number_id)
    except SQLAlchemyError as error:
        what = "The database" if isinstance(database, SqliteFile) else "The database of DATABASE_URL"
        raise StoreError(f"{what} cannot be used. {explain(error)}") from error


def _see(connection: Connection, since: float, number_id: str | None) -> DatabaseOverview | None:
    found = revision(connection)
    if found is None:
        return None
    if found > HEAD:
        raise newer_schema(found)
    if found < HEAD:
        return DatabaseOverview(messages={}, windows=0, installation={}, is_outdated=True)
    recent = conversations.c.last_inbound_at > since, conversations.c.last_inbound_number == number_id
    windows = select(func.count()).select_from(conversations).where(*recent)
    return DatabaseOverview(
        messages={row[0]: row[1] for row in connection.execute(_STATES)},
        windows=connection.scalar(windows) or 0,
        installation={row[0]: row[1] for row in connection.execute(_INSTALLATION)},
        claimed=connection.scalar(_CLAIMED) or 0,
    )

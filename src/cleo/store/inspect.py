"""A look at a database that a Cleo may be using: nothing is made, migrated or written."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from cleo.domain.errors import StoreError
from cleo.store.db_errors import explain
from cleo.store.migrate import revision
from cleo.store.schema import HEAD, conversations, installation, outbox
from cleo.store.sql import database_of
from cleo.store.sqlite import SqliteFile

_STATES = select(outbox.c.state, func.count()).group_by(outbox.c.state)
_INSTALLATION = select(installation.c.name, installation.c.text).where(installation.c.text != "")


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseOverview:
    """Outgoing messages by state, how many chats wrote lately, the facts that are set."""

    messages: Mapping[str, int]
    windows: int
    installation: Mapping[str, str]


def inspect_database(url: str, *, since: float, number_id: str | None) -> DatabaseOverview | None:
    """Return what is there; None: nothing yet. `windows` counts chats that wrote to `number_id` after `since`.

    Raises `ConfigError` for a URL that names no database, and `StoreError` when it cannot be read.
    """
    database = database_of(url)
    if isinstance(database, SqliteFile) and not database.exists():
        return None
    try:
        with database.onlooker().connect() as connection:
            return _see(connection, since, number_id)
    except SQLAlchemyError as error:
        raise StoreError(f"The database cannot be looked at. {explain(error)}") from error


def _see(connection: Connection, since: float, number_id: str | None) -> DatabaseOverview | None:
    found = revision(connection)
    if found is None:
        return None
    if found != HEAD:
        raise StoreError(
            f"The database is of another version of Cleo (its schema is {found}, this one knows {HEAD}). An older "
            "one is brought up to date by the next start: cleo up"
        )
    recent = conversations.c.last_inbound_at > since, conversations.c.last_inbound_number == number_id
    windows = select(func.count()).select_from(conversations).where(*recent)
    return DatabaseOverview(
        messages={row[0]: row[1] for row in connection.execute(_STATES)},
        windows=connection.scalar(windows) or 0,
        installation={row[0]: row[1] for row in connection.execute(_INSTALLATION)},
    )

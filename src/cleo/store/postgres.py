"""A Postgres server behind a store: its connections, its schema, and which trouble is worth another try.

Transactions are REPEATABLE READ. When two of them change the same row, Postgres undoes one, and it is repeated on
what the other left: the outcome is the one of SQLite's single writer. Who works on a conversation holds its row
locked (`conversations.guard`), so that nothing of it is read and then changed by two at a time.
"""

import random

from sqlalchemy import URL, Connection, Engine, create_engine, func, inspect, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from cleo.domain.errors import ConfigError, StoreError
from cleo.store.db_errors import explain, is_conflict, is_lost
from cleo.store.migrate import create, migrate, revision
from cleo.store.schema import metadata

KINDS = frozenset({"postgresql", "postgres"})
"""How a URL may begin."""

_SETUP_LOCK = 0x436C656F
"""Spells "Cleo": held while the schema is made or migrated, so that of many starts only one does it."""

_DEFAULTS = {"application_name": "cleo", "connect_timeout": "5"}
_NETWORK = {
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "8000",
}
"""Notices within ten seconds that the server's machine is gone."""

_SESSION = {
    "synchronous_commit": "on",  # what is committed is on disk, whatever the server's default
    "idle_in_transaction_session_timeout": "2500",  # a process that was paused must not hold rows for long
    "lock_timeout": "5000",
    "statement_timeout": "20000",
}

_CONFLICTS = 12
"""Times that a transaction is repeated because of others, before it is refused."""


class PostgresServer:
    """The database behind a store, and connections to it."""

    def __init__(self, url: URL) -> None:
        """Raises `ConfigError` when the driver is not installed."""
        self._url = url
        self._engine = _engine(url)

    def open(self) -> Connection:
        """Make or migrate the schema; gives the connection that writes.

        Raises `StoreError` when the server cannot be reached or the database is not Cleo's to use.
        """
        try:
            with self._engine.execution_options(isolation_level="READ COMMITTED").begin() as connection:
                self._prepare(connection)
            self._connection = self._engine.connect()
        except SQLAlchemyError as error:
            raise StoreError(f"The database of DATABASE_URL cannot be used. {explain(error)}") from error
        return self._connection

    def reader(self) -> Engine:
        """Connections that cannot write."""
        return _engine(self._url, readonly=True)

    def onlooker(self) -> Engine:
        """Connections that cannot write, beside whoever uses it."""
        return self.reader()

    def close(self) -> None:
        """Let go; after everybody else did."""
        self._connection.close()
        self._engine.dispose()

    def _prepare(self, connection: Connection) -> None:
        encoding = connection.scalar(text("SHOW server_encoding"))
        if encoding != "UTF8":
            raise StoreError(
                f"The database of DATABASE_URL keeps texts as {encoding}, which cannot hold what people write. "
                "Make it anew: createdb --encoding=UTF8 --template=template0 cleo"
            )
        connection.execute(select(func.pg_advisory_xact_lock(_SETUP_LOCK)))
        if revision(connection) is None and not metadata.tables.keys() & _tables(connection):
            create(connection)
        else:
            migrate(connection)


def another_try(error: SQLAlchemyError, count: int) -> float | None:
    """Tell after how many seconds a transaction that failed for the `count`-th time is repeated; None: never.

    Nothing of it may be committed. A lost connection gets one more try on a new one; trouble of the disk gets none.
    """
    if is_conflict(error) and count <= _CONFLICTS:
        return random.uniform(0, 0.002 * 2 ** min(count, 8))
    if is_lost(error) and count == 1:
        return 0.1
    return None


def _tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


def _engine(url: URL, *, readonly: bool = False) -> Engine:
    given = {**_DEFAULTS, **_NETWORK, **{name: str(value) for name, value in url.query.items()}}
    settings = " ".join(f"-c {name}={value}" for name, value in _SESSION.items())
    given["options"] = f"{settings} {given.get('options', '')}".strip()
    try:
        return create_engine(
            url.set(drivername="postgresql+psycopg", query={}),
            poolclass=NullPool,
            hide_parameters=True,  # error texts end up in logs; parameters are people's messages
            isolation_level="REPEATABLE READ",
            execution_options={"postgresql_readonly": readonly},
            connect_args=given,
        )
    except ModuleNotFoundError as error:
        raise ConfigError(
            "DATABASE_URL names a Postgres database, and what it needs is not installed. "
            "For example: pip install 'cleo[postgres]'"
        ) from error

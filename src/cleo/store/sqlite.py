"""One SQLite file: made whole or not at all, looked over before use, flushed at every commit."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from cleo.domain.errors import StoreError
from cleo.store.db_errors import damaged, explain
from cleo.store.files import flush
from cleo.store.lock import refuse_unusable
from cleo.store.migrate import create, migrate

_MAGIC = b"SQLite format 3\0"
_APPLICATION_ID = 0x436C656F
"""Spells "Cleo" in the header, where SQLite keeps the kind of a database."""
_CHECKS = ((32 * 2**20, "integrity_check"), (256 * 2**20, "quick_check"))
"""What is looked at on each start, by size in bytes: at most a quarter of a second's worth."""
_BUSY = 5.0
"""Seconds to wait for another program's lock."""

_NOTE = """\
Cleo makes this file while it has the database open, and removes it when it stops in order.
If it is here without the file that ends in -wal, saved changes are missing, and Cleo does not start.
Did another program tidy up after a crash, so that nothing is missing? Then delete this file.
"""


class SqliteFile:
    """The file behind a store, and connections to it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = path.with_name(path.name + "-wal")
        self._note = path.with_name(path.name + "-open")
        self._engine = _engine(path, begin="BEGIN IMMEDIATE")

    def exists(self) -> bool:
        """Whether there is a file at all."""
        return self._path.exists()

    def check(self) -> None:
        """Look whether it could be opened or made, while nobody uses it; raises `StoreError` as `open` does."""
        try:
            if self._path.exists():
                self._check()
            else:
                refuse_unusable(self._path.parent)
        except OSError as error:
            raise self._unusable(error) from error

    def open(self) -> Connection:
        """Make the database, or check and migrate the one that is there; gives the connection that writes.

        Raises `StoreError` on anything but a whole database of Cleo, and then leaves all as it was.
        """
        try:
            if self._path.exists():
                self._check()
            else:
                self._make()
            self._connection = self._engine.connect()
            self._begin_using()
        except OSError as error:
            raise self._unusable(error) from error
        except SQLAlchemyError as error:
            raise explain(error) from error
        return self._connection

    def reader(self) -> Engine:
        """Connections that cannot write."""
        return _engine(self._path, begin="BEGIN", pragma="query_only = ON")

    def onlooker(self) -> Engine:
        """Connections beside a Cleo that runs, or after one that was killed: all files stay as they are."""
        stopped = {} if self._log.exists() else {"immutable": "1"}  # without it, a log would be made
        query = {"mode": "ro", "uri": "true", **stopped}
        url = URL.create("sqlite", database=self._path.absolute().as_uri(), query=query)
        return _engine(url, begin="BEGIN", pragma="query_only = ON")

    def close(self) -> None:
        """Let go, in order; after everybody else did."""
        self._note.unlink(missing_ok=True)
        self._connection.close()

    def _unusable(self, error: OSError) -> StoreError:
        return StoreError(
            f"The database {self._path} cannot be opened: {error.strerror}. Check that its directory belongs to "
            "the user who runs Cleo and that the disk has space (CLEO_DATA, DATABASE_URL)."
        )

    def _make(self) -> None:
        """Build it under another name, so that no crash leaves half a database."""
        if self._log.exists() and self._log.stat().st_size:
            raise damaged(
                self._path, f"{self._path} is gone, but its write-ahead log {self._log.name} is there"
            )
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._path.with_name(self._path.name + "-new")
        for leftover in draft.parent.glob(f"{draft.name}*"):
            leftover.unlink()
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with closing(sqlite3.connect(draft)) as raw:
            raw.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            raw.execute("PRAGMA journal_mode = WAL")
        with _engine(draft, begin="BEGIN IMMEDIATE").begin() as connection:
            create(connection)
        flush(draft)
        draft.rename(self._path)
        flush(self._path.parent)

    def _check(self) -> None:
        path = self._path
        for file in path, self._log:
            if file.exists() and file.stat().st_mode & 0o077:
                file.chmod(0o600)
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                raise damaged(path, f"{path} is empty, overwritten, or no SQLite database")
        if self._note.exists() and not self._log.exists():
            raise damaged(
                path,
                f"Cleo was killed, and the write-ahead log {self._log.name} with the latest changes is gone "
                f"({self._note.name} tells more)",
            )
        try:
            self._look_over()
        except (sqlite3.Error, UnicodeDecodeError) as error:  # the latter while it words the former
            raise damaged(path, f"{path} cannot be read ({error})") from error

    def _look_over(self) -> None:
        """Read it without a way to write: even the log stays as it is."""
        address = f"{self._path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=_BUSY)) as raw:
            (kind,) = raw.execute("PRAGMA application_id").fetchone()
            if kind != _APPLICATION_ID:
                raise damaged(self._path, f"{self._path} is the database of another program")
            size = self._path.stat().st_size
            for check in [check for limit, check in _CHECKS if size <= limit][:1]:
                (finding,) = raw.execute(f"PRAGMA {check}(1)").fetchone()
                if finding != "ok":
                    raise damaged(self._path, f"{self._path} is damaged ({finding})")

    def _begin_using(self) -> None:
        try:
            with self._connection.begin():
                migrate(self._connection)
            if not self._note.exists():
                self._note.touch(mode=0o600)
                self._note.write_text(_NOTE)
        except BaseException:
            self.close()
            raise


def _engine(file: Path | URL, *, begin: str, pragma: str = "foreign_keys = ON") -> Engine:
    engine = create_engine(
        file if isinstance(file, URL) else URL.create("sqlite", database=str(file)),
        poolclass=NullPool,
        paramstyle="named",
        hide_parameters=True,  # error texts end up in logs; parameters are people's messages
        connect_args={"timeout": _BUSY, "check_same_thread": False, "cached_statements": 256},
    )

    def connected(raw: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        raw.isolation_level = None  # transactions begin where we say, not at the first change
        cursor = raw.cursor()
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def began(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", began)
    return engine

"""The store: all nouns over one database."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlalchemy import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError

from cleo.domain.errors import ConfigError
from cleo.ports.clock import Clock
from cleo.ports.store import Transaction
from cleo.store.nouns.access import SqlAccessBook
from cleo.store.nouns.confirmations import SqlConfirmationLookup, SqlConfirmations
from cleo.store.nouns.conversations import SqlConversations
from cleo.store.nouns.dead_letters import SqlDeadLetters
from cleo.store.nouns.inbox import SqlInbox, SqlInboxLookup
from cleo.store.nouns.installation import SqlInstallation
from cleo.store.nouns.outbox import SqlOutbox, SqlOutboxLookup
from cleo.store.nouns.people import SqlPeople, SqlSenders
from cleo.store.nouns.records import SqlRecords
from cleo.store.nouns.reminders import SqlReminders
from cleo.store.nouns.retention import SqlRetention
from cleo.store.nouns.run.ledger import SqlLedger
from cleo.store.nouns.run.run_spans import SqlRunSpans
from cleo.store.nouns.run.runs import SqlRuns
from cleo.store.nouns.run.spending import SqlSpendings
from cleo.store.nouns.run.workloads import SqlWorkloads
from cleo.store.nouns.transcript import SqlTranscript
from cleo.store.nouns.unanswered import SqlUnanswered
from cleo.store.nouns.webhook_events import SqlWebhookEvents
from cleo.store.postgres import KINDS, PostgresServer, another_try
from cleo.store.session import Session
from cleo.store.sqlite import SqliteFile
from cleo.store.writer import Readers, Writer, no_patience

T = TypeVar("T")

_EXAMPLE = (
    "Set DATABASE_URL to a file, such as sqlite:////var/lib/cleo/cleo.db, or to a Postgres database, such as "
    "postgresql://cleo:password@localhost/cleo, or leave it out."
)


class SqlStore:
    """Implements `cleo.ports.Store`. Get one from `open_store`."""

    def __init__(self, writer: Writer, readers: Readers, release: Callable[[], None]) -> None:
        self._writer = writer
        self._readers = readers
        self._release = release

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in one transaction: all of it is on disk when this returns, or nothing is."""
        return await asyncio.wrap_future(self._writer.submit(work))

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` on a consistent view; it must not write."""
        return await asyncio.wrap_future(self._readers.submit(work))

    async def close(self) -> None:
        """Finish what runs and let go of the database."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._readers.close()
        self._writer.close()
        self._release()


def open_store(url: str, *, clock: Clock) -> SqlStore:
    """Open the database of a URL such as `sqlite:////var/lib/cleo/cleo.db`; make or migrate it first.

    Raises `ConfigError` for a URL that names none, and `StoreError` when the database cannot be used: it is
    damaged, from a newer Cleo, of another program, or cannot be written. A file that is there is never replaced.
    """
    database = database_of(url)
    patience = another_try if isinstance(database, PostgresServer) else no_patience
    make = partial(nouns, clock=clock)
    writer = Writer(database.open(), make, patience)
    return SqlStore(writer, Readers(database.reader(), make, patience), database.close)


def database_of(url: str) -> SqliteFile | PostgresServer:
    """Find what a URL names; raises `ConfigError`. Nothing is opened yet."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigError(f"DATABASE_URL is no database URL. {_EXAMPLE}") from error
    kind = parsed.get_backend_name()
    if kind in KINDS:
        return PostgresServer(parsed)
    if kind != "sqlite":
        raise ConfigError(f"DATABASE_URL names {kind}, which Cleo does not speak. {_EXAMPLE}")
    return SqliteFile(_path(parsed))


def _path(url: URL) -> Path:
    if not url.database or url.database == ":memory:":
        raise ConfigError(
            f"DATABASE_URL names no file, so that everything would be lost at the end. {_EXAMPLE}"
        )
    return Path(url.database)


def nouns(connection: Connection, clock: Clock) -> Transaction:
    """Bundle all nouns on one connection."""
    session = Session(connection)
    transcript = SqlTranscript(session)
    return Transaction(
        inbox=SqlInbox(session, clock),
        inbox_lookup=SqlInboxLookup(session),
        unanswered=SqlUnanswered(session),
        retention=SqlRetention(session),
        webhook_events=SqlWebhookEvents(session, clock),
        outbox=SqlOutbox(session, clock),
        outbox_lookup=SqlOutboxLookup(session),
        conversations=SqlConversations(session),
        workloads=SqlWorkloads(session),
        transcript=transcript,
        transcript_rows=transcript,
        runs=SqlRuns(session, clock),
        run_spans=SqlRunSpans(session),
        ledger=SqlLedger(session),
        confirmations=SqlConfirmations(session),
        confirmation_lookup=SqlConfirmationLookup(session),
        spendings=SqlSpendings(session),
        people=SqlPeople(session),
        senders=SqlSenders(session),
        reminders=SqlReminders(session),
        records=SqlRecords(session),
        dead_letters=SqlDeadLetters(session),
        installation=SqlInstallation(session),
        access=SqlAccessBook(session),
    )

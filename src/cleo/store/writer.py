"""The threads that own connections: a writer, which commits for everybody, and readers, which never wait for it."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import count
from queue import Empty, SimpleQueue
from threading import Lock, Thread, local
from time import sleep
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from cleo.domain.errors import StoreError
from cleo.ports.store import Transaction
from cleo.store.db_errors import explain, is_conflict

T = TypeVar("T")

Nouns = Callable[[Connection], Transaction]
"""Makes the bundle of nouns that works on a connection; once for each connection."""

Patience = Callable[[SQLAlchemyError, int], float | None]
"""Tells after how many seconds a transaction that failed for the n-th time is repeated; None: it failed for good."""


def no_patience(error: SQLAlchemyError, count: int) -> float | None:
    """Repeat nothing."""
    return None


_TOGETHER = 64


@dataclass(frozen=True, slots=True)
class _Job(Generic[T]):
    """A transaction that waits for its turn."""

    work: Callable[[Transaction], T]
    future: Future[T]

    def alone(self, transaction: Transaction) -> Callable[[], None]:
        """Run it as the only one of its transaction, which is undone as a whole when this raises."""
        return partial(self.future.set_result, self.work(transaction))

    def attempt(self, connection: Connection, transaction: Transaction) -> Callable[[], None]:
        """Run it, undone if it fails; gives what tells the outcome once it is committed.

        Raises when the neighbours are undone as well: after some errors, such as a full disk, SQLite rolls the
        whole transaction back by itself, and there is no savepoint left to return to. A conflict with another
        process on Postgres is one, too: what all of them have read is no longer so.
        """
        connection.exec_driver_sql("SAVEPOINT job")
        try:
            value = self.work(transaction)
        except BaseException as error:
            if isinstance(error, SQLAlchemyError) and is_conflict(error):
                raise
            try:
                connection.exec_driver_sql("ROLLBACK TO SAVEPOINT job")
            except SQLAlchemyError as undone:
                raise (error if isinstance(error, SQLAlchemyError) else undone) from None
            reason = explain(error) if isinstance(error, SQLAlchemyError) else error
            return partial(self.future.set_exception, reason)
        connection.exec_driver_sql("RELEASE SAVEPOINT job")
        return partial(self.future.set_result, value)


class Writer:
    """One thread that runs every write, in the order of the calls.

    What arrives while a commit waits for the disk shares the next commit, each under its own savepoint: a burst
    costs few disk flushes, and a locked database keeps everybody waiting once, not one after the other.

    With `patience`, what failed before its commit is repeated as a whole. A commit itself never is: when it fails,
    nobody knows what came of it.
    """

    def __init__(self, connection: Connection, nouns: Nouns, patience: Patience = no_patience) -> None:
        self._queue: SimpleQueue[_Job[Any] | None] = SimpleQueue()
        self._gate = Lock()
        self._closed = False
        self._connection = connection
        self._transaction = nouns(connection)
        self._patience = patience
        self._thread = Thread(target=self._serve, name="cleo-store-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Transaction], T]) -> Future[T]:
        """Queue a transaction; the future is done when it is on disk, or was undone."""
        future: Future[T] = Future()
        with self._gate:
            _refuse_if(self._closed)
            self._queue.put(_Job(work, future))
        return future

    def close(self) -> None:
        """Finish what is queued and stop."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    def _serve(self) -> None:
        while jobs := self._take():
            self._commit([job for job in jobs if job.future.set_running_or_notify_cancel()])

    def _take(self) -> list[_Job[Any]]:
        """Wait for work; an empty list means the end."""
        jobs: list[_Job[Any]] = []
        job = self._queue.get()
        while job is not None:
            jobs.append(job)
            if len(jobs) == _TOGETHER:
                return jobs
            try:
                job = self._queue.get_nowait()
            except Empty:
                return jobs
        if jobs:
            self._queue.put(None)
        return jobs

    def _commit(self, jobs: list[_Job[Any]]) -> None:
        try:
            settle = self._together(jobs)
        except BaseException as error:
            self._recover()
            reason = explain(error) if isinstance(error, SQLAlchemyError) else error
            settle = [partial(job.future.set_exception, reason) for job in jobs]
        for tell in settle:
            tell()

    def _together(self, jobs: list[_Job[Any]]) -> list[Callable[[], None]]:
        for failure in count(1):
            try:
                whole = self._connection.begin()
                settle = self._attempt(jobs)
            except SQLAlchemyError as error:
                pause = self._patience(error, failure)
                if pause is None:
                    raise
                self._recover()
                sleep(pause)
            else:
                whole.commit()
                return settle
        raise AssertionError("unreachable: there is always a next number")

    def _attempt(self, jobs: list[_Job[Any]]) -> list[Callable[[], None]]:
        """Run them, each under a savepoint, unless there is nobody whom a failure could hurt."""
        if len(jobs) == 1:
            return [jobs[0].alone(self._transaction)]
        return [job.attempt(self._connection, self._transaction) for job in jobs]

    def _recover(self) -> None:
        """Undo everything, on a new connection if not even that works."""
        with suppress(SQLAlchemyError):
            self._connection.rollback()
        if self._connection.in_transaction():
            self._connection.invalidate()
            self._connection.rollback()


class Readers:
    """A few threads, each with a connection that cannot write and sees one state of everything at a time."""

    def __init__(
        self, engine: Engine, nouns: Nouns, patience: Patience = no_patience, threads: int = 4
    ) -> None:
        self._engine = engine
        self._nouns = nouns
        self._patience = patience
        self._mine = local()
        self._connections: list[Connection] = []
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="cleo-store-reader")
        self._closed = False

    def submit(self, work: Callable[[Transaction], T]) -> Future[T]:
        """Queue a read."""
        _refuse_if(self._closed)
        return self._pool.submit(self._read, work)

    def close(self) -> None:
        """Finish what is queued and stop."""
        self._closed = True
        self._pool.shutdown()
        for connection in self._connections:
            connection.close()
        self._connections.clear()

    def _read(self, work: Callable[[Transaction], T]) -> T:
        for failure in count(1):
            try:
                connection, transaction = self._opened()
                with connection.begin():
                    return work(transaction)
            except SQLAlchemyError as error:
                pause = self._patience(error, failure)
                if pause is None:
                    raise explain(error) from None
                sleep(pause)
        raise AssertionError("unreachable: there is always a next number")

    def _opened(self) -> tuple[Connection, Transaction]:
        opened: tuple[Connection, Transaction] | None = getattr(self._mine, "opened", None)
        if opened is None:
            connection = self._engine.connect()
            self._connections.append(connection)
            opened = self._mine.opened = (connection, self._nouns(connection))
        return opened


def _refuse_if(closed: bool) -> None:
    if closed:
        raise StoreError("The database is closed: Cleo is shutting down.")

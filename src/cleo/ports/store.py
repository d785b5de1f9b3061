"""Where the truth is: transactions over all nouns, and files."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from cleo.domain.content import FileId
from cleo.ports.line import (
    Confirmations,
    Conversations,
    DeadLetters,
    History,
    Inbox,
    Items,
    Ledger,
    Outbox,
    Runs,
)
from cleo.ports.memory import Marks, People, Records, Reminders

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """All nouns under one commit."""

    inbox: Inbox
    items: Items
    outbox: Outbox
    conversations: Conversations
    history: History
    runs: Runs
    ledger: Ledger
    confirmations: Confirmations
    people: People
    reminders: Reminders
    records: Records
    dead_letters: DeadLetters
    marks: Marks


class Store(Protocol):
    """The one truth. Raises `StoreError` when the disk or the database says no."""

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in one transaction: all of it is on disk when this returns, or nothing is."""
        ...

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` on a consistent view; it must not write."""
        ...

    async def close(self) -> None:
        """Finish what runs and let go of the database."""
        ...


class Files(Protocol):
    """Bytes of files, by the hash of their content."""

    async def keep(self, chunks: AsyncIterator[bytes], limit: int) -> FileId:
        """Store a file of at most `limit` bytes; raises `FetchError` when it is larger."""
        ...

    def path(self, file: FileId) -> Path:
        """Where it lies; raises `KeyError`."""
        ...

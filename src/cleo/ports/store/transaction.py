"""Where the truth is: transactions over all nouns."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from cleo.ports.store.confirmations import ConfirmationLookup, Confirmations
from cleo.ports.store.conversations import Conversations, Workloads
from cleo.ports.store.dead_letters import DeadLetters
from cleo.ports.store.inbox import Inbox, InboxLookup, Retention, Unanswered
from cleo.ports.store.installation import Installation
from cleo.ports.store.ledger import Ledger
from cleo.ports.store.outbox import Outbox, OutboxLookup
from cleo.ports.store.people import AccessBook, People, Senders
from cleo.ports.store.records import Records
from cleo.ports.store.reminders import Reminders
from cleo.ports.store.runs import Runs, RunSpans
from cleo.ports.store.spending import Spendings
from cleo.ports.store.transcript import Transcript, TranscriptRows
from cleo.ports.store.webhook_events import WebhookEvents

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """All nouns under one commit."""

    inbox: Inbox
    inbox_lookup: InboxLookup
    unanswered: Unanswered
    retention: Retention
    webhook_events: WebhookEvents
    outbox: Outbox
    outbox_lookup: OutboxLookup
    conversations: Conversations
    workloads: Workloads
    transcript: Transcript
    transcript_rows: TranscriptRows
    runs: Runs
    run_spans: RunSpans
    spendings: Spendings
    ledger: Ledger
    confirmations: Confirmations
    confirmation_lookup: ConfirmationLookup
    people: People
    senders: Senders
    reminders: Reminders
    records: Records
    dead_letters: DeadLetters
    installation: Installation
    access: AccessBook


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

"""The store: transactions over all nouns, one file a noun."""

from cleo.ports.store.confirmations import ConfirmationLookup, Confirmations
from cleo.ports.store.conversations import Conversations, Workload, Workloads
from cleo.ports.store.dead_letters import DeadLetter, DeadLetters
from cleo.ports.store.inbox import Inbox, InboxLookup, Quota, Retention, Unanswered
from cleo.ports.store.installation import Installation
from cleo.ports.store.ledger import Ledger, LedgerEntry
from cleo.ports.store.outbox import Outbox, OutboxLookup
from cleo.ports.store.people import AccessBook, KnownSender, People, Senders, UnknownPerson
from cleo.ports.store.records import LONG_TEXT, Record, Records
from cleo.ports.store.reminders import Reminder, Reminders, Repeats
from cleo.ports.store.runs import Runs, RunSpan, RunSpans
from cleo.ports.store.spending import Spendings
from cleo.ports.store.transaction import Store, Transaction
from cleo.ports.store.transcript import Parked, Transcript, TranscriptRows
from cleo.ports.store.webhook_events import WebhookEvents

__all__ = [
    "LONG_TEXT",
    "AccessBook",
    "ConfirmationLookup",
    "Confirmations",
    "Conversations",
    "DeadLetter",
    "DeadLetters",
    "Inbox",
    "InboxLookup",
    "Installation",
    "KnownSender",
    "Ledger",
    "LedgerEntry",
    "Outbox",
    "OutboxLookup",
    "Parked",
    "People",
    "Quota",
    "Record",
    "Records",
    "Reminder",
    "Reminders",
    "Repeats",
    "Retention",
    "RunSpan",
    "RunSpans",
    "Runs",
    "Senders",
    "Spendings",
    "Store",
    "Transaction",
    "Transcript",
    "TranscriptRows",
    "Unanswered",
    "UnknownPerson",
    "WebhookEvents",
    "Workload",
    "Workloads",
]

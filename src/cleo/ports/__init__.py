"""What a room may ask of the others. Each port has at most five methods.

`Store` opens transactions; a `Transaction` is a bundle of small ports, one a noun. All methods of a transaction
are synchronous: a whole transaction is one function, run off the event loop, and commits when it returns.
"""

from cleo.ports.capabilities import Capabilities, ChoiceLimits, FileLimit, TypingIndicator
from cleo.ports.channel import (
    Channel,
    Degraded,
    Held,
    IntakeStatus,
    MarksRead,
    Outcome,
    Receive,
    Refused,
    Renders,
    Sent,
    ShowsTyping,
)
from cleo.ports.clock import Clock
from cleo.ports.engine import Engine
from cleo.ports.files import Files
from cleo.ports.store import (
    Confirmations,
    Conversations,
    DeadLetter,
    DeadLetters,
    Inbox,
    Installation,
    Ledger,
    LedgerEntry,
    Outbox,
    Parked,
    People,
    Record,
    Records,
    Reminder,
    Reminders,
    Repeats,
    Runs,
    Store,
    Transaction,
    Transcript,
    WebhookEvents,
)
from cleo.ports.tool import Say, Tool, ToolContext

__all__ = [
    "Capabilities",
    "Channel",
    "ChoiceLimits",
    "Clock",
    "Confirmations",
    "Conversations",
    "DeadLetter",
    "DeadLetters",
    "Degraded",
    "Engine",
    "FileLimit",
    "Files",
    "Held",
    "Inbox",
    "Installation",
    "IntakeStatus",
    "Ledger",
    "LedgerEntry",
    "MarksRead",
    "Outbox",
    "Outcome",
    "Parked",
    "People",
    "Receive",
    "Record",
    "Records",
    "Refused",
    "Reminder",
    "Reminders",
    "Renders",
    "Repeats",
    "Runs",
    "Say",
    "Sent",
    "ShowsTyping",
    "Store",
    "Tool",
    "ToolContext",
    "Transaction",
    "Transcript",
    "TypingIndicator",
    "WebhookEvents",
]

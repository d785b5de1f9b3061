"""What a room may ask of the others. Each port has at most five methods.

`Store` opens transactions; a `Transaction` is a bundle of small ports, one a noun. All methods of a transaction
are synchronous: a whole transaction is one function, run off the event loop, and commits when it returns.
"""

from cleo.ports.capabilities import Capabilities, FileLimit, Rate, Tapping, Typing
from cleo.ports.channel import (
    Answer,
    Channel,
    Degraded,
    Held,
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
from cleo.ports.line import (
    Confirmations,
    Conversations,
    DeadLetter,
    DeadLetters,
    History,
    Inbox,
    Items,
    Ledger,
    LedgerEntry,
    Outbox,
    Parked,
    Runs,
)
from cleo.ports.memory import Marks, People, Record, Records, Reminder, Reminders, Repeats
from cleo.ports.store import Files, Store, Transaction
from cleo.ports.tool import Say, Tool, ToolContext

__all__ = [
    "Answer",
    "Capabilities",
    "Channel",
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
    "History",
    "Inbox",
    "Items",
    "Ledger",
    "LedgerEntry",
    "Marks",
    "MarksRead",
    "Outbox",
    "Outcome",
    "Parked",
    "People",
    "Rate",
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
    "Tapping",
    "Tool",
    "ToolContext",
    "Transaction",
    "Typing",
]

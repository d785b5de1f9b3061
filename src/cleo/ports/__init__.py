"""What a room may ask of the others. Each port has at most five methods.

`Store` opens transactions; a `Transaction` is a bundle of small ports, one a noun. All methods of a transaction
are synchronous: a whole transaction is one function, run off the event loop, and commits when it returns.
"""

from cleo.ports.channel import Channel, Limits, Receive, Renders, Sent, ShowsTyping
from cleo.ports.clock import Clock
from cleo.ports.engine import Engine
from cleo.ports.line import (
    Confirmations,
    Conversations,
    DeadLetter,
    DeadLetters,
    History,
    Inbox,
    Ledger,
    LedgerEntry,
    Outbox,
    Parked,
    Runs,
)
from cleo.ports.memory import People, Record, Records, Reminder, Reminders, Repeats
from cleo.ports.store import Files, Store, Transaction
from cleo.ports.tool import Say, Tool, ToolContext

__all__ = [
    "Channel",
    "Clock",
    "Confirmations",
    "Conversations",
    "DeadLetter",
    "DeadLetters",
    "Engine",
    "Files",
    "History",
    "Inbox",
    "Ledger",
    "LedgerEntry",
    "Limits",
    "Outbox",
    "Parked",
    "People",
    "Receive",
    "Record",
    "Records",
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
]

"""What Cleo knows beside the line: people, reminders, and what tools keep."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cleo.domain.conversation import ConversationId
from cleo.domain.identity import Address, Person, PersonId
from cleo.domain.message import Rotation


class People(Protocol):
    """Who wrote."""

    def resolve(self, addresses: frozenset[Address], name: str, at: float) -> Person:
        """Get the person behind verified addresses, or make one; learn new addresses and the name.

        Two people are never taken for one when that would be a guess: see `domain.identity.are_one`.
        """
        ...

    def rotate(self, rotation: Rotation, at: float) -> Person:
        """Get the person who had the addresses before, or make one; they have the new ones, too, from now on."""
        ...

    def get(self, person: PersonId) -> Person:
        """Get them; raises `KeyError`."""
        ...

    def claim_owner(self, person: PersonId) -> None:
        """Make somebody an owner for good."""
        ...

    def owners(self) -> Sequence[Person]:
        """Everybody who claimed ownership."""
        ...


class Marks(Protocol):
    """Single facts about this installation, by name."""

    def get(self, name: str) -> str:
        """Read one; empty if it was never set."""
        ...

    def set(self, name: str, text: str) -> None:
        """Write one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """A text that is due at `next_at` (Unix seconds), again by the cron expression `rule` if there is one."""

    id: str
    conversation: ConversationId
    text: str
    next_at: float
    rule: str = ""
    zone: str = "UTC"


class Reminders(Protocol):
    """What must be said later."""

    def add(self, reminder: Reminder) -> bool:
        """Keep it; False: the id was here before."""
        ...

    def of(self, conversation: ConversationId) -> Sequence[Reminder]:
        """Those that are still due, soonest first."""
        ...

    def due(self, now: float, limit: int) -> Sequence[Reminder]:
        """Those whose time has come, soonest first."""
        ...

    def move(self, id: str, next_at: float | None) -> None:
        """Set when it is due next; None: it is done, or was deleted."""
        ...


class Repeats(Protocol):
    """The arithmetic of reminders that come again."""

    def next(self, rule: str, zone: str, after: float) -> float | None:
        """First time (Unix seconds) after `after` that the cron rule names in this IANA zone; None: never again."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Something that a tool keeps for a conversation: a note, a list entry, a file."""

    id: str
    conversation: ConversationId
    kind: str
    name: str
    body: str
    at: float


class Records(Protocol):
    """What tools keep."""

    def add(self, record: Record) -> bool:
        """Keep it; False: the id was here before."""
        ...

    def of(self, conversation: ConversationId, kind: str, name: str | None = None) -> Sequence[Record]:
        """Those of a kind (and name), oldest first."""
        ...

    def update(self, id: str, body: str) -> None:
        """Replace the body."""
        ...

    def delete(self, id: str) -> bool:
        """Remove it; False: it was not there."""
        ...

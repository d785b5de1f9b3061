"""What must be said later."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cleo.domain.conversation import ConversationId


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

"""What tools keep."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cleo.domain.conversation import ConversationId

LONG_TEXT = "text"
"""The kind of a record that keeps a long text; its body is the id of the file that holds it."""


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

    def get(self, id: str) -> Record | None:
        """Return the one with this id, if it is there."""
        ...

    def update(self, id: str, body: str) -> None:
        """Replace the body."""
        ...

    def delete(self, id: str) -> bool:
        """Remove it; False: it was not there."""
        ...

"""What was given up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from cleo.domain.conversation import ConversationId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """Something that was given up, so that its neighbours could go on."""

    kind: Literal["inbound", "outbound"]
    key: str
    conversation: ConversationId
    reason: str
    at: float
    reported: bool = False
    """The model knows, where it should."""


class DeadLetters(Protocol):
    """What was given up, for the owner to see."""

    def add(self, letter: DeadLetter) -> None:
        """Keep it; the same kind and key again changes nothing."""
        ...

    def recent(self, limit: int) -> Sequence[DeadLetter]:
        """The newest, newest first."""
        ...

    def unreported(self, conversation: ConversationId) -> Sequence[DeadLetter]:
        """Messages to this chat that never arrived and that the model does not know of, oldest first."""
        ...

    def mark_reported(self, letters: Iterable[DeadLetter]) -> None:
        """Note that the model knows of them."""
        ...

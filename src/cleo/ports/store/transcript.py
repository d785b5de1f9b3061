"""What the model saw and said."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cleo.domain.conversation import ConversationId
from cleo.domain.run import RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """A batch of tool calls that waits for answers: those of the newest response that have no result."""

    batch: int
    """The revision of the history with which it was parked."""
    run: RunId | None = None
    """Which run parked it; known when it is read back."""


class Transcript(Protocol):
    """The model's messages of a conversation, one row each; bodies are the library's JSON.

    Revisions count them from 1 on, without gaps.
    """

    def window(self, conversation: ConversationId, limit: int) -> Sequence[bytes]:
        """The newest `limit` messages since the conversation began anew, oldest first."""
        ...

    def append(self, conversation: ConversationId, run: RunId, bodies: Sequence[bytes], *, after: int) -> int:
        """Add messages behind the newest revision, which is `after`; tells the new one.

        Raises `StoreError` when somebody else added some meanwhile.
        """
        ...

    def parked(self, conversation: ConversationId) -> Parked | None:
        """The open batch, if there is one."""
        ...

    def park(self, conversation: ConversationId, parked: Parked | None) -> None:
        """Set or clear the open batch."""
        ...


class TranscriptRows(Protocol):
    """The rows themselves, and the few ways in which old ones are touched."""

    def replace(self, conversation: ConversationId, revision: int, body: bytes) -> None:
        """Put another message in the place of one."""
        ...

    def begin_anew(self, conversation: ConversationId) -> None:
        """Let windows start behind what is there now."""
        ...

"""What goes out."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from cleo.domain.content import MessageId
from cleo.domain.conversation import ConversationId
from cleo.domain.message import OutboxItem, OutboxState


class Outbox(Protocol):
    """What goes out, in order for each conversation."""

    def add(self, item: OutboxItem) -> bool:
        """Queue it; False: the key was here before and nothing changed."""
        ...

    def next(self, conversation: ConversationId) -> OutboxItem | None:
        """The oldest item that is not sent, also when it may not be sent yet (`next_at`)."""
        ...

    def update(self, item: OutboxItem) -> None:
        """Save what became of `item.key`; news that is older than what is known changes nothing."""
        ...

    def find(
        self,
        *,
        key: str | None = None,
        conversation: ConversationId | None = None,
        message_id: MessageId | None = None,
        asks: str | None = None,
        states: Iterable[OutboxState] | None = None,
    ) -> Sequence[OutboxItem]:
        """All that match, oldest first. Some of it must be given; `asks` is the ref of a question."""
        ...

    def recent(self, limit: int) -> Sequence[OutboxItem]:
        """The newest items of all conversations, newest first."""
        ...

"""The chats, and who may write to them now."""

from collections.abc import Sequence
from typing import Protocol

from cleo.domain.conversation import Conversation, ConversationId


class Conversations(Protocol):
    """The chats, and who may write to them now."""

    def open(self, conversation: Conversation) -> Conversation:
        """Get it, or make it. What was `heard`, and from where, is kept when it is newer than what is known."""
        ...

    def get(self, conversation: ConversationId) -> Conversation:
        """Get it; raises `KeyError`."""
        ...

    def lease(self, conversation: ConversationId) -> int:
        """Take the conversation over: raises its epoch and tells the new one."""
        ...

    def guard(self, conversation: ConversationId, epoch: int) -> None:
        """Raise `Fenced` when somebody took the conversation over since."""
        ...

    def due(self, now: float) -> Sequence[ConversationId]:
        """Every conversation with something to do at `now`."""
        ...

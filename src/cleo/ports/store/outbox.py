"""What goes out."""

from collections.abc import Sequence
from typing import Protocol

from cleo.domain.content import MessageId
from cleo.domain.conversation import AccountKey, ConversationId
from cleo.domain.message import OutgoingMessage


class Outbox(Protocol):
    """What goes out, in order for each conversation."""

    def add(self, message: OutgoingMessage) -> bool:
        """Queue it; False: the key was here before and nothing changed."""
        ...

    def get(self, key: str) -> OutgoingMessage | None:
        """Return the one with this key, if there is one."""
        ...

    def next(self, conversation: ConversationId) -> OutgoingMessage | None:
        """The oldest message that is not sent, also when it may not be sent yet (`next_at`)."""
        ...

    def update(self, message: OutgoingMessage, *, epoch: int | None = None) -> None:
        """Save what became of it; a status that is older than what is known changes nothing.

        With an epoch: raises `Fenced` when somebody took the conversation over since.
        """
        ...

    def note_second_id(self, key: str, id: MessageId) -> bool:
        """Note that it is there under another id as well; False: that is known."""
        ...


class OutboxLookup(Protocol):
    """Finds messages on their way out, oldest first unless said otherwise."""

    def by_message_id(self, conversation: ConversationId, message_id: MessageId) -> Sequence[OutgoingMessage]:
        """Those that have this message id in the chat, or have it as their second one."""
        ...

    def prompts(self, ref: str) -> Sequence[OutgoingMessage]:
        """Those that ask the question with this ref."""
        ...

    def held(self, conversation: ConversationId | None = None) -> Sequence[OutgoingMessage]:
        """Those that wait until the person writes, in one conversation or in all."""
        ...

    def in_doubt(self, account: AccountKey) -> Sequence[OutgoingMessage]:
        """Those of an account of which nobody knows whether they were sent."""
        ...

    def recent(
        self, limit: int, *, conversation: ConversationId | None = None, after: int = 0
    ) -> Sequence[OutgoingMessage]:
        """The newest messages of one conversation or of all, newest first; those behind the seq `after`."""
        ...

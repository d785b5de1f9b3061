"""The questions."""

from collections.abc import Sequence
from typing import Protocol

from cleo.domain.confirmation import Confirmation, State
from cleo.domain.content import MessageId
from cleo.domain.conversation import ConversationId
from cleo.domain.identity import PersonId


class Confirmations(Protocol):
    """The questions. Every change of state is one conditional update."""

    def add(self, confirmation: Confirmation) -> None:
        """Keep a new one; raises `StoreError` when its ref is taken."""
        ...

    def get(self, ref: str) -> Confirmation | None:
        """Return the one with this ref, if there is one."""
        ...

    def save(self, after: Confirmation, *, before: State) -> bool:
        """Save what a transition made of it, if its state is still `before`. False: somebody was first."""
        ...

    def log(self, ref: str, kind: str, *, at: float, by: PersonId | None = None, detail: str = "") -> None:
        """Append to the audit trail."""
        ...

    def withdraw_prompts(self, ref: str) -> None:
        """Take the question from all messages that ask it, and from those that show its plan."""
        ...


class ConfirmationLookup(Protocol):
    """Finds questions, oldest first."""

    def unreported(self, conversation: ConversationId) -> Sequence[Confirmation]:
        """Those of a conversation whose outcome is not in its transcript; all open ones are among them."""
        ...

    def asked_in(self, conversation: ConversationId) -> Sequence[Confirmation]:
        """Those not reported yet that a message in this chat asks, wherever they were asked for."""
        ...

    def asked_by(self, conversation: ConversationId, message_id: MessageId) -> Sequence[Confirmation]:
        """Those that this very message asks, also those that are over."""
        ...

    def newest(self, conversation: ConversationId) -> Confirmation | None:
        """The newest one of a conversation."""
        ...

    def pending(self) -> Sequence[Confirmation]:
        """All that wait for an answer, of all conversations."""
        ...

"""The questions."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from cleo.domain.confirmation import Confirmation, State
from cleo.domain.content import MessageId
from cleo.domain.conversation import ConversationId
from cleo.domain.identity import PersonId


class Confirmations(Protocol):
    """The questions. Every change of state is one conditional update."""

    def add(self, confirmation: Confirmation, prompts: Iterable[tuple[ConversationId, str]]) -> None:
        """Keep a question with the outbox keys of the messages that ask it, and where they go.

        The same question again is asked by these messages alone: an answer to the old ones is none.
        """
        ...

    def find(
        self,
        *,
        ref: str | None = None,
        conversation: ConversationId | None = None,
        states: Iterable[State] | None = None,
        reported: bool | None = None,
    ) -> Sequence[Confirmation]:
        """All that match, oldest first."""
        ...

    def asked_in(
        self, conversation: ConversationId, message_id: MessageId | None = None
    ) -> Sequence[Confirmation]:
        """Those the model waits for whose prompt went to this chat; or that this very message asked; oldest first."""
        ...

    def move(
        self, ref: str, *, when: Iterable[State], to: State, changes: dict[str, object] | None = None
    ) -> bool:
        """Change the state if it is one of `when`; with `changes` to other fields. False: somebody was first."""
        ...

    def note(self, ref: str, kind: str, *, at: float, by: PersonId | None = None, detail: str = "") -> None:
        """Append to the audit trail."""
        ...

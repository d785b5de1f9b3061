"""What models cost."""

from collections.abc import Sequence
from typing import Protocol

from cleo.domain.conversation import ConversationId
from cleo.domain.spending import Spending


class Spendings(Protocol):
    """What was spent, one row a use."""

    def add(self, spending: Spending) -> None:
        """Keep it."""
        ...

    def of(self, conversation: ConversationId, since: float) -> Sequence[Spending]:
        """What a conversation spent since then (Unix seconds), oldest first."""
        ...

"""Spending: what one use of a model cost."""

from dataclasses import dataclass
from typing import Literal

from cleo.domain.conversation import ConversationId
from cleo.domain.run import RunId

SpendingKind = Literal["chat"]
"""What the model was used for: `chat` is a run's requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What a run used of one model."""

    conversation: ConversationId
    run: RunId
    kind: SpendingKind
    model: str
    """The provider's name of it."""
    tokens_in: int
    tokens_out: int
    cost: float | None
    """US dollars; None: nobody knows the price."""
    at: float
    """Unix seconds."""

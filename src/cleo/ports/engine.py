"""Who works on which conversation."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from cleo.domain.conversation import ConversationId


class Engine(Protocol):
    """Decides who works on which conversation now. Holds no truth: a lost wake costs seconds, never a message."""

    async def wake(self, *conversations: ConversationId) -> None:
        """There may be something to do in them."""
        ...

    async def run(self, work: Callable[[ConversationId], Awaitable[None]]) -> None:
        """Work, one call a conversation at a time, until cancelled; then let what runs finish."""
        ...

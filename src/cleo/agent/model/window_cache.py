"""The decoded windows of busy conversations, in memory: nothing is read and decoded twice."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock

from pydantic_ai.messages import ModelMessage

from cleo.domain.conversation import ConversationId

_MOST = 200
"""Conversations."""


@dataclass(frozen=True, slots=True)
class Window:
    """The newest messages of a conversation; `bounds` are the revisions where it began and where it ends."""

    messages: tuple[ModelMessage, ...]
    bounds: tuple[int, int]
    epoch: int


@dataclass(slots=True)
class WindowCache:
    """Windows under their epoch: once somebody else took a conversation over, what is here counts for nothing.

    The store's writing thread asks, the event loop keeps.
    """

    _kept: dict[ConversationId, Window] = field(default_factory=dict[ConversationId, Window])
    _lock: Lock = field(default_factory=Lock)

    def get(
        self, conversation: ConversationId, epoch: int, bounds: tuple[int, int]
    ) -> Sequence[ModelMessage] | None:
        """Return the window, if nobody else had the conversation since and nothing was added."""
        with self._lock:
            window = self._kept.get(conversation)
            if window is None or window.bounds != bounds or epoch - window.epoch not in (0, 1):
                return None
            self._kept[conversation] = self._kept.pop(conversation)
            return window.messages

    def keep(self, conversation: ConversationId, window: Window) -> None:
        """Keep a window in place of an older one."""
        with self._lock:
            self._kept.pop(conversation, None)
            self._kept[conversation] = window
            if len(self._kept) > _MOST:
                del self._kept[next(iter(self._kept))]

    def drop(self, conversation: ConversationId) -> None:
        """Forget a window."""
        with self._lock:
            self._kept.pop(conversation, None)

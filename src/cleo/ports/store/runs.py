"""Turns of the agent."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cleo.domain.conversation import ConversationId
from cleo.domain.run import Run, RunState, Stop


class Runs(Protocol):
    """Turns of the agent."""

    def open(self, conversation: ConversationId) -> Run | None:
        """The run that is not finished, if there is one."""
        ...

    def start(self, run: Run) -> None:
        """Keep a new run."""
        ...

    def update(self, run: Run, *, epoch: int | None = None) -> None:
        """Save attempts, prompted, state, and until when it waits.

        With an epoch: raises `Fenced` when somebody took the conversation over since.
        """
        ...

    def stop(self, conversation: ConversationId, how: Stop) -> Run | None:
        """Ask the run that is not finished to end; return it, None: there is none."""
        ...

    def recent(self, limit: int) -> Sequence[tuple[Run, RunState]]:
        """The newest runs of all conversations, newest first."""
        ...


@dataclass(frozen=True, slots=True)
class RunSpan:
    """A run for new messages, in Unix seconds: when the first of them came, and when the run ended."""

    came_at: float
    ended_at: float


class RunSpans(Protocol):
    """When runs for new messages were asked for, and when they ended."""

    def ended_since(self, conversation: ConversationId, since: float, most: int) -> Sequence[RunSpan]:
        """Return the newest `most` of a chat that ended since then (Unix seconds), newest first."""
        ...

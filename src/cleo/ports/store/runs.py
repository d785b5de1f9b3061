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
class Turn:
    """One turn that answered messages, in Unix seconds: when the first of them came, and when Cleo had the answer."""

    came_at: float
    ended_at: float


class Paces(Protocol):
    """How fast turns follow each other in a chat, and pauses of it."""

    def turns(self, conversation: ConversationId, since: float, most: int) -> Sequence[Turn]:
        """Those that ended since then, newest first."""
        ...

    def pause(self, conversation: ConversationId, until: float | None) -> None:
        """Let no turn begin there until then; None: let them begin again."""
        ...

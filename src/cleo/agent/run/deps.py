"""What one run works with: its conversation, its tools, and the way to save its progress."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from cleo.agent.approval.ask import Asker
from cleo.domain.access import Access
from cleo.domain.conversation import Conversation
from cleo.domain.identity import PersonId
from cleo.domain.run import RunId
from cleo.ports import Clock, Store, Tool, ToolContext


@dataclass(slots=True, kw_only=True)
class RunDeps:
    """Lives in memory only, for the length of the run."""

    conversation: Conversation
    person: PersonId
    run: RunId
    tools: Mapping[str, Tool]
    store: Store
    clock: Clock
    access: Access
    asker: Asker
    instructions: str
    context: Callable[[str], ToolContext]
    """Makes a tool's context for an idempotency key."""
    checkpoint: Callable[[], Awaitable[None]]
    """Saves the turn so far, so that a call keeps its identity through a crash. Raises `Fenced`."""
    clip: Callable[[object, str], Awaitable[object]]
    """Cuts what a tool returned, when it is too long; the second argument is the call's idempotency key."""
    planned: int = 0
    """Questions that this run comes to."""

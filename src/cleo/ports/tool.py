"""What a tool is, and what it gets."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from cleo.domain.content import Content
from cleo.domain.conversation import ConversationId
from cleo.domain.identity import Address, PersonId
from cleo.ports.clock import Clock
from cleo.ports.files import Files
from cleo.ports.store import Store


class Say(Protocol):
    """Queues a message; it goes out after the tool's turn was committed."""

    async def __call__(self, content: Content, *, to: Address | None = None, markdown: bool = True) -> None:
        """Say it here, or in the direct chat with the address `to`.

        Words are Markdown, which becomes what the channel shows. With `markdown=False`, and always in a tool that
        asks before it runs, they go out byte for byte.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolContext:
    """What a tool gets besides its arguments."""

    conversation: ConversationId
    person: PersonId
    """Who asked."""
    key: str
    """The same whenever this very call is repeated: for ids, and as idempotency key of other services."""
    zone: ZoneInfo
    clock: Clock
    store: Store
    files: Files
    say: Say
    render: Callable[[str], Sequence[str]]
    """Turns Markdown into words as this chat's channel sends them, one text a message."""

    def now(self) -> datetime:
        """The time of the person who asked."""
        return datetime.fromtimestamp(self.clock.now(), self.zone)


Prepare = Callable[..., Awaitable[Mapping[str, object]] | Mapping[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """Something that the model can do: an async or plain function, described by its docstring and annotations.

    A first parameter annotated `ToolContext` gets the context. The function returns text for the model; it raises
    `ToolError` when nothing was done. Any other exception after its start means: outcome unknown.
    """

    name: str
    function: Callable[..., Awaitable[str] | str]
    read_only: bool = False
    """Changes nothing: may run at any time, again and again."""
    requires_confirmation: bool = False
    """Runs only after a 👍."""
    prepare: Prepare | None = None
    """Resolves the arguments before the question: gets what the function gets, and returns all arguments as they are
    shown, kept, and given to the function after the 👍. It changes nothing. A `ToolError` is told to the model, and
    nobody is asked."""
    foreign: bool = False
    """Its results hold words of strangers, as a web page or a mail does: questions after it say so."""
    repeatable: bool = False
    """Running it twice with the same `ToolContext.key` has the effect of once."""
    title: str = ""
    """A few words for the question: "delete a note"."""
    timeout: float = 60.0
    """Seconds after which its outcome counts as unknown."""

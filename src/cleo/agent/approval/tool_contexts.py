"""What a tool that asks may do: look, before the question; and say nothing but the very bytes, after the yes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from cleo.domain.content import Content
from cleo.domain.errors import ToolError
from cleo.domain.identity import Address
from cleo.ports import Store, ToolContext, Transaction

T = TypeVar("T")

_NOT_YET = "NOT DONE: the tool tried to change something before it was confirmed."


def preparing(context: ToolContext) -> ToolContext:
    """Return a context in which nothing can be said or written."""
    return replace(context, store=_ReadOnly(context.store), say=_say_nothing)


def confirmed(context: ToolContext) -> ToolContext:
    """Return a context in which words go out as they are: as Markdown they would not be what was approved."""

    async def say(content: Content, *, to: Address | None = None, markdown: bool = False) -> None:
        await context.say(content, to=to, markdown=False)

    return replace(context, say=say)


async def _say_nothing(content: Content, *, to: Address | None = None, markdown: bool = True) -> None:
    raise ToolError(_NOT_YET)


@dataclass(frozen=True, slots=True)
class _ReadOnly:
    """Implements `cleo.ports.Store` without writes."""

    store: Store

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Refuse."""
        raise ToolError(_NOT_YET)

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` on a consistent view."""
        return await self.store.read(work)

    async def close(self) -> None:
        """Leave it open: it is somebody else's."""

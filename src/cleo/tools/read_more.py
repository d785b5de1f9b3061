"""Reads on in a text that was too long to be shown whole."""

import asyncio

from cleo.domain.content import FileId
from cleo.domain.errors import ToolError
from cleo.ports import LONG_TEXT, ToolContext
from cleo.tools.definition.decorator import tool

_AT_ONCE = 3_000
"""Characters of one piece."""


@tool(read_only=True)
async def read_more(ctx: ToolContext, id: str, start: int = 0) -> str:
    """Read a part of a long text of this chat whose middle was left out.

    Args:
        id: The id that stands where characters were left out.
        start: The first character to read, counted from 0.
    """
    found = await ctx.store.read(lambda tx: tx.records.of(ctx.conversation, LONG_TEXT, id))
    if not found:
        raise ToolError(f"There is no long text {id!r} in this chat.")
    try:
        path = ctx.files.path(FileId(found[0].body))
    except KeyError:
        raise ToolError("That text is not kept any more.") from None
    text = (await asyncio.to_thread(path.read_bytes)).decode(errors="replace")
    begin = min(max(start, 0), len(text))
    end = min(begin + _AT_ONCE, len(text))
    more = f"go on with start={end}" if end < len(text) else "this is the end"
    return f"[characters {begin} to {end} of {len(text)}; {more}]\n{text[begin:end]}"

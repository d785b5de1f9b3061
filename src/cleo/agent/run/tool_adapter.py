"""Turns Cleo's tools into the model library's tools."""

import asyncio
import functools
import inspect
import typing
from collections.abc import Callable, Iterable

from pydantic_ai import RunContext, Tool
from pydantic_ai.exceptions import ToolFailed

from cleo import ports
from cleo.agent.run.deps import RunDeps
from cleo.domain.errors import ToolError


def toolkit(tools: Iterable[ports.Tool]) -> list[Tool[RunDeps]]:
    """Describe every tool to the model by its own docstring and annotations."""
    return [Tool(_adapt(tool), takes_ctx=True, name=tool.name) for tool in tools]


def _adapt(tool: ports.Tool) -> Callable[..., object]:
    """Give the function the library's context in front, and hand it Cleo's instead."""
    function = tool.function
    hints = typing.get_type_hints(function, include_extras=True)
    parameters = list(inspect.signature(function).parameters.values())
    wants_context = bool(parameters) and hints.get(parameters[0].name) is ports.ToolContext

    @functools.wraps(function)
    async def call(ctx: RunContext[RunDeps], **arguments: object) -> str:
        first = (ctx.deps.context(ctx.deps.keys[ctx.tool_call_id or ""]),) if wants_context else ()
        try:
            if inspect.iscoroutinefunction(function):
                result = function(*first, **arguments)
            else:
                result = await asyncio.to_thread(function, *first, **arguments)
            return await result if inspect.isawaitable(result) else result
        except ToolError as error:
            raise ToolFailed(str(error)) from error

    rest = parameters[1:] if wants_context else parameters
    context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_ONLY, annotation=RunContext[RunDeps])
    keyword_only = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[p.name]) for p in rest]
    call.__signature__ = inspect.Signature([context, *keyword_only], return_annotation=str)  # type: ignore[attr-defined]  # the library reads it
    call.__annotations__ = {
        "ctx": RunContext[RunDeps],
        **{p.name: hints[p.name] for p in rest},
        "return": str,
    }
    del call.__wrapped__  # type: ignore[attr-defined]  # else the library looks through to the original
    return call

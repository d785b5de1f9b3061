"""Cleo's tools as the model sees them: their description, and the check of its arguments."""

import asyncio
import inspect
import json
import typing
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from pydantic_ai import Tool as DescribedTool
from pydantic_ai.messages import ToolCallPart
from pydantic_ai.tools import ToolDefinition
from pydantic_core import SchemaValidator, ValidationError, to_json, to_jsonable_python

from cleo.domain.content import unmarked
from cleo.ports import Tool, ToolContext

Arguments = dict[str, Any]  # whatever the annotations of a tool say


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedCall:
    """A call of a tool that there is, with arguments that fit."""

    call: ToolCallPart
    tool: Tool
    definition: ToolDefinition
    arguments: Arguments


@dataclass(frozen=True, slots=True)
class _Described:
    tool: Tool
    definition: ToolDefinition
    validator: SchemaValidator
    wants_context: bool


@dataclass(slots=True)
class Toolbox:
    """Made once: describing the tools takes a third of a second."""

    tools: Iterable[Tool]
    _described: dict[str, _Described] = field(init=False)

    def __post_init__(self) -> None:
        """Describe every tool by its own docstring and annotations."""
        self._described = {tool.name: _describe(tool) for tool in self.tools}

    def definitions(self) -> list[ToolDefinition]:
        """Return how the model is told of them."""
        return [each.definition for each in self._described.values()]

    def check(self, call: ToolCallPart) -> DescribedCall | str:
        """Find the tool and check the arguments; a text tells the model what is wrong."""
        known = self._described.get(call.tool_name)
        if known is None:
            names = ", ".join(self._described) or "none"
            return f"NOT DONE: there is no tool {call.tool_name!r}. Available tools: {names}."
        try:
            if isinstance(call.args, str):
                arguments = known.validator.validate_json(call.args or "{}")
            else:
                arguments = known.validator.validate_python(call.args or {})
        except ValidationError as error:
            wrong = to_json(error.errors(include_url=False, include_context=False), fallback=str).decode()
            return f"NOT DONE: the arguments do not fit. Mend them and call again. {wrong[:2000]}"
        return DescribedCall(call=call, tool=known.tool, definition=known.definition, arguments=arguments)

    async def run(self, call: DescribedCall, context: Callable[[], ToolContext]) -> object:
        """Run a tool, a plain function in a thread; raises what it raises."""
        first = (context(),) if self._described[call.tool.name].wants_context else ()
        return _storable(await _outcome(call.tool.function, first, call.arguments))

    async def prepare(self, call: DescribedCall, context: Callable[[], ToolContext]) -> Arguments:
        """Return the arguments as they are to be shown and run; raises what `prepare` raises."""
        if call.tool.prepare is None:
            return call.arguments
        first = (context(),) if _wants_context(call.tool.prepare) else ()
        return dict(await _outcome(call.tool.prepare, first, call.arguments))


async def _outcome(function: Callable[..., Any], first: tuple[ToolContext, ...], arguments: Arguments) -> Any:
    if inspect.iscoroutinefunction(function):
        result = function(*first, **arguments)
    else:
        result = await asyncio.to_thread(function, *first, **arguments)
    return await result if inspect.isawaitable(result) else result


def _wants_context(function: Callable[..., Any]) -> bool:
    parameters = list(inspect.signature(function).parameters.values())
    hints = typing.get_type_hints(function, include_extras=True)
    return bool(parameters) and hints.get(parameters[0].name) is ToolContext


def _describe(tool: Tool) -> _Described:
    function = tool.function
    hints = typing.get_type_hints(function, include_extras=True)
    parameters = list(inspect.signature(function).parameters.values())
    wants_context = _wants_context(function)
    rest = parameters[1:] if wants_context else parameters

    def shown() -> str:
        """Stand for the function, without its context, while it is described."""
        return ""

    shown.__doc__, shown.__name__ = function.__doc__, tool.name
    shown.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # the library reads it
        [p.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[p.name]) for p in rest],
        return_annotation=str,
    )
    shown.__annotations__ = {**{p.name: hints[p.name] for p in rest}, "return": str}
    described = DescribedTool[None](shown, takes_ctx=False, name=tool.name)
    return _Described(tool, described.tool_def, described.function_schema.validator, wants_context)


def _storable(value: object) -> object:
    """Make what a tool returned text, or data that can be written as JSON; neither looks like an annotation."""
    if isinstance(value, str):
        return value if value.isascii() else unmarked(value.encode(errors="replace").decode())
    written = json.dumps(to_jsonable_python(value, fallback=str), ensure_ascii=False)
    return json.loads(unmarked(written.encode(errors="replace").decode()))

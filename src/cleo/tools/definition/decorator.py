"""The `@tool` decorator: makes a tool of a function."""

import inspect
from collections.abc import Awaitable, Callable
from typing import overload

from cleo.domain.errors import ConfigError
from cleo.ports import Prepare, Tool

Function = Callable[..., Awaitable[str] | str]


@overload
def tool(function: Function, /) -> Tool: ...


@overload
def tool(
    *,
    requires_confirmation: bool = False,
    prepare: Prepare | None = None,
    read_only: bool = False,
    repeatable: bool = False,
    foreign: bool = False,
    title: str = "",
    timeout: float = 60.0,
) -> Callable[[Function], Tool]: ...


def tool(
    function: Function | None = None,
    /,
    *,
    requires_confirmation: bool = False,
    prepare: Prepare | None = None,
    read_only: bool = False,
    repeatable: bool = False,
    foreign: bool = False,
    title: str = "",
    timeout: float = 60.0,
) -> Tool | Callable[[Function], Tool]:
    """Make a tool of an async or plain function that returns text for the model.

    Its name, docstring and annotations are what the model sees; a first parameter annotated `ToolContext` gets
    the context. One that changes things says `requires_confirmation=True`: then nothing happens before a 👍, and
    `prepare` may resolve the arguments before they are shown. The function itself stays reachable, for tests, as
    `.function`.

    Raises `ConfigError` when the function has no docstring, or has `prepare` and asks nobody.
    """

    def make(function: Function) -> Tool:
        name: str = getattr(function, "__name__", type(function).__name__)
        if not (inspect.getdoc(function) or "").strip():
            raise ConfigError(
                f"The tool {name} has no docstring. The model reads it to know what the tool does; "
                f'add one, for example: """Turn the light of a room on or off."""'
            )
        if prepare and not requires_confirmation:
            raise ConfigError(
                f"The tool {name} has `prepare`, which resolves what a question shows, but it never asks. "
                "Add requires_confirmation=True, or resolve the arguments in the function."
            )
        return Tool(
            name=name,
            function=function,
            read_only=read_only,
            requires_confirmation=requires_confirmation,
            prepare=prepare,
            foreign=foreign,
            repeatable=repeatable,
            title=title or name.replace("_", " "),
            timeout=timeout,
        )

    return make if function is None else make(function)

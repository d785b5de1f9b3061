"""What a tool is: its description and its code. One that was changed since does not inherit a yes.

The code is that of the function, of its `prepare`, and of every function, class and constant of the same package that
they use, however deep. What lies in other packages, and what changes while the tool runs, does not count.
"""

import ast
import functools
import hashlib
import inspect
import json
import re
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import cast

from pydantic_ai.tools import ToolDefinition

from cleo.ports import Tool

_WITH_CODE = "code:"
_PLAIN = (str, int, float, bool, bytes, complex, type(None), type(...))


def tool_hash(definition: ToolDefinition, tool: Tool) -> str:
    """Return a mark and the hex SHA-256 of all that decides what a call does."""
    told = [definition.name, definition.description, repr(definition.parameters_json_schema), tool.title]
    walk = _Walk(_package(tool.function))
    code = [*walk.describe(tool.function), "prepare", *walk.describe(tool.prepare)]
    return (
        _WITH_CODE
        + hashlib.sha256("\0".join([*map(str, told), *code]).encode(errors="surrogatepass")).hexdigest()
    )


def is_same_tool(kept: str, definition: ToolDefinition, tool: Tool) -> bool:
    """Tell whether a hash that was kept is of this tool. One from before hashes had the code in them tells less."""
    if kept.startswith(_WITH_CODE):
        return kept == tool_hash(definition, tool)
    described = [definition.name, definition.description, definition.parameters_json_schema]
    return kept == hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()


def _package(function: object) -> str:
    module = getattr(inspect.unwrap(_callable(function)), "__module__", "") or ""
    return module.partition(".")[0]


def _callable(function: object) -> FunctionType:
    while isinstance(function, functools.partial):
        function = cast("functools.partial[object]", function).func
    return cast("FunctionType", function)


class _Walk:
    """Goes through what code refers to, each thing once."""

    def __init__(self, package: str) -> None:
        self._package = package
        self._seen: set[int] = set()

    def describe(self, value: object) -> Iterator[str]:
        if isinstance(value, _PLAIN):
            yield repr(value)
        elif isinstance(value, tuple):
            for each in cast("tuple[object, ...]", value):
                yield from self.describe(each)
        elif isinstance(value, frozenset):
            yield from sorted(map(repr, cast("frozenset[object]", value)))
        elif isinstance(value, re.Pattern):
            yield f"{cast('re.Pattern[str]', value).pattern!r}{value.flags}"
        elif id(value) not in self._seen:
            self._seen.add(id(value))
            yield from self._once(value)

    def _once(self, value: object) -> Iterator[str]:
        match value:
            case functools.partial():
                bound = cast("functools.partial[object]", value)
                yield from self.describe((bound.func, bound.args, *sorted(bound.keywords.items())))
            case MethodType():
                yield from self.describe((value.__func__, value.__self__))
            case FunctionType():
                yield from self._function(value)
            case CodeType():
                yield from self._code(value, {})
            case type():
                yield from self._class(value)
            case Tool():
                yield from self.describe((value.function, value.prepare))
            case _ if self._is_ours(type(value).__module__):
                yield from self.describe(type(value))
                yield from self._state(value)
            case _:
                yield type(value).__name__

    def _function(self, function: FunctionType) -> Iterator[str]:
        if not self._is_ours(function.__module__):
            yield f"{function.__module__}.{function.__qualname__}"
            return
        yield from self._code(function.__code__, function.__globals__)
        yield from self.describe(function.__defaults__)
        yield from self.describe(tuple(sorted((function.__kwdefaults__ or {}).items())))
        for cell in function.__closure__ or ():
            try:
                yield from self.describe(cell.cell_contents)
            except ValueError:  # not filled yet
                yield "empty"
        yield from self.describe(getattr(function, "__wrapped__", None))

    def _code(self, code: CodeType, known: dict[str, object]) -> Iterator[str]:
        yield code.co_code.hex()
        yield repr((code.co_names, code.co_varnames, code.co_freevars, code.co_flags))
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                yield from self._code(constant, known)
            else:
                yield from self.describe(constant)
        for name in code.co_names:
            if name in known:
                yield name
                yield from self._global(name, known, code.co_names)

    def _global(self, name: str, known: dict[str, object], names: tuple[str, ...]) -> Iterator[str]:
        value = known[name]
        if isinstance(value, dict | list | set) or (isinstance(value, _PLAIN) and not name.isupper()):
            yield _as_written(str(known.get("__name__", "")), name)
        elif not isinstance(value, ModuleType):
            yield from self.describe(value)
        elif self._is_ours(value.__name__):
            for used in names:
                yield from self.describe(getattr(value, used, None))

    def _class(self, of: type) -> Iterator[str]:
        yield f"{of.__module__}.{of.__qualname__}"
        if self._is_ours(of.__module__):
            for name, value in sorted(vars(of).items()):
                if not name.startswith("__") or name in ("__call__", "__init__"):
                    yield name
                    yield from self.describe(getattr(value, "__func__", value))
            for base in of.__bases__:
                yield from self.describe(base)

    def _state(self, value: object) -> Iterator[str]:
        """The plain values of an object: they are its configuration."""
        for name, each in sorted(getattr(value, "__dict__", {}).items()):
            if isinstance(each, (*_PLAIN, FunctionType, MethodType)):
                yield name
                yield from self.describe(each)

    def _is_ours(self, module: str | None) -> bool:
        package = (module or "").partition(".")[0]
        return package == self._package or package.startswith("cleo_tools_") or _is_beside(package)


@functools.cache
def _as_written(module: str, name: str) -> str:
    """Return how a variable of a module begins: what it holds may be another thing each moment."""
    try:
        tree = ast.parse(inspect.getsource(sys.modules[module]))
    except (KeyError, OSError, TypeError, SyntaxError):
        return "unknown"
    values = (
        each.value
        for each in tree.body
        if isinstance(each, ast.Assign | ast.AnnAssign) and each.value and name in _targets(each)
    )
    return ";".join(map(ast.dump, values))


def _targets(assigned: ast.Assign | ast.AnnAssign) -> list[str]:
    targets = assigned.targets if isinstance(assigned, ast.Assign) else [assigned.target]
    return [target.id for target in targets if isinstance(target, ast.Name)]


@functools.cache
def _is_beside(package: str) -> bool:
    """Whether a package is somebody's own file: neither part of Python, nor installed."""
    if package in sys.stdlib_module_names or package in ("cleo", "__main__"):
        return False
    path = getattr(sys.modules.get(package), "__file__", None) or ""
    return bool(path) and "site-packages" not in path and "dist-packages" not in path

"""Tools that users write: modules named by CLEO_TOOLS."""

import importlib
import importlib.util
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from cleo.domain.errors import ConfigError
from cleo.ports import Tool

_EXAMPLE = "Example: CLEO_TOOLS=my_tools,./more/lights.py"


def load(modules: Iterable[str], *, taken: Iterable[Tool] = ()) -> tuple[Tool, ...]:
    """Import modules (dotted names, or paths to .py files) and collect their tools, in order.

    Names are looked up in the working directory too. Raises `ConfigError` when a module cannot be imported,
    has no tools, or a tool has the name of another one, also of one that is `taken`.
    """
    owners = {tool.name: "Cleo itself" for tool in taken}
    found: list[Tool] = []
    for module in filter(None, (name.strip() for name in modules)):
        for tool in _tools_of(module):
            if tool.name in owners:
                raise ConfigError(
                    f"CLEO_TOOLS: the tool {tool.name} of {module} has the name of one from "
                    f"{owners[tool.name]}. Rename the function."
                )
            owners[tool.name] = module
            found.append(tool)
    return tuple(found)


def _tools_of(name: str) -> list[Tool]:
    defined = {id(value): value for value in vars(_import(name)).values() if isinstance(value, Tool)}
    if not defined:
        raise ConfigError(
            f"CLEO_TOOLS: {name} has no tools. Decorate a function with @tool (from cleo.tools import tool)."
        )
    return list(defined.values())


def _import(name: str) -> ModuleType:
    try:
        if name.endswith(".py"):
            return _import_file(Path(name).expanduser())
        here = str(Path.cwd())
        if here not in sys.path:
            sys.path.append(here)
        return importlib.import_module(name)
    except ConfigError as error:
        raise ConfigError(f"CLEO_TOOLS: {name} is wrong: {error}") from error
    except Exception as error:  # a user's module may raise anything
        raise ConfigError(
            f"CLEO_TOOLS: {name} cannot be imported: {type(error).__name__}: {error}. {_EXAMPLE}"
        ) from error


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    spec = importlib.util.spec_from_file_location(f"cleo_tools_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module
    spec.loader.exec_module(module)
    return module

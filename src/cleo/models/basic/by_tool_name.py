"""Calls any tool by its name: `/tool key=value …`."""

import json
import re
from collections.abc import Mapping
from typing import cast

from pydantic_ai.tools import ToolDefinition

from cleo.models.basic.request import Action, Call, Reply, Tools

Schema = Mapping[str, object]

_WORD = re.compile(r'(?:[^\s"]|"[^"]*"?)+')
_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_EXAMPLES = {"integer": "1", "number": "1.5", "boolean": "true", "array": "a,b"}


def read_command(text: str, tools: Tools) -> Action | None:
    """Read `/tool key=value …`; None when it is no command. Words without a key are the first argument left."""
    if not re.match(r"/[a-z]", text, re.IGNORECASE):
        return None
    name, *words = _WORD.findall(text[1:].replace("“", '"').replace("”", '"'))
    tool = tools.get(name.casefold().replace("-", "_"))
    if tool is None:
        known = ", ".join(f"/{one}" for one in sorted(tools))
        return Reply(f"There is no tool /{name[:40]}. There are: {known}")
    schemas = _schemas(tool)
    pairs = [(word, *word.partition("=")) for word in words]
    values = {key: value.strip('"') for _, key, sign, value in pairs if sign and key in schemas}
    loose = [word.replace('"', "") for word, key, sign, _ in pairs if not sign or key not in schemas]
    if loose and (free := [one for one in [*_required(tool), *schemas] if one not in values]):
        values[free[0]] = " ".join(loose)
    if missing := [one for one in _required(tool) if one not in values]:
        return Reply(f"{tool.name} needs: {', '.join(missing)}. For example: {example(tool)}")
    try:
        return Call(tool.name, {key: _typed(value, schemas[key]) for key, value in values.items()})
    except (ValueError, KeyError, RecursionError):
        return Reply(f"Not all of these values fit {tool.name}. For example: {example(tool)}")


def example(tool: ToolDefinition) -> str:
    """Return how to call a tool, with all that it needs."""
    kinds = {name: str(_schemas(tool)[name].get("type")) for name in _required(tool)}
    pairs = [f"{name}={_EXAMPLES.get(kind, '…')}" for name, kind in kinds.items()]
    return " ".join([f"/{tool.name}", *pairs])


def _typed(text: str, schema: Schema) -> object:
    """Turn the text into what the schema asks for. Raises `ValueError` or `KeyError` when it does not fit."""
    if choices := cast("list[object] | None", schema.get("enum")):
        return {str(one).casefold(): one for one in choices}[text.casefold()]
    match schema.get("type"):
        case "boolean":
            return _BOOLEANS[text.casefold()]
        case "array" if not text.startswith("["):
            return [one.strip() for one in text.split(",") if one.strip()]
        case "array" | "integer" | "number" | "object":
            value = json.loads(text)
            json.dumps(value, allow_nan=False)  # raises ValueError for what is not a number
            return value
        case _:
            return text


def _schemas(tool: ToolDefinition) -> Mapping[str, Schema]:
    return cast("Mapping[str, Schema]", tool.parameters_json_schema.get("properties", {}))


def _required(tool: ToolDefinition) -> list[str]:
    return cast("list[str]", tool.parameters_json_schema.get("required", []))

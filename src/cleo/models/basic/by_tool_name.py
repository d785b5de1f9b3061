"""Tools that nobody wrote rules for: reached by the words of their names, or as `/tool key=value`."""

import json
import re
import shlex
from collections.abc import Mapping
from typing import cast

from pydantic_ai.tools import ToolDefinition

from cleo.models.basic.intents import INTENTS
from cleo.models.basic.request import Asked, Do, Plan, Say, Tools

_RULED = frozenset(tool for tool, _ in INTENTS) | {"help"}
_FILLER = frozenset(
    {"the", "a", "an", "my", "in", "of", "for", "to", "at", "is", "please", "me", "with", "on", "off"}
)
_ON = {
    "on": True,
    "off": False,
    "yes": True,
    "no": False,
    "true": True,
    "false": False,
    "open": True,
    "close": False,
}
_SAME = {"switch": "turn", "put": "turn", "lamp": "light", "lights": "light", "lamps": "light"}

Schema = Mapping[str, object]


def by_slash(text: str, tools: Tools) -> Plan | None:
    """Read `/tool key=value …`; words without a key are the first argument's."""
    if not re.match(r"/[a-z_]", text, re.IGNORECASE):
        return None
    name, _, rest = text[1:].partition(" ")
    name = name.casefold().replace("-", "_")
    tool = tools.get(name)
    if tool is None:
        known = ", ".join(f"/{one}" for one in sorted(tools))
        return Say(
            text=f"There is no tool /{name}. There are: {known}" if tools else f"There is no tool /{name}."
        )
    values, loose = _pairs(rest, _properties(tool))
    free = [one for one in [*_required(tool), *_properties(tool)] if one not in values]
    if loose and free:
        values[free[0]] = loose
    return _call(tool, values)


def by_name(asked: Asked) -> Plan | None:
    """Find the one tool whose name is said, and its arguments in what is left. Unsure: none."""
    words = [_same(word) for word in re.findall(r"[\w'@.+-]+", asked.text.casefold())]
    candidates = [tool for name, tool in asked.tools.items() if name not in _RULED and _named(tool, words)]
    if len(candidates) != 1:
        return None
    tool = candidates[0]
    name = set(_name_words(tool))
    rest = [word for word in re.findall(r"[\w'@.+-]+", asked.text) if _same(word.casefold()) not in name]
    values, left = _fill(tool, rest)
    if left or not _says_name_first(tool, words):
        return None
    return _call(tool, values)


def _named(tool: ToolDefinition, words: list[str]) -> bool:
    name = _name_words(tool)
    return bool(name) and all(word in words for word in name)


def _says_name_first(tool: ToolDefinition, words: list[str]) -> bool:
    """A request begins with the tool's name; "I dreamt that I turn on a light" does not."""
    first = next((word for word in words if word not in _FILLER), "")
    return first == _name_words(tool)[0]


def _name_words(tool: ToolDefinition) -> list[str]:
    return [_same(word) for word in tool.name.casefold().split("_") if word not in _FILLER]


def _same(word: str) -> str:
    return _SAME.get(word, word)


def _fill(tool: ToolDefinition, words: list[str]) -> tuple[dict[str, object], list[str]]:
    """Give every parameter the words that fit its type; tells which words found no place."""
    values: dict[str, object] = {}
    left = list(words)
    properties = _properties(tool)
    for name, schema in properties.items():
        choice = _take(schema, left)
        if choice is not None:
            values[name] = choice
    texts = [
        name
        for name, schema in properties.items()
        if schema.get("type") == "string" and name not in values and "enum" not in schema
    ]
    spoken = [word for word in left if word.casefold() not in _FILLER]
    if texts and spoken:
        values[next((one for one in texts if one in _required(tool)), texts[0])] = " ".join(spoken)
        return values, []
    return values, spoken


def _take(schema: Schema, left: list[str]) -> object | None:
    """Take the word that can only be meant for this parameter."""
    for word in left:
        value = _as_choice(schema, word.casefold())
        if value is not None:
            left.remove(word)
            return value
    return None


def _as_choice(schema: Schema, word: str) -> object | None:
    choices = schema.get("enum")
    if isinstance(choices, list):
        return next((one for one in cast("list[object]", choices) if str(one).casefold() == word), None)
    match schema.get("type"):
        case "boolean":
            return _ON.get(word)
        case "integer" if re.fullmatch(r"-?\d+", word):
            return int(word)
        case "number" if re.fullmatch(r"-?\d+(?:\.\d+)?", word):
            return float(word)
        case _:
            return None


def _pairs(text: str, properties: Mapping[str, Schema]) -> tuple[dict[str, object], str]:
    try:
        words = shlex.split(text.replace("“", '"').replace("”", '"'))
    except ValueError:
        words = text.split()
    values: dict[str, object] = {}
    loose: list[str] = []
    for word in words:
        key, found, value = word.partition("=")
        if found and key in properties:
            values[key] = _typed(properties[key], value)
        else:
            loose.append(word)
    return values, " ".join(loose)


def _typed(schema: Schema, text: str) -> object:
    choice = _as_choice(schema, text.casefold())
    if choice is not None:
        return choice
    if schema.get("type") == "array":
        return [one.strip() for one in text.split(",") if one.strip()]
    if schema.get("type") in ("object", "number", "integer", "boolean"):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def _call(tool: ToolDefinition, values: dict[str, object]) -> Plan:
    properties = _properties(tool)
    typed = {
        key: _typed(properties.get(key, {}), value) if isinstance(value, str) else value
        for key, value in values.items()
    }
    missing = [name for name in _required(tool) if name not in typed]
    if missing:
        return Say(text=f"{tool.name} needs: {', '.join(missing)}. For example: {_example(tool)}")
    return Do(tool=tool.name, args=typed)


def _example(tool: ToolDefinition) -> str:
    examples = {"string": "…", "integer": "1", "number": "1.5", "boolean": "true", "array": "a,b"}
    pairs = [
        f"{name}={examples.get(str(_properties(tool)[name].get('type')), '…')}" for name in _required(tool)
    ]
    return " ".join([f"/{tool.name}", *pairs])


def _properties(tool: ToolDefinition) -> Mapping[str, Schema]:
    return cast("Mapping[str, Schema]", tool.parameters_json_schema.get("properties", {}))


def _required(tool: ToolDefinition) -> list[str]:
    required: list[str] = tool.parameters_json_schema.get("required", [])
    return [name for name in required if name in _properties(tool)]

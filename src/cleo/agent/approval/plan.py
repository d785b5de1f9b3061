"""The plan of a call: the exact bytes that are shown, hashed and run."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic_ai.tools import ToolDefinition
from pydantic_core import to_jsonable_python


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCall:
    """A call that waits for a yes, as it will be shown."""

    call_id: str
    tool: str
    tool_hash: str
    plan: str


def freeze(tool: str, arguments: Mapping[str, object]) -> str:
    """Write a call down as canonical JSON."""
    plan = {"tool": tool, "args": to_jsonable_python(dict(arguments))}
    return json.dumps(plan, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(plan: str) -> str:
    """Return the hex SHA-256 of a plan."""
    return hashlib.sha256(plan.encode("utf-8", "surrogatepass")).hexdigest()


def tool_hash(definition: ToolDefinition) -> str:
    """Return the hex SHA-256 of a tool's description and parameters: a changed tool does not inherit an old yes."""
    text = json.dumps(
        [definition.name, definition.description, definition.parameters_json_schema], sort_keys=True
    )
    return hashlib.sha256(text.encode()).hexdigest()

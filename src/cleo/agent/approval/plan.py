"""The plan of a call: the exact bytes that are shown, hashed and run, and where the call comes from."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, cast

from pydantic_core import to_jsonable_python


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCall:
    """A call that waits for a yes, as it will be shown."""

    call_id: str
    tool: str
    tool_hash: str
    plan: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who asked for a call, in which chat, and whose words the model had read; empty where the chat says it."""

    by: tuple[str, ...] = ()
    chat: str = ""
    words_of: tuple[str, ...] = ()


def freeze(tool: str, arguments: Mapping[str, object], origin: Origin | None = None) -> str:
    """Write a call down as canonical JSON."""
    return _write(tool, arguments, asdict(origin) if origin else {})


def frozen_again(plan: str, tool: str, arguments: Mapping[str, object]) -> str:
    """Write a call down that has the origin of this plan: it is the same text if it is the same call."""
    return _write(tool, arguments, _read(plan).get("origin", {}))


def read_arguments(plan: str) -> dict[str, Any]:
    """Return the arguments of a plan."""
    return _read(plan)["args"]


def read_origin(plan: str) -> Origin:
    """Return where the call of a plan comes from."""
    origin: Mapping[str, Any] = _read(plan).get("origin", {})
    return Origin(
        by=tuple(origin.get("by", ())),
        chat=origin.get("chat", ""),
        words_of=tuple(origin.get("words_of", ())),
    )


def digest(plan: str) -> str:
    """Return the hex SHA-256 of a plan."""
    return hashlib.sha256(plan.encode("utf-8", "surrogatepass")).hexdigest()


def _write(tool: str, arguments: Mapping[str, object], origin: Mapping[str, object]) -> str:
    told = {name: value for name, value in origin.items() if value}
    plan = {"tool": tool, "args": to_jsonable_python(dict(arguments)), **({"origin": told} if told else {})}
    return json.dumps(plan, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _read(plan: str) -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads(plan))

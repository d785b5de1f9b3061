"""Reads a request of the model library: what the person wrote last, and what came of it so far."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextContent,
    ToolCallPart,
    ToolReturnPart,
    UserContent,
    UserPromptPart,
)
from pydantic_ai.models import ModelRequestParameters

_NOW = re.compile(r"^Now: (?P<iso>\S+)(?: \((?P<zone>[^)\s]+)\))?\s*$", re.MULTILINE)
_FACT = re.compile(r"^\[(?:confirmed: )?[2-9A-HJKMNP-Z]{4}(?:: [^\]\n]*)?\]$")


@dataclass(slots=True, kw_only=True)
class Called:
    """A call of this turn; `result` is missing until it ran."""

    call: ToolCallPart
    result: ToolReturnPart | None = None


@dataclass(slots=True, kw_only=True)
class Received:
    """Something that is not words: a picture, a recording, a document, a place."""

    kind: str
    name: str = ""


@dataclass(slots=True, kw_only=True)
class Turn:
    """The newest prompt and everything after it."""

    now: datetime
    texts: list[str] = field(default_factory=list[str])
    received: list[Received] = field(default_factory=list[Received])
    facts: list[str] = field(default_factory=list[str])
    """Lines of the agent about questions that were settled in between."""
    earlier: list[ToolReturnPart] = field(default_factory=list[ToolReturnPart])
    """Results that came together with the prompt: of what was asked before."""
    calls: list[Called] = field(default_factory=list[Called])


def read_turn(
    messages: Sequence[ModelMessage], parameters: ModelRequestParameters, clock: Callable[[], datetime]
) -> Turn:
    """Read everything from the newest prompt on."""
    turn = Turn(now=_now(messages, parameters, clock))
    start = max((i for i, message in enumerate(messages) if _prompts(message)), default=0)
    for message in messages[start:]:
        if isinstance(message, ModelResponse):
            turn.calls.extend(Called(call=part) for part in message.parts if isinstance(part, ToolCallPart))
        else:
            _read_request(message, turn)
    return turn


def _read_request(message: ModelRequest, turn: Turn) -> None:
    for part in message.parts:
        if isinstance(part, UserPromptPart):
            items = [part.content] if isinstance(part.content, str) else part.content
            for item in items:
                _read_item(item, turn)
        elif isinstance(part, ToolReturnPart):
            called = next((one for one in turn.calls if one.call.tool_call_id == part.tool_call_id), None)
            if called is None:
                turn.earlier.append(part)
            else:
                called.result = part


def _read_item(item: UserContent, turn: Turn) -> None:
    if isinstance(item, TextContent) and item.metadata:
        turn.received.append(_received(item.content))
    elif isinstance(item, str | TextContent):
        text = item if isinstance(item, str) else item.content
        for paragraph in _without_facts(text, turn):
            turn.texts.append(paragraph)
    else:
        turn.received.append(Received(kind=getattr(item, "kind", "file")))


def _received(label: str) -> Received:
    """Read a label such as "[image holiday.jpg]"."""
    kind, _, name = label.strip().strip("[]").partition(" ")
    return Received(kind=kind.strip(":"), name=name.strip())


def _without_facts(text: str, turn: Turn) -> Iterable[str]:
    lines = text.strip().split("\n")
    turn.facts.extend(line for line in lines if _FACT.match(line.strip()))
    rest = "\n".join(line for line in lines if not _FACT.match(line.strip())).strip()
    return [rest] if rest else []


def _prompts(message: ModelMessage) -> bool:
    return isinstance(message, ModelRequest) and any(
        isinstance(part, UserPromptPart) for part in message.parts
    )


def _now(
    messages: Sequence[ModelMessage], parameters: ModelRequestParameters, clock: Callable[[], datetime]
) -> datetime:
    """The person's time, from the line `Now: 2026-11-23T15:04:05+01:00 (Europe/Berlin)` of the instructions."""
    texts = [part.content for part in parameters.instruction_parts or []]
    texts += [m.instructions for m in reversed(messages) if isinstance(m, ModelRequest) and m.instructions]
    for text in texts:
        found = _NOW.search(text)
        if found:
            try:
                moment = datetime.fromisoformat(found["iso"])
                return moment.astimezone(ZoneInfo(found["zone"]) if found["zone"] else moment.tzinfo or UTC)
            except (ValueError, KeyError):  # a zone that this machine does not know
                continue
    return clock()

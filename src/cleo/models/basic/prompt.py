"""Reads a request of the model library: what the person wrote last, and what came of it so far."""

import re
from collections.abc import Sequence
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
_REPLY = re.compile(r"\(in reply to: (['\"]).*?\1\) ", re.DOTALL)
_LABEL = re.compile(
    r"(?:[^:\n\[]{1,60}: )?\[(?P<kind>[a-z][\w-]*)(?::? ?(?P<label>[^\]]*))?\](?P<caption>.*)", re.DOTALL
)
_KEPT = re.compile(r"(?:(?P<name>.+) )?(?P<id>[0-9a-f]{8})")
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
    problem: str = ""
    """Why Cleo does not have it."""


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


def read_turn(messages: Sequence[ModelMessage], parameters: ModelRequestParameters) -> Turn:
    """Read everything from the newest prompt on."""
    turn = Turn(now=_now(messages, parameters))
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
    if not isinstance(item, str | TextContent):
        turn.received.append(Received(kind=getattr(item, "kind", "file")))
        return
    text = _REPLY.sub("", item if isinstance(item, str) else item.content)
    text = _without_facts(text, turn)
    found = _LABEL.fullmatch(text)
    if found:
        turn.received.append(_received(found["kind"], found["label"] or ""))
        text = (found["caption"] or "").strip()
    if text:
        turn.texts.append(text)


def _received(kind: str, label: str) -> Received:
    """Read the inside of a label: "holiday.jpg 3f2a1b2c", or "holiday.jpg: why it is not there"."""
    kept = _KEPT.fullmatch(label.strip())
    if kept:
        return Received(kind=kind, name=kept["name"] or f"{kind}-{kept['id']}")
    name, problem, reason = label.partition(": ")
    return Received(kind=kind, name=name.strip(" :"), problem=reason if problem else "")


def _without_facts(text: str, turn: Turn) -> str:
    lines = text.strip().split("\n")
    turn.facts.extend(line for line in lines if _FACT.match(line.strip()))
    return "\n".join(line for line in lines if not _FACT.match(line.strip())).strip()


def _prompts(message: ModelMessage) -> bool:
    return isinstance(message, ModelRequest) and any(
        isinstance(part, UserPromptPart) for part in message.parts
    )


def _now(messages: Sequence[ModelMessage], parameters: ModelRequestParameters) -> datetime:
    """The person's time, from the line `Now: 2026-11-23T15:04:05+01:00 (Europe/Berlin)` of the instructions.

    Without such a line: when the newest prompt was made, in UTC.
    """
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
    requests = [message for message in messages if isinstance(message, ModelRequest)]
    prompts = [part for message in requests for part in message.parts if isinstance(part, UserPromptPart)]
    return prompts[-1].timestamp.astimezone(UTC) if prompts else datetime.fromtimestamp(0, UTC)

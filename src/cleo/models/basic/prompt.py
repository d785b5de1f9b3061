"""The newest prompt of a conversation, and the tool calls and results that came after it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from pydantic_ai import messages as library
from pydantic_ai.models import ModelRequestParameters

from cleo.domain.content import ANNOTATION

_NOW = re.compile(r"^Now: (?P<iso>\S+)(?: \((?P<zone>[^)\s]+)\))?\s*$", re.MULTILINE)
_ABOUT_WORDS = re.compile(r"(?:owner|member) |forwarded$|in reply to: ")
"""Begins an annotation that names no attachment."""
_LABEL = re.compile(r"(?P<kind>[a-z][\w-]{0,30})(?::? ?(?P<label>.*))?")
_STORED = re.compile(r"\A(?:(?P<name>.+) )?(?P<id>[0-9a-f]{8})")


@dataclass(slots=True)
class Called:
    """A tool call since the prompt; `result` is None until it ran."""

    call: library.ToolCallPart
    result: library.ToolReturnPart | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part of the prompt that is not text: an image, a recording, a document, a location."""

    kind: str
    name: str = ""
    problem: str = ""
    """Why the file could not be fetched."""


@dataclass(slots=True)
class Prompt:
    """The newest prompt and everything after it."""

    now: datetime
    texts: list[str] = field(default_factory=list[str])
    attachments: list[Attachment] = field(default_factory=list[Attachment])
    earlier: list[library.ToolReturnPart] = field(default_factory=list[library.ToolReturnPart])
    """Results of calls that were made before the prompt."""
    calls: list[Called] = field(default_factory=list[Called])


def read_prompt(messages: Sequence[library.ModelMessage], parameters: ModelRequestParameters) -> Prompt:
    """Read all messages from the newest prompt on."""
    written, start = datetime.fromtimestamp(0, UTC), 0
    for place, message in enumerate(messages):
        for part in message.parts:
            if isinstance(part, library.UserPromptPart):
                written, start = part.timestamp.astimezone(UTC), place
    prompt = Prompt(_now(parameters) or written)
    for message in messages[start:]:
        for part in message.parts:
            _read_part(part, prompt)
    return prompt


def _read_part(part: library.ModelRequestPart | library.ModelResponsePart, prompt: Prompt) -> None:
    if isinstance(part, library.UserPromptPart):
        for item in [part.content] if isinstance(part.content, str) else part.content:
            _read_item(item, prompt)
    elif isinstance(part, library.ToolCallPart):
        prompt.calls.append(Called(part))
    elif isinstance(part, library.ToolReturnPart):
        called = next((one for one in prompt.calls if one.call.tool_call_id == part.tool_call_id), None)
        if called:
            called.result = part
        else:
            prompt.earlier.append(part)


def _read_item(item: library.UserContent, prompt: Prompt) -> None:
    if not isinstance(item, str | library.TextContent):
        prompt.attachments.append(Attachment(getattr(item, "kind", "file")))
        return
    text = item if isinstance(item, str) else item.content
    for note in ANNOTATION.findall(text):
        if (label := _LABEL.fullmatch(note)) and not _ABOUT_WORDS.match(note):
            prompt.attachments.append(_attachment(label["kind"], label["label"] or ""))
    if words := ANNOTATION.sub("", text).strip():
        prompt.texts.append(words)


def _attachment(kind: str, label: str) -> Attachment:
    """Read the inside of a label: "holiday.jpg 3f2a1b2c", or "holiday.jpg: why it could not be fetched"."""
    if stored := _STORED.fullmatch(label.strip()):
        return Attachment(kind, stored["name"] or f"{kind}-{stored['id']}")
    name, _, problem = label.partition(": ")
    return Attachment(kind, name.strip(" :"), problem)


def _now(parameters: ModelRequestParameters) -> datetime | None:
    """Return the person's time, from a line `Now: 2026-11-23T15:04:05+01:00 (Europe/Berlin)` of instructions."""
    for part in parameters.instruction_parts or []:
        if found := _NOW.search(part.content):
            try:
                moment = datetime.fromisoformat(found["iso"])
                return moment.astimezone(ZoneInfo(found["zone"]) if found["zone"] else moment.tzinfo or UTC)
            except (ValueError, KeyError):  # a zone that this machine does not know
                continue
    return None

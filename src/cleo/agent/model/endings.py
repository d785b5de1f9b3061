"""How an answer ended: whole, cut short, held back by the provider, or without anything in it."""

import unicodedata
from dataclasses import replace
from typing import Literal

from pydantic_ai.messages import ModelResponse, ModelResponsePart, TextPart, ThinkingPart, ToolCallPart

from cleo.agent.model.thoughts import after_thought, without_thoughts
from cleo.domain.content import annotate

CONTINUATIONS = 2
"""So often an answer that was cut short is continued."""

CUT_SHORT = " … (cut short)"
GO_ON = annotate("Your answer was cut off by its length. Go on exactly where it stopped, and repeat nothing.")
SAY_IT = annotate("Your answer was empty. Answer in words now.")
HELD_BACK = "⚠️ The model's provider held this answer back because of its content rules."
SILENT = "⚠️ The model gave no answer, twice. Please ask again, perhaps in other words."

Ending = Literal["whole", "cut", "held back", "empty", "broken"]

_SHOWS_NOTHING = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp", "Cs"})
_BLANK = frozenset("\u2800\u3164\u115f\u1160\uffa0\u034f\ufe0f")


def for_people(response: ModelResponse) -> ModelResponse:
    """Take thoughts out of the words of an answer, and what cannot be written down."""
    parts: list[ModelResponsePart] = []
    text = ""
    for part in [*response.parts, None]:
        if isinstance(part, TextPart):  # a tag may be divided between neighbours
            text += part.content
            continue
        if words := _writable(without_thoughts(text)):
            parts.append(TextPart(words))
        text = after_thought(part.content) if isinstance(part, ThinkingPart) else ""
        if part:
            parts.append(part)
    return replace(response, parts=parts)


def _writable(text: str) -> str:
    return text if text.isascii() else text.encode(errors="replace").decode()


def ending(response: ModelResponse) -> Ending:
    """Tell how an answer ended; thoughts were taken out already."""
    if any(isinstance(part, ToolCallPart) for part in response.parts):
        return "whole"
    if response.finish_reason == "content_filter":
        return "held back"
    if response.finish_reason == "error":
        return "broken"
    if not shows_something(response.text or ""):
        return "empty"
    return "cut" if response.finish_reason == "length" else "whole"


def shows_something(text: str) -> bool:
    """Tell whether a person sees anything of a text."""
    return any(unicodedata.category(mark) not in _SHOWS_NOTHING and mark not in _BLANK for mark in text)


def joined(first: ModelResponse, more: ModelResponse) -> ModelResponse:
    """Make one answer of two, of which the second continues the first."""
    words = (first.text or "") + (more.text or "")
    others = [part for part in (*first.parts, *more.parts) if not isinstance(part, TextPart)]
    return replace(more, parts=[TextPart(words), *others], usage=first.usage + more.usage)


def with_words(response: ModelResponse, words: str) -> ModelResponse:
    """Put other words in place of an answer's own."""
    return replace(response, parts=[TextPart(words)])

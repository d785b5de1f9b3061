"""What to say about the results of tools: by how each ended, never more than it did."""

import json
from typing import cast

from pydantic_ai.messages import ToolReturnPart

_LONGEST = 3500


def phrase(result: ToolReturnPart) -> str:
    """Tell one result: done, refused, failed, waiting or unknown."""
    text, what = _text(result), _what(result)
    if "NOT RUN YET" in text:
        return f"⏳ Not done yet: {what} waits for your answer to my question."
    if "outcome unknown" in text:
        return f"⚠️ I started to {what}, but I do not know whether it was done. I did not repeat it. Please check."
    said = {
        "success": text or f"Done: {what}.",
        "denied": _refused(text, what),
        "interrupted": f"⚠️ I was interrupted while I wanted to {what}. Please ask again if it is still needed.",
        "retried": f"I could not {what}: {text}",
        "failed": text.removeprefix("NOT DONE: ") or f"I could not {what}.",
    }
    return said[result.outcome]


def _refused(text: str, what: str) -> str:
    if "nobody answered" in text:
        return f"⌛ Not done: nobody answered my question in time ({what})."
    if "wants a change" in text:
        return f"Not done: {what}."
    if text.startswith("NOT DONE:"):
        return f"I did not {what}: {text.removeprefix('NOT DONE:').strip()}"
    return f"OK, I did not {what}."


def _what(result: ToolReturnPart) -> str:
    return result.tool_name.replace("_", " ")


def _text(result: ToolReturnPart) -> str:
    content = result.content
    text = content if isinstance(content, str) else _lines(json.loads(result.model_response_str()))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} … ({len(text):,} characters)"


def _lines(value: object) -> str:
    """Write what a tool returned as data in lines that people can read."""
    if isinstance(value, dict):
        return "\n".join(f"{key}: {_inline(one)}" for key, one in cast("dict[str, object]", value).items())
    if isinstance(value, list):
        return "\n".join(f"• {_inline(one)}" for one in cast("list[object]", value))
    return _inline(value)


def _inline(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

"""What to say about the results of tools: by how each ended, never more than it did."""

import json
from typing import cast

from pydantic_ai.messages import ToolReturnPart

_LONGEST = 3500


def phrase(result: ToolReturnPart) -> str:
    """Tell one result: done, refused, failed, waiting or unknown."""
    text = _text(result)
    if "NOT RUN YET" in text:
        return f"⏳ Not done yet: {_what(result)} waits for your answer to my question."
    if "outcome unknown" in text:
        return f"⚠️ I started to {_what(result)}, but I do not know whether it was done. I did not repeat it. Please check."
    match result.outcome:
        case "success":
            return text or f"Done: {_what(result)}."
        case "denied":
            return _refused(result, text)
        case "interrupted":
            return f"⚠️ I was interrupted while I wanted to {_what(result)}. Please ask again if it is still needed."
        case "retried":
            return f"I could not {_what(result)}: {text}"
        case "failed":
            return text.removeprefix("NOT DONE: ") or f"I could not {_what(result)}."


def _refused(result: ToolReturnPart, text: str) -> str:
    if "nobody answered" in text:
        return f"⌛ Not done: nobody answered my question in time ({_what(result)})."
    if "wants a change" in text:
        return f"Not done: {_what(result)}."
    if text.startswith("NOT DONE:"):
        return f"I did not {_what(result)}: {text.removeprefix('NOT DONE:').strip()}"
    return f"OK, I did not {_what(result)}."


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

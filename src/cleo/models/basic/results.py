"""Puts results of tools into words: how each call ended, and never more than was done."""

import json

from pydantic_ai.messages import ToolReturnPart

_LONGEST = 3500
WAITING = "NOT RUN YET"
"""How the agent begins the result of a call that waits for a confirmation."""


def describe(result: ToolReturnPart) -> str:
    """Return what became of one call: done, denied, failed, waiting or unknown."""
    text, name = _text(result), result.tool_name.replace("_", " ")
    match result.outcome:
        case "success":
            return text or f"Done: {name}."
        case "denied":
            return _denied(text, name)
        case "interrupted":
            return f"⚠️ I was interrupted while I wanted to {name}. Please ask again if it is still needed."
        case "retried":
            return f"I could not {name}: not all of the values fit."
        case "failed" if "outcome unknown" in text:
            return f"⚠️ I started to {name}, but nobody knows whether it was done. I did not repeat it. Please check."
        case "failed":
            return text.removeprefix("NOT DONE: ") or f"I could not {name}."


def _denied(text: str, name: str) -> str:
    if text.startswith(WAITING):
        return f"⏳ Not done yet: {name} waits for your answer to my question."
    if "nobody answered" in text:
        return f"⌛ Not done: nobody answered my question in time ({name})."
    if "wants a change" in text:
        return f"Not done: {name}."
    reason = text.removeprefix("NOT DONE: ")
    return f"OK, I did not {name}." if reason == text else f"I did not {name}: {reason}"


def _text(result: ToolReturnPart) -> str:
    """Return the text of a result; other data as JSON, each entry in a line."""
    data = result.content if isinstance(result.content, str) else json.loads(result.model_response_str())
    text = data if isinstance(data, str) else json.dumps(data, indent=0, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} … ({len(text):,} characters)"

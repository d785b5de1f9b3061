"""A model that names the number of each message it reads, and does what the message asks for. It keeps no state."""

import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from tests.support.openai_mock import Answer, Body, Calls, Fails, OpenAIMock, Says, wrong_history

WISH = re.compile(r"\b(m\d{5})-(say|long|mark|press|file|remind|poison)\b")
"""What a phone writes: a number, and what it wishes."""
PARTS = 3
"""Bubbles of a long answer."""
_PAGE = "word " * 700
_OUTCOMES = (
    ("done", ("done m", "📎", "⏰")),
    ("denied", ("The user said NO",)),
    ("waiting", ("NOT RUN YET",)),
    ("unknown", ("outcome unknown",)),
)


@dataclass
class NumberedModel(OpenAIMock):
    """Answers `ok m00042`, and `done m00042` and the like for what came of tools; `delay` is in seconds."""

    delay: float = 0.0

    def answer_to(self, body: Body) -> Answer:
        messages = cast("list[Body]", body["messages"])
        if wrong := wrong_history(messages):
            self.refused.append(wrong)
            return Fails(400, wrong)
        time.sleep(self.delay)
        return _answer(_unanswered(messages))

    @property
    def settings(self) -> dict[str, str]:
        """What the agent needs to use it."""
        return {
            "CLEO_MODEL": "openai-chat:numbered",
            "OPENAI_BASE_URL": self.base_url,
            "OPENAI_API_KEY": "a-key-of-the-tests",
        }


def _answer(messages: Sequence[Body]) -> Answer:
    wishes = {number: wish for message in messages for number, wish in WISH.findall(_words(message))}
    made = {id: call for message in messages for id, call in _calls(message).items()}
    numbers = set(re.findall(r"m\d{5}", " ".join(made.values())))
    if calls := [call for n, wish in wishes.items() if n not in numbers if (call := _call(n, wish))]:
        return Calls(tuple(calls))
    lines = [f"ok {number}" for number in wishes]
    for message in messages:
        if message["role"] == "tool":
            lines += [
                f"{_outcome(_text(message))} {number}"
                for number in re.findall(r"m\d{5}", made[message["tool_call_id"]])
            ]
    for number, wish in wishes.items():
        if wish == "long":
            lines += [f"\n\npart {part} of {number} {_PAGE}" for part in range(1, PARTS + 1)]
    return Says("\n".join(lines) or "nothing to say")


def _unanswered(messages: Sequence[Body]) -> Sequence[Body]:
    """What came after the last answer in words."""
    for place in range(len(messages) - 1, -1, -1):
        message = messages[place]
        if message["role"] == "assistant" and not message.get("tool_calls"):
            return messages[place + 1 :]
    return messages


def _call(number: str, wish: str) -> tuple[str, Body] | None:
    match wish:
        case "mark" | "press" | "poison":
            return wish, {"number": number}
        case "file":
            return "send_file", {"file": f"{number}.png"}
        case "remind":
            soon = datetime.now(UTC) + timedelta(seconds=1)
            return "set_reminder", {"text": f"rang {number}", "when": soon.isoformat()}
        case _:
            return None


def _calls(message: Body) -> dict[str, str]:
    calls = cast("list[Body]", message.get("tool_calls") or [])
    return {call["id"]: call["function"]["arguments"] for call in calls}


def _words(message: Body) -> str:
    return _text(message) if message["role"] == "user" else ""


def _text(message: Body) -> str:
    content = message.get("content") or ""
    return content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)


def _outcome(said: str) -> str:
    return next((name for name, marks in _OUTCOMES if any(mark in said for mark in marks)), "failed")

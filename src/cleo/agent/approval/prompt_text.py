"""The question before a tool changes something: written by code from the frozen plan, never by the model."""

import json
import re
from collections.abc import Iterator, Sequence

from cleo.agent.approval.plan import read_arguments, read_origin
from cleo.agent.approval.visible import name_of, visible
from cleo.domain.confirmation import EXPIRY

QUESTION_MAX = 1024
"""Characters of one question: fits under a photo and into a button message."""
_VALUE_MAX = 160
_PIECE_MAX = 900
"""Characters of a line of what is shown in full: each is quoted for itself, wherever the message is cut."""
_LABEL_MAX = 80
_ABOVE = "(whole text above)"


def question(title: str, ref: str, plan: str, expiry: float = EXPIRY) -> tuple[str, str]:
    """Write the question, open for `expiry` seconds; and the full plan if a value is too long for it, else "".

    Each line of the full plan is at most 1000 characters long. Values stand between backticks: there, WhatsApp reads
    no marks of its own.
    """
    arguments = read_arguments(plan)
    lines: list[str] = []
    whole: list[str] = []
    for name, value in arguments.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        whole += _in_full(name, text)
        lines.append(f"{name}: {_short(text)}" if isinstance(value, str) else f"{name}: {_bare(text)}")
    origin = _origin(plan)
    body = _frame(title, ref, [*lines, *origin], expiry)
    cut = len(body) > QUESTION_MAX or any(line.endswith(_ABOVE) for line in lines)
    if len(body) > QUESTION_MAX:
        body = _frame(title, ref, [f"{len(arguments)} values {_ABOVE}", *origin], expiry)
    return body, "\n".join([f"*{title}* · {ref}, in full:", *whole]) if cut else ""


def packed(whole: str, size: int) -> list[str]:
    """Put the lines of a full plan into messages of at most `size` characters."""
    messages: list[str] = []
    for line in whole.splitlines():
        if messages and len(messages[-1]) + 1 + len(line) <= size:
            messages[-1] += f"\n{line}"
        else:
            messages.append(line)
    return messages


def _frame(title: str, ref: str, lines: Sequence[str], expiry: float) -> str:
    minutes = max(1, round(expiry / 60))
    head = f"⏳ *Confirm: {title}* · {ref}"
    foot = f"👍 do it   👎 don't   – or reply to this message\nGood for {minutes} min."
    return "\n".join([head, *lines, foot])


def _origin(plan: str) -> list[str]:
    """Say who asked, where, and whose words had part in it."""
    origin = read_origin(plan)
    lines = [f"Asked by {_named(origin.by)}, {visible(origin.chat)}"] if origin.by else []
    return [*lines, f"⚠️ With words of others: {_named(origin.words_of)}"] if origin.words_of else lines


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{_label(name)}`" for name in names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"


def _label(name: str) -> str:
    shown = visible(name)
    return shown if len(shown) <= _LABEL_MAX else f"{shown[:_LABEL_MAX].rstrip()}…"


def _bare(text: str) -> str:
    """Numbers and switches need no quotes; anything longer is shown like text."""
    return (
        text
        if len(text) <= 20 and text.isascii() and text.replace(".", "").replace("-", "").isalnum()
        else _short(text)
    )


def _short(text: str) -> str:
    if len(text) <= _VALUE_MAX:
        return f"`{visible(text)}`" if text else "(empty)"
    rows = text.strip().splitlines() or [text]
    first, last = _end(rows[0][:60]), _end(rows[-1][-60:])
    return f"`{first}` … `{last}` – {len(text):,} characters {_ABOVE}"


def _end(text: str) -> str:
    return visible(text.strip(" ") or text)


def _in_full(name: str, text: str) -> Iterator[str]:
    head = f"{name}: "
    for piece in _pieces(visible(text)):
        yield f"{head}`{piece}`"
        head = ""
    if head:
        yield f"{head}(empty)"


def _pieces(shown: str) -> Iterator[str]:
    """Cut a text so that no piece ends in a space: WhatsApp would not take its backticks for quotes."""
    while len(shown) > _PIECE_MAX:
        ends = range(_PIECE_MAX, _PIECE_MAX - 60, -1)
        end = next((at for at in ends if " " not in shown[at - 1 : at + 1]), _PIECE_MAX)
        yield re.sub(" $", name_of(" "), shown[:end])
        shown = re.sub("^ ", name_of(" "), shown[end:])
    if shown:
        yield shown

"""The question before a tool changes something: written by code from the frozen plan, never by the model."""

import json
import re
import unicodedata
from collections.abc import Mapping

from cleo.domain.confirmation import EXPIRY

QUESTION_MAX = 1024
"""Characters of one question: fits under a photo and into a button message."""
_VALUE_MAX = 160

_INVISIBLE = frozenset(
    {
        *range(0x20),
        *range(0x7F, 0xA0),
        0x00AD,
        0x034F,
        0x061C,
        0x115F,
        0x1160,
        0x17B4,
        0x17B5,
        *range(0x180B, 0x1810),
        *range(0x200B, 0x2010),
        *range(0x2028, 0x202F),
        *range(0x2060, 0x2070),
        0x2800,
        0x3164,
        *range(0xFE00, 0xFE10),
        0xFEFF,
        0xFFA0,
        *range(0xFFF9, 0xFFFC),
        *range(0xE0000, 0xE01F0),
    }
)
"""Installation that are not seen, or that turn text around. A category test would miss half of them."""

_HOST = re.compile(r"(?<![\w.])(?:[^\W_][\w-]*\.)+[^\W\d_]{2,}", re.UNICODE)


def visible(text: str) -> str:
    """Show every mark: what cannot be seen as `\\u{…}`, line ends as ⏎, foreign-script domains as punycode."""
    shown = "".join(_show(mark) for mark in text)
    return _HOST.sub(_punycode, shown).replace("`", "\\u{60}")


def question(title: str, ref: str, plan: str, expiry: float = EXPIRY) -> tuple[str, str]:
    """Write the question, open for `expiry` seconds; and the full plan if a value is too long for it, else ""."""
    arguments: Mapping[str, object] = json.loads(plan)["args"]
    lines: list[str] = []
    whole: list[str] = []
    for name, value in arguments.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        whole.append(f"{name}: {visible(text)}")
        lines.append(f"{name}: {_short(text)}" if isinstance(value, str) else f"{name}: {_bare(text)}")
    body = _frame(title, ref, lines, expiry)
    cut = len(body) > QUESTION_MAX or any("(whole text above)" in line for line in lines)
    if len(body) > QUESTION_MAX:
        body = _frame(title, ref, [f"{len(arguments)} values (whole text above)"], expiry)
    return body, "\n".join([f"*{title}* · {ref}, in full:", *whole]) if cut else ""


def _frame(title: str, ref: str, lines: list[str], expiry: float) -> str:
    minutes = max(1, round(expiry / 60))
    head = f"⏳ *Confirm: {title}* · {ref}"
    foot = f"👍 do it   👎 don't   – or reply to this message\nGood for {minutes} min."
    return "\n".join([head, *lines, foot])


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
    first, last = visible(rows[0][:60]), visible(rows[-1][-60:])
    return f"`{first}` … `{last}` – {len(text):,} characters (whole text above)"


def _show(mark: str) -> str:
    if mark == "\n":
        return "⏎"
    if ord(mark) in _INVISIBLE or unicodedata.category(mark) in ("Cs", "Co", "Cn"):
        return f"\\u{{{ord(mark):x}}}"
    return mark


def _punycode(found: re.Match[str]) -> str:
    host = found.group()
    if host.isascii():
        return host
    try:
        return f"{host.encode('idna').decode()} (⚠️ foreign letters)"
    except UnicodeError:
        return f"{host} (⚠️ foreign letters)"

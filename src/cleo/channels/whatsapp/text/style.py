"""Styles in WhatsApp's marks: `*bold*`, `_italic_`, `~struck~`, `` `code` ``.

WhatsApp has no escape character. A mark counts only where it touches a word on one side and no letter on the other,
and only within a line; so a style that cannot be shown there is left out, and a mark that was meant as a character
is kept from its word by a zero-width space.
"""

import re
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

from cleo.channels.whatsapp.text.markdown import CODE, Code, Line, Span

FENCE = "```"

_MARKS = "*_~`"
_APART = "\u200b"
_ANY_MARK = re.compile(r"[*_~`]")
_LOOKS_LIKE_A_LIST = re.compile(r"[*\-•>] ")


@dataclass(slots=True)
class _Run:
    """Neighbouring characters from `start` to `end` that share a style."""

    mark: str
    start: int
    end: int


def show(item: Line | Code) -> str:
    """Write a line, or a block of code between fences, as WhatsApp reads it."""
    if isinstance(item, Code):
        return f"{FENCE}\n{item.body.replace(FENCE, FENCE[:2] + _APART + FENCE[2])}\n{FENCE}"
    return (item.prefix + _guard_start(item) + _show_spans(item.spans)).rstrip()


def _guard_start(line: Line) -> str:
    """Keep words that merely begin like a list or a quote from becoming one."""
    if line.prefix.strip() or not line.spans:
        return ""
    first = line.spans[0].text
    return _APART if _LOOKS_LIKE_A_LIST.match(first) else ""


def _show_spans(spans: tuple[Span, ...]) -> str:
    text = "".join(span.text for span in spans)
    runs = [run for run in _runs(spans) if _can_show(run, text)]
    opens: defaultdict[int, list[_Run]] = defaultdict(list)
    closes: defaultdict[int, list[_Run]] = defaultdict(list)
    for run in runs:
        opens[run.start].append(run)
        closes[run.end].append(run)
    cuts = sorted({0, len(text), *opens, *closes})
    coded = False
    shown: list[str] = []
    for here, there in pairwise((*cuts, len(text))):
        marks = [run.mark for run in sorted(closes[here], key=_inner_first)]
        marks += [run.mark for run in sorted(opens[here], key=_inner_first, reverse=True)]
        coded ^= marks.count(CODE) % 2 == 1
        shown += *marks, text[here:there] if coded else _guard(text, here, there)
    return "".join(shown)


def _inner_first(run: _Run) -> tuple[int, int]:
    return run.end - run.start, _MARKS.index(run.mark) * -1


def _runs(spans: tuple[Span, ...]) -> list[_Run]:
    found: list[_Run] = []
    going: dict[str, _Run] = {}
    place = 0
    for span in spans:
        end = place + len(span.text)
        going = {mark: run for mark, run in going.items() if mark in span.styles}
        for mark in span.styles - going.keys():
            going[mark] = _Run(mark, place, end)
            found.append(going[mark])
        for run in going.values():
            run.end = end
        place = end
    return found


def _can_show(run: _Run, text: str) -> bool:
    inside = text[run.start : run.end]
    if not inside or inside[0].isspace() or inside[-1].isspace():
        return False
    if run.mark in inside and run.mark == CODE:
        return False
    return not _is_letter(text, run.start - 1) and not _is_letter(text, run.end)


def _is_letter(text: str, place: int) -> bool:
    return 0 <= place < len(text) and text[place].isalnum()


def _guard(text: str, start: int, end: int) -> str:
    """Write the characters, with a zero-width space beside each that would count as a mark."""
    shown: list[str] = []
    for found in _ANY_MARK.finditer(text, start, end):
        place = found.start()
        before = text[place - 1 : place] or " "
        after = text[place + 1 : place + 2] or " "
        closes = not after.isalnum() and not before.isspace()
        opens = not before.isalnum() and not after.isspace()
        shown += text[start:place], _APART * closes, text[place], _APART * opens
        start = place + 1
    return "".join((*shown, text[start:end]))

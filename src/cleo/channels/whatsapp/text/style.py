"""Show styles in WhatsApp's marks: `*bold*`, `_italic_`, `~struck~`, `` `code` ``.

WhatsApp has no escape character. A mark opens where no letter or digit stands before it and no space after it, closes
where no space stands before it and no letter or digit after it, in all scripts, and only within a line. So

- a style that cannot be shown there is left out: the words stay, without marks;
- nothing is put into words, and nothing invisible beside them: what stands in the text is copied, opened and run;
- marks that are characters of the text, and that WhatsApp takes for a style, are left as they are. Only where that
  style would cover more than a few words it is broken, by showing an ordinary word with one of the marks as code, as
  in `` `*only` ``; a literal (see `literals`) is never taken for that;
- no mark touches a URL or an e-mail address: phones would take it for a part of it;
- code that has a fence within is shown without one of its own.
"""

import re
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from unicodedata import category

from cleo.channels.whatsapp.text.literals import is_link
from cleo.channels.whatsapp.text.markdown import Code, Line
from cleo.channels.whatsapp.text.spans import CODE, Span

FENCE = "```"

_MARKS = "*_~`"
_ANY_MARK = re.compile(r"[*_~`]")
_FEW_WORDS = 40
"""How many characters may be shown in a style by accident."""


@dataclass(slots=True)
class _Run:
    """Neighbouring characters from `start` to `end` that share a style."""

    mark: str
    start: int
    end: int


def show(item: Line | Code) -> str:
    """Write a line, or a block of code between fences, as WhatsApp reads it."""
    if isinstance(item, Code):
        return item.body if FENCE in item.body else f"{FENCE}\n{item.body}\n{FENCE}"
    return (item.prefix + _show_spans(item.spans)).rstrip()


def _show_spans(spans: tuple[Span, ...]) -> str:
    text = "".join(span.text for span in spans)
    has_marks = _ANY_MARK.search(text)
    if not has_marks and not any(span.styles for span in spans):
        return text
    runs = [run for run in _runs(spans) if _can_show(run, text)]
    shown, pairs = _write(text, runs)
    if not has_marks:
        return shown
    seen = _read(shown)
    if not seen.issuperset(pairs):  # a mark in the text would end a style, or begin it: without that style
        runs = [run for run, pair in zip(runs, pairs, strict=True) if pair in seen]
        shown, pairs = _write(text, runs)
        seen = _read(shown)
    if not seen.issuperset(pairs):
        return text
    if any(end - start > _FEW_WORDS for start, end in seen.difference(pairs)):
        return _without_accidents(shown, seen.difference(pairs), pairs, _literals(spans, runs))
    return shown


def _literals(spans: tuple[Span, ...], runs: list[_Run]) -> list[tuple[int, int]]:
    """Return where the literals stand in what is shown."""
    marks = sorted([run.start for run in runs] + [run.end for run in runs])
    found: list[tuple[int, int]] = []
    end = 0
    for span in spans:
        start, end = end, end + len(span.text)
        if span.whole:
            found.append((start + bisect(marks, start), end + bisect(marks, end)))
    return found


def _runs(spans: tuple[Span, ...]) -> list[_Run]:
    """Return where each style begins and ends, beside links and spaces at its edges."""
    found: list[_Run] = []
    going: dict[str, _Run] = {}
    place = 0
    for span in spans:
        start, end = place, place + len(span.text)
        place = end
        going = {mark: run for mark, run in going.items() if mark in span.styles}
        if span.whole and is_link(span.text):
            continue
        if CODE not in span.styles:
            start, end = end - len(span.text.lstrip()), start + len(span.text.rstrip())
        if start >= end:
            continue
        for mark in span.styles - going.keys():
            going[mark] = _Run(mark, start, end)
            found.append(going[mark])
        for run in going.values():
            run.end = end
    return found


def _can_show(run: _Run, text: str) -> bool:
    inside = text[run.start : run.end]
    if inside[0].isspace() or inside[-1].isspace() or (run.mark == CODE and CODE in inside):
        return False
    return not _is_letter(text, run.start - 1) and not _is_letter(text, run.end)


def _is_letter(text: str, place: int) -> bool:
    return 0 <= place < len(text) and (text[place].isalnum() or category(text[place])[0] == "M")


def _write(text: str, runs: list[_Run]) -> tuple[str, list[tuple[int, int]]]:
    """Write the marks, and return where those of each run stand."""
    edges = [(run.start, 1, -run.end, _MARKS.index(run.mark), place) for place, run in enumerate(runs)]
    edges += [(run.end, 0, -run.start, -_MARKS.index(run.mark), place) for place, run in enumerate(runs)]
    shown: list[str] = []
    opened, closed = [0] * len(runs), [0] * len(runs)
    here = 0
    for count, (place, opens, _, _, run) in enumerate(sorted(edges)):
        (opened if opens else closed)[run] = place + count
        shown += text[here:place], runs[run].mark
        here = place
    return "".join((*shown, text[here:])), list(zip(opened, closed, strict=True))


def _read(shown: str) -> set[tuple[int, int]]:
    """Return the pairs of marks that WhatsApp takes for a style, in a line."""
    found = set(_pairs(shown, [place for place, mark in enumerate(shown) if mark == CODE]))
    ends = dict(found)
    places: dict[str, list[int]] = {mark: [] for mark in _MARKS}
    code_end = -1
    for mark in _ANY_MARK.finditer(shown):
        if mark.start() > code_end:
            places[mark.group()].append(mark.start())
            code_end = ends.get(mark.start(), code_end)
    for mark in _MARKS.replace(CODE, ""):
        found.update(_pairs(shown, places[mark]))
    return found


def _pairs(shown: str, places: list[int]) -> Iterator[tuple[int, int]]:
    opened = -1
    for place in places:
        before, after = shown[place - 1 : place] or " ", shown[place + 1 : place + 2] or " "
        if opened >= 0 and place > opened + 1 and not before.isspace() and not _is_letter(shown, place + 1):
            yield opened, place
            opened = -1
        elif opened < 0 and not after.isspace() and not _is_letter(shown, place - 1):
            opened = place


def _without_accidents(
    shown: str, accidents: set[tuple[int, int]], meant: list[tuple[int, int]], literals: list[tuple[int, int]]
) -> str:
    """Show a word as code where its mark would cover more than a few words, unless that breaks what is meant."""
    edges: list[int] = []
    for start, end in sorted(accidents):
        word = _word_at(shown, start, end, literals) if end - start > _FEW_WORDS else None
        if word and word[0] >= (edges[-1] if edges else 0):
            edges += word
    pieces = [shown[start:end] for start, end in pairwise((0, *edges, len(shown)))]
    kept = {(start + bisect(edges, start), end + bisect(edges, end)) for start, end in meant}
    broken = CODE.join(pieces)
    return broken if kept <= _read(broken) else shown


def _word_at(shown: str, start: int, end: int, literals: list[tuple[int, int]]) -> tuple[int, int] | None:
    """Return the ordinary word that begins with a pair's first mark, else the one that ends with its second."""
    first, *others = shown[start : end + 1].split()
    if not others:
        return None
    last = others[-1]
    if not shown[max(start - 1, 0) : start].strip() and _is_ordinary(first, start, literals):
        return start, start + len(first)
    if not shown[end + 1 : end + 2].strip(" .,;:!?)") and _is_ordinary(last, end + 1 - len(last), literals):
        return end + 1 - len(last), end + 1
    return None


def _is_ordinary(word: str, start: int, literals: list[tuple[int, int]]) -> bool:
    before = bisect(literals, (start + len(word),)) - 1
    return len(_ANY_MARK.findall(word)) == 1 and (before < 0 or literals[before][1] <= start)

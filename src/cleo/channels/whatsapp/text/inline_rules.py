"""Inline rules of the Markdown parser: literals, the text between them, and which marks open and close a style."""

import re
from bisect import bisect_left
from typing import cast
from unicodedata import category, east_asian_width

from markdown_it import rules_inline
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter

from cleo.channels.whatsapp.text.literals import find_literals

_OPERAND_END = re.compile(r"[A-Za-z0-9)\]]")
_OPERAND_START = re.compile(r"[A-Za-z0-9(\[]")
_TWO_LETTERS = re.compile(r"[A-Za-z]{2}")
_STOPS = frozenset(",;:!?.，。、；：！？…")
_LABEL_ENDS = frozenset(":：")
_BEFORE_A_WORD = frozenset("\"'-*_~:;,|>")
_INSIDE_A_TERM = frozenset(",/=+-\\|&<@#$^%")


_PATTERN_GROUP = re.compile(r"\A(?:\?[:=!<]|.*\\[dwsbDWSB](?:[^\w\s]|$))")
_NO_TARGET = re.compile(r"[^/.:#@\\]*")


def _next_literal(state: StateInline, start: int) -> tuple[int, int]:
    """Return where the next literal of the paragraph begins and ends; beyond the paragraph if there is none."""
    known = cast("dict[str, tuple[tuple[int, int], ...]]", state.env.setdefault("literals", {}))
    if state.src not in known:
        known[state.src] = tuple(find_literals(state.src))
    places = known[state.src]
    place = bisect_left(places, (start,))
    return places[place] if place < len(places) else (len(state.src), len(state.src))


def literal(state: StateInline, silent: bool) -> bool:
    """Take a literal; where one begins with a link, the link."""
    start, end = _next_literal(state, state.pos)
    if start != state.pos or not start < end <= state.posMax:
        return False
    if state.src[start] == "[" and link(state, silent):
        return True
    if not silent:
        state.push("literal", "", 0).content = state.src[start:end]
    state.pos = end
    return True


def link(state: StateInline, silent: bool) -> bool:
    r"""Take a link, but neither a pattern such as `[a-z](\d+)` nor a term such as `rules[name](event)`."""
    start = state.pos
    if state.src[start] != "[" or not rules_inline.link(state, True):
        return False
    end, state.pos = state.pos, start
    target = state.src[state.src.rfind("](", start, end) + 2 : end - 1]
    is_term = _OPERAND_END.match(state.src, start - 1) if start else None
    if _PATTERN_GROUP.match(target) or (is_term and _NO_TARGET.fullmatch(target)):
        return False
    return rules_inline.link(state, silent)


def text(state: StateInline, silent: bool) -> bool:
    """Take text up to what may be a mark, or to a literal."""
    start = state.pos
    mark = state.md.inline.terminator_re.search(state.src, start, state.posMax)
    literal, _ = _next_literal(state, start + 1)
    end = min(mark.start() if mark else state.posMax, literal, state.posMax)
    if end == start:
        return False
    if not silent:
        state.append_pending(state.src[start:end])
    state.pos = end
    return True


def delimiters(state: StateInline, silent: bool) -> bool:
    """Take a row of `*`, `_` or `~`; which of them belong together is found when the paragraph is read."""
    start, mark = state.pos, state.src[state.pos]
    size = 2 if mark == "~" else 1
    if silent or mark not in "*_~":
        return False
    end = start + 1
    while end < state.posMax and state.src[end] == mark:
        end += 1
    state.pos = end
    opens, closes = _flanks(state.src, start, end) if end - start >= size else (False, False)
    if not opens and not closes:
        state.append_pending(mark * (end - start))
        return True
    state.append_pending(mark * ((end - start) % size))
    for _ in range((end - start) // size):
        state.push("text", "", 0).content = mark * size
        length = 0 if mark == "~" else end - start
        state.delimiters.append(Delimiter(ord(mark), length, len(state.tokens) - 1, -1, opens, closes))
    return True


def _flanks(text: str, start: int, end: int) -> tuple[bool, bool]:
    """Return whether the marks may open and whether they may close."""
    before, after = text[start - 1 : start] or " ", text[end : end + 1] or " "
    mark, length = text[start], end - start
    if length > 3 and (before.isspace() or after.isspace()):  # as of a card: ****1234
        return False, False
    if mark != "_" and _OPERAND_END.match(before) and _OPERAND_START.match(after):
        left, right = _TWO_LETTERS.match(text, max(start - 2, 0), start), _TWO_LETTERS.match(text, end)
        is_double = length == 2
        return is_double and bool(right and (left or before in ")]")), is_double and bool(left or right)
    opens, closes = _can_open(before, after, length == 1), _can_close(before, after, length == 1)
    if length == 2 and before.isspace():  # as models write it: **Note: **text
        closes = start > 2 and text[start - 2] in _LABEL_ENDS and _is_letter(text[start - 3])
    if mark == "_":
        opens = opens and not _is_letter(before)
        is_in_word = _is_letter(after) and (length == 1 or _is_letter(before))
        closes = closes and (not is_in_word or (_is_wide(before) and _is_wide(after)))
    return opens, closes


def _can_open(before: str, after: str, single: bool) -> bool:
    if after.isspace() or (not before.isspace() and (category(after) == "Pe" or after in _STOPS)):
        return False
    if single:
        return (
            before.isspace()
            or (_is_wide(before) and _is_wide(after))
            or before in _BEFORE_A_WORD
            or category(before) in {"Ps", "Pi"}
            or (before > "\x7f" and not _is_letter(before))
        )
    return (
        not _is_letter(before) or _is_letter(after) or category(after) in {"Ps", "Pi", "So"} or after in "\"'"
    )


def _can_close(before: str, after: str, single: bool) -> bool:
    if before.isspace() or category(before) == "Ps":
        return False
    if not _is_letter(after):
        return True
    if _is_letter(before):
        return not single or _is_wide(before) or _is_wide(after)
    return before not in _INSIDE_A_TERM


def _is_letter(mark: str) -> bool:
    return mark.isalnum() or category(mark)[0] == "M"


def _is_wide(mark: str) -> bool:
    """Whether it is of a script that puts no spaces between words."""
    return east_asian_width(mark) in {"W", "F"} and mark.isalnum()

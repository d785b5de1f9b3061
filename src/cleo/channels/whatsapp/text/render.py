"""Markdown as WhatsApp messages: written in its marks, and divided where it reads best."""

import re
import unicodedata
from collections.abc import Iterator

from cleo.channels.whatsapp.text.graphemes import cut_before
from cleo.channels.whatsapp.text.markdown import Code, Line, Span, read
from cleo.channels.whatsapp.text.style import FENCE, show

_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")
_FENCES = len(f"{FENCE}\n\n{FENCE}")
_INVISIBLE = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})


def parts(markdown: str, limit: int) -> list[str]:
    """Write Markdown as texts of at most `limit` characters (32 or more), in order; none when nothing is visible.

    Cut at ends of paragraphs where possible, else of lines, else of words; code goes on in fences of its own.
    """
    if limit < 32:
        raise ValueError("a message must have room for 32 characters")
    pack = _Pack(limit)
    for block in read(_NOT_TEXT.sub("\ufffd", markdown)):
        whole = "\n".join(show(item) for item in block)
        if len(whole) <= limit:
            pack.add(whole, "\n\n")
            continue
        between = "\n\n"
        for item in block:
            for piece in _pieces(item, limit):
                pack.add(piece, between)
                between = "\n"
    return pack.done()


class _Pack:
    """Fills messages."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._full: list[str] = []
        self._now = ""

    def add(self, text: str, between: str) -> None:
        """Add a text that fits into one message, after `between` if there is something before it."""
        if self._now and len(self._now) + len(between) + len(text) <= self._limit:
            self._now += between + text
        else:
            self._full.append(self._now)
            self._now = text

    def done(self) -> list[str]:
        """Tell all messages that show something."""
        return [part for part in (*self._full, self._now) if any(map(_is_visible, part))]


def _is_visible(mark: str) -> bool:
    return unicodedata.category(mark) not in _INVISIBLE


def _pieces(item: Line | Code, limit: int) -> Iterator[str]:
    """Show an item in as many texts as it needs."""
    if isinstance(item, Code):
        yield from (show(Code(body)) for body in _bodies(item.body, limit - _FENCES))
        return
    left: Line | None = _with_short_prefix(item, limit // 2)
    while left is not None:
        head, left = _cut(left, limit)
        yield show(head)


def _with_short_prefix(line: Line, most: int) -> Line:
    """Make words of a prefix that leaves no room for any, as of a list ten levels deep."""
    if len(line.prefix) <= most:
        return Line(line.spans, line.prefix, line.rest[:most])
    return Line((Span(line.prefix), *line.spans), "", line.rest[:most])


def _bodies(code: str, room: int) -> Iterator[str]:
    """Divide code at ends of lines; a line that is too long is cut anywhere."""
    now = ""
    for line in code.split("\n"):
        for piece in _slices(line, room):
            if now and len(now) + 1 + len(piece) <= room:
                now += "\n" + piece
            else:
                if now.strip():
                    yield now
                now = piece
    if now.strip():
        yield now


def _slices(line: str, room: int) -> Iterator[str]:
    while len(line) > room:
        end = cut_before(line, room)
        yield line[:end]
        line = line[end:]
    yield line


def _cut(line: Line, limit: int) -> tuple[Line, Line | None]:
    """Divide a line into what fits and what is left."""
    near, far = _near(line.spans, limit)
    if not far and len(show(line)) <= limit:
        return line, None
    text = "".join(span.text for span in near)
    end = _word_end(text, min(limit, len(text)))
    while end > 1 and (size := len(show(_with(line, _slice(near, 0, end))))) > limit:
        end = _word_end(text, max(1, min(end - 1, end * limit // size)))
    rest = (*_slice(near, end + _spaces(text, end), len(text)), *far)
    return _with(line, _slice(near, 0, end)), Line(rest, line.rest, line.rest) if rest else None


def _near(spans: tuple[Span, ...], limit: int) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Divide after the first spans that are longer than the limit together: the cut is in them."""
    size = 0
    for count, span in enumerate(spans, 1):
        size += len(span.text)
        if size > limit:
            return spans[:count], spans[count:]
    return spans, ()


def _with(line: Line, spans: tuple[Span, ...]) -> Line:
    return Line(spans, line.prefix, line.rest)


def _word_end(text: str, end: int) -> int:
    """Tell where the last word that ends up to `end` does; inside a word when it is a very long one."""
    space = max(text.rfind(" ", 1, end + 1), text.rfind("\u00a0", 1, end + 1))
    return space if space > end // 2 else cut_before(text, end)


def _spaces(text: str, start: int) -> int:
    return len(text[start:]) - len(text[start:].lstrip())


def _slice(spans: tuple[Span, ...], start: int, end: int) -> tuple[Span, ...]:
    kept: list[Span] = []
    place = 0
    for span in spans:
        piece = span.text[max(start - place, 0) : max(end - place, 0)]
        if piece:
            kept.append(Span(piece, span.styles))
        place += len(span.text)
    return tuple(kept)

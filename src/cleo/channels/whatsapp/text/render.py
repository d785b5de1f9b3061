"""Write a text as WhatsApp messages: Markdown in WhatsApp's marks, or plain text as it is."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace

from cleo.channels.whatsapp.text.literals import find_literals
from cleo.channels.whatsapp.text.markdown import Block, Code, Line, read
from cleo.channels.whatsapp.text.spans import Span
from cleo.channels.whatsapp.text.split import cut_at
from cleo.channels.whatsapp.text.style import FENCE, show

_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")
_FENCES = len(f"{FENCE}\n\n{FENCE}")
_INVISIBLE = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
_BETWEEN = re.compile(r"[^\S\n]*\n+|[^\S\n]+")


def render_markdown(markdown: str, limit: int) -> list[str]:
    """Write Markdown as texts of at most `limit` characters (32 or more), in order; none when nothing is visible.

    They end after paragraphs where possible, else after lines, sentences or words; code goes on in fences of its own.
    """
    messages = _Messages(limit)
    for block in read(_NOT_TEXT.sub("\ufffd", markdown)):
        if _size(block) <= limit and len(whole := "\n".join(map(show, block))) <= limit:
            messages.add(whole, "\n\n")
            continue
        between = "\n\n"
        for item in block:
            for number, piece in enumerate(_pieces(item, limit)):
                messages.add(piece, "" if number else between)
                between = "\n"
    return messages.all()


def render_plain(text: str, limit: int) -> list[str]:
    """Divide a text that is no Markdown, as of a person or a tool, into texts of at most `limit` characters.

    Nothing in it is changed; only the spaces and ends of lines at which it is cut are left out.
    """
    messages = _Messages(limit)
    text = _NOT_TEXT.sub("\ufffd", text)
    start = 0
    while start < len(text):
        window = text[start : start + limit + 1]
        end = len(window) if len(window) <= limit else cut_at(window, limit, find_literals(window))
        messages.add(window[:end])
        start += end
        if between := _BETWEEN.match(text, start):
            start = between.end()
    return messages.all()


def _size(block: Block) -> int:
    """Return how long it is without marks."""
    return sum(len(item.body) if isinstance(item, Code) else item.size for item in block)


class _Messages:
    """Fills messages."""

    def __init__(self, limit: int) -> None:
        if limit < 32:
            raise ValueError("a message must have room for 32 characters")
        self._limit = limit
        self._full: list[str] = []
        self._now: list[str] = []
        self._size = 0

    def add(self, text: str, between: str = "") -> None:
        """Add a text that fits into one message: after `between` if there is room, without one to a new message."""
        size = self._size + len(between) + len(text)
        if self._now and between and size <= self._limit:
            self._now += between, text
            self._size = size
            return
        self._full.append("".join(self._now))
        self._now, self._size = [text], len(text)

    def all(self) -> list[str]:
        """Return all messages that show something."""
        return [text for text in (*self._full, "".join(self._now)) if any(map(_is_visible, text))]


def _is_visible(mark: str) -> bool:
    return unicodedata.category(mark) not in _INVISIBLE


def _pieces(item: Line | Code, limit: int) -> Iterator[str]:
    """Show an item in as many texts as it needs."""
    if isinstance(item, Code):
        return (show(Code(body)) for body in _bodies(item.body, limit - _FENCES))
    if len(item.prefix) > limit // 2:  # as of a list ten levels deep: it leaves no room for words
        item = Line((Span(item.prefix), *item.spans), "", item.rest)
    return _line_pieces(item, limit)


def _bodies(code: str, room: int) -> Iterator[str]:
    """Divide code at ends of lines, and a line that is too long like any text."""
    body: str | None = None
    for line in code.split("\n"):
        for number, piece in enumerate(_slices(line, room)):
            if body is not None and not number and len(body) + 1 + len(piece) <= room:
                body += "\n" + piece
            else:
                if body and not body.isspace():
                    yield body
                body = piece
    if body and not body.isspace():
        yield body


def _slices(line: str, room: int) -> Iterator[str]:
    start = 0
    while len(line) - start > room:
        window = line[start : start + room + 1]
        end = cut_at(window, room, find_literals(window))
        yield window[:end]
        start += end
    yield line[start:]


def _line_pieces(line: Line, limit: int) -> Iterator[str]:
    """Divide a line; what does not fit goes on behind `rest`."""
    if line.size <= limit and len(shown := show(line)) <= limit:
        yield shown
        return
    words = _Words(line.spans)
    prefix = line.prefix
    while words:
        spans = words.next(limit + 1)
        shown, end = _fitting(spans, prefix, limit)
        yield shown
        words.skip(end)
        prefix = line.rest[: limit // 2]


def _fitting(spans: list[Span], prefix: str, limit: int) -> tuple[str, int]:
    """Show as much as fits with its marks, and return how many characters that are."""
    text = "".join(span.text for span in spans)
    whole = list(_whole_places(spans))
    room = limit - len(prefix)
    while True:
        end = len(text) if len(text) <= room else cut_at(text, room, whole)
        shown = show(Line(tuple(_until(spans, end)), prefix))
        if len(shown) <= limit or end <= 1:
            return shown, end
        room = max(1, min(end - 1, end * limit // len(shown)))


def _whole_places(spans: list[Span]) -> Iterator[tuple[int, int]]:
    end = 0
    for span in spans:
        start, end = end, end + len(span.text)
        if span.whole:
            yield start, end


def _until(spans: list[Span], end: int) -> Iterator[Span]:
    for span in spans:
        if end <= 0:
            return
        yield span if len(span.text) <= end else replace(span, text=span.text[:end])
        end -= len(span.text)


class _Words:
    """What is left of the words of a line."""

    def __init__(self, spans: tuple[Span, ...]) -> None:
        self._spans = spans
        self._place = 0
        self._offset = 0

    def __bool__(self) -> bool:
        return self._place < len(self._spans)

    def next(self, size: int) -> list[Span]:
        """Return the next spans, of up to `size` characters."""
        found: list[Span] = []
        place, offset = self._place, self._offset
        while size > 0 and place < len(self._spans):
            span = self._spans[place]
            text = span.text[offset : offset + size]
            found.append(span if len(text) == len(span.text) else replace(span, text=text))
            size -= len(text)
            place, offset = place + 1, 0
        return found

    def skip(self, size: int) -> None:
        """Leave out so many characters, and the spaces after them."""
        while self:
            text = self._spans[self._place].text
            taken = min(size, len(text) - self._offset)
            self._offset += taken
            size -= taken
            while not size and self._offset < len(text) and text[self._offset].isspace():
                self._offset += 1
            if self._offset < len(text):
                return
            self._place, self._offset = self._place + 1, 0

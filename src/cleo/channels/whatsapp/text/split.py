"""Where a text may be cut: after a paragraph, a line, a sentence or a word, else between two characters."""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Protocol, cast

_CJK = "\u3001-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff60\U00020000-\U0003ffff"
_NOT_FIRST = (
    "、。〉》」』】〕〗々ーぁぃぅぇぉっゃゅょァィゥェォッャュョ！％），．：；？］｝”’…"
    "\u3099\u309a\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef"
)
"""What begins no line in Chinese and Japanese, which put no spaces between words."""

_PARAGRAPH_END = re.compile(r"(?=\n[^\S\n]*\n)")
_LINE_END = re.compile(r"(?=\n)")
_SENTENCE_END = re.compile(r"[.!?…][\"'“”’«»)\]]*(?=\s)|[。！？][」』”’）]*(?=[^」』”’）])")
_WORD_END = re.compile(rf"(?=\s)|(?<=[{_CJK}])(?![{_NOT_FIRST}])")


class _Match(Protocol):
    def start(self) -> int: ...


def cut_at(text: str, room: int, whole: Sequence[tuple[int, int]] = ()) -> int:
    """Return where the first piece of a longer text ends, after 1 to `room` characters.

    Ends of paragraphs, lines and sentences count in the second half of the room, so that the pieces stay few. No
    piece ends within one of the `whole` places, given in order, unless that begins at 0 and is longer than the room.
    """
    for ending, least in (
        (_PARAGRAPH_END, room // 2),
        (_LINE_END, room // 2),
        (_SENTENCE_END, room // 2),
        (_WORD_END, 0),
    ):
        ends = [found.end() for found in ending.finditer(text, 0, room + 1)]
        for end in reversed(ends):
            if least < end <= room and not _is_within(end, whole):
                return end
    around = [start for start, end in whole if 0 < start < room < end]
    return around[0] if around else cut_between_characters(text, room)


def cut_between_characters(text: str, most: int) -> int:
    """Return the last place up to `most` between two characters as people see them; `most` if there is none."""
    if most >= len(text) or text[most - 1 : most + 1].isascii():
        return min(most, len(text))
    start = 0
    for character in _characters()(text, 0, most + 1):
        start = character.start()
    return start or most


def _is_within(place: int, whole: Sequence[tuple[int, int]]) -> bool:
    before = bisect_left(whole, (place,)) - 1
    return before >= 0 and place < whole[before][1]


@cache
def _characters() -> Callable[[str, int, int], Iterator[_Match]]:
    import regex  # noqa: PLC0415 - it takes a tenth of a second, and few texts are cut within a word

    return cast("Callable[[str, int, int], Iterator[_Match]]", regex.compile(r"\X").finditer)

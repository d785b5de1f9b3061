"""Where a text may be cut without splitting what a person sees as one character."""

import unicodedata

_JOINER = "\u200d"


def cut_before(text: str, place: int) -> int:
    """Tell the last place up to `place` where a cut splits no character; `place` itself when there is none."""
    here = place
    while 0 < here < len(text) and _splits(text, here):
        here -= 1
    return here or place


def _splits(text: str, place: int) -> bool:
    left, right = text[place - 1], text[place]
    if left == _JOINER or _extends(right):
        return True
    return _is_flag_half(right) and _flag_halves_before(text, place) % 2 == 1


def _extends(mark: str) -> bool:
    """Whether the character belongs to the one before: accents, selectors, skin tones, tags, Hangul parts."""
    code = ord(mark)
    return (
        mark == _JOINER
        or unicodedata.category(mark) in {"Mn", "Me", "Mc"}
        or 0x1F3FB <= code <= 0x1F3FF
        or 0xE0020 <= code <= 0xE007F
        or 0x1160 <= code <= 0x11FF
    )


def _is_flag_half(mark: str) -> bool:
    return 0x1F1E6 <= ord(mark) <= 0x1F1FF


def _flag_halves_before(text: str, place: int) -> int:
    count = 0
    while count < place and _is_flag_half(text[place - 1 - count]):
        count += 1
    return count

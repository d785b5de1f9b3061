"""JSON of an authenticated sender: as much of it is read as possible, so that one bad part loses only itself.

Where `strict_json` refuses all, here the last of two equal keys wins, numbers on which no two programs agree stay
text, and what lies deeper than in any message is null.
"""

import json
import math
import re

from cleo.channels.http.strict_json import NOT_TEXT, Json, NotJson

_DEEPEST = 48
_LONGEST_NUMBER = 40
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)


def read_object(raw: bytes) -> dict[str, Json]:
    """Read one object; raises `NotJson`, which says what is wrong and never what was sent.

    NUL, halves of surrogate pairs and bytes that are not UTF-8 become U+FFFD, for no database can carry them.
    """
    text = raw.decode("utf-8-sig", "replace")
    try:
        value = _tidy(_decoded(text), _DEEPEST)
    except (ValueError, RecursionError):
        raise NotJson("the body is not JSON") from None
    if not isinstance(value, dict):
        raise NotJson("the body is not a JSON object")
    return value


def write_json(value: Json) -> str:
    """Write canonical JSON in ASCII: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _decoded(text: str) -> Json:
    try:
        return _DECODER.decode(text)
    except RecursionError:
        return _DECODER.decode(_shallow(text))


def _shallow(text: str) -> str:
    """Replace all that is nested too deeply by null, without parsing it."""
    kept: list[str] = []
    depth, start = 0, 0
    for token in _TOKEN.finditer(text):
        if token[0] in "[{":
            if depth == _DEEPEST:
                kept += [text[start : token.start()], "null"]
            depth += 1
        elif token[0] in "]}":
            depth -= 1
            if depth == _DEEPEST:
                start = token.end()
    return "".join(kept) + text[start:]


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else digits[:_LONGEST_NUMBER]


def _float(digits: str) -> float | str:
    number = float(digits)
    return number if math.isfinite(number) else digits[:_LONGEST_NUMBER]


def _constant(_name: str) -> None:
    return None


_DECODER = json.JSONDecoder(parse_int=_integer, parse_float=_float, parse_constant=_constant)


def _tidy(value: Json, levels: int) -> Json:
    match value:
        case str():
            return NOT_TEXT.sub("\ufffd", value)
        case list() if levels:
            return [_tidy(part, levels - 1) for part in value]
        case dict() if levels:
            return {NOT_TEXT.sub("\ufffd", name): _tidy(part, levels - 1) for name, part in value.items()}
        case list() | dict():
            return None
        case _:
            return value

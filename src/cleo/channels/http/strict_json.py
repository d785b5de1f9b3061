"""Strict JSON: what parsers disagree about is refused, and characters that no database takes are replaced."""

import json
import math
import re
from codecs import BOM_UTF8
from typing import TypeAlias

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
"""Any JSON value."""

_MAX_KEYS = 1000
_LONGEST_NUMBER = 40
NOT_TEXT = re.compile("[\x00\ud800-\udfff]")
"""NUL and halves of surrogate pairs, which no database and no reply can carry."""


class NotJson(ValueError):
    """The body is no strict JSON. The text says what is wrong, never what was sent."""


def read_json(body: bytes) -> Json:
    """Read one JSON value in UTF-8; raises `NotJson`.

    Refused: a byte order mark, keys given twice, more than 1,000 keys in an object, numbers beyond a float, `NaN`
    and `Infinity`, and nesting without end. NUL and halves of surrogate pairs become U+FFFD, for no database or
    reply can carry them.
    """
    if body.startswith(BOM_UTF8):
        raise NotJson("the body begins with a byte order mark")
    try:
        value: Json = _DECODER.decode(body.decode("utf-8"))
        return _replace_unstorable(value) if b"\\u" in body else value
    except UnicodeDecodeError:
        raise NotJson("the body is not UTF-8") from None
    except RecursionError:
        raise NotJson("the body is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise NotJson(f"the body is not JSON (line {error.lineno}, column {error.colno})") from None


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    if len(pairs) > _MAX_KEYS:
        raise NotJson(f"an object has more than {_MAX_KEYS} keys")
    read = dict(pairs)
    if len(read) != len(pairs):
        raise NotJson("an object has the same key twice")
    return read


def _integer(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise NotJson("a number has too many digits")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise NotJson("a number is too large")
    return number


def _constant(_name: str) -> float:
    raise NotJson("NaN and Infinity are not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant
)


def _replace_unstorable(value: Json) -> Json:
    match value:
        case str():
            return NOT_TEXT.sub("\ufffd", value)
        case list():
            return [_replace_unstorable(entry) for entry in value]
        case dict():
            return {key: _replace_unstorable(entry) for key, entry in value.items()}
        case _:
            return value

"""Write a part of unknown structure as words, so that nothing that a person sent is lost."""

from collections.abc import Iterator
from itertools import islice

from cleo.channels.http.strict_json import Json

_LONGEST = 2000
_MOST = 60
"""Lines that are written."""
_ITS_OWN = frozenset({"body", "text", "caption", "title", "name", "message"})
"""Names of fields whose value says enough."""
_NO_WORDS = frozenset({"id", "mime_type", "sha256", "type", "url"})
"""Names of fields that mean nothing to a reader where a part cannot be read as what it is."""


def write_out(part: Json, *, words_only: bool = False) -> str:
    """Return each value in a line, as `name: value`, up to 2,000 characters; `words_only`: no ids, no kinds."""
    lines = (_line(name, value) for name, value in _values("", part, words_only))
    return "\n".join(islice(filter(None, lines), _MOST))[:_LONGEST]


def _values(name: str, part: Json, words_only: bool) -> Iterator[tuple[str, Json]]:
    match part:
        case dict():
            for inner, value in part.items():
                if not (words_only and inner in _NO_WORDS):
                    yield from _values(inner, value, words_only)
        case list():
            for value in part:
                yield from _values(name, value, words_only)
        case _:
            yield name, part


def _line(name: str, value: Json) -> str:
    said = (
        {True: "yes", False: "no", None: ""}[value] if isinstance(value, bool | None) else str(value).strip()
    )
    if not said or not name or name in _ITS_OWN:
        return said
    return f"{name.replace('_', ' ')}: {said}"

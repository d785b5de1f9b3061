"""What stands in the environment or in `.env` and is read by nobody: typing errors, most of the time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches

from dotenv.parser import Binding, parse_stream

from cleo.app.settings import ENV_FILE, known_names, process_names

_PREFIXES = ("CLEO_", "WHATSAPP_")
_OF_OTHERS = (
    *(
        "ANTHROPIC_API_KEY",
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "GEMINI_API_KEY",
        "GOOGLE_API_KEY",
        "OLLAMA_HOST",
    ),
    *("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "SSL_CERT_FILE", "TZ"),
)
"""Names in `.env` that other libraries read."""
_LIKE = 0.82
"""How alike two names must be for one to be meant by the other, between 0 and 1."""
_LIKE_OURS = 0.6
"""The same where the name begins as ours do, so that something of ours was meant for certain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """Something that is ignored, and what to do about it."""

    what: str
    fix: str

    def __str__(self) -> str:
        return f"{self.what}. {self.fix}"


def unread_names() -> Sequence[Unread]:
    """Return all that is ignored: of the environment by name, of `.env` line by line."""
    lines = list(_lines())
    in_file = {line.key for line in lines}
    names = sorted(name for name in process_names() if _looks_ours(name) and name not in in_file)
    said = [_unread(name, "") for name in names if name.upper() not in known_names()]
    return [*said, *_unread_lines(lines)]


def _lines() -> Iterator[Binding]:
    if ENV_FILE.is_file():
        with ENV_FILE.open(encoding="utf-8-sig") as file:
            yield from parse_stream(file)


def _unread_lines(lines: Sequence[Binding]) -> Iterator[Unread]:
    first: dict[str, int] = {}
    for line in lines:
        number = line.original.line
        if line.error:
            fix = "Write NAME=value, a value with spaces in quotation marks, and # before a remark."
            yield Unread(what=f"Line {number} of {ENV_FILE} is no setting, so it is ignored", fix=fix)
        elif line.key is None:
            continue
        elif line.value is None:
            what = f"{line.key} in line {number} of {ENV_FILE} has no value, so it is ignored"
            yield Unread(what=what, fix=f"Write {line.key}=…")
        elif earlier := first.get(line.key):
            what = f"{line.key} stands in lines {earlier} and {number} of {ENV_FILE}: the later one counts"
            yield Unread(what=what, fix="Remove one of them.")
        elif not _is_read(line.key) and (_looks_ours(line.key) or _guess(line.key)):
            yield _unread(line.key, f" in line {number} of {ENV_FILE}")
        first.setdefault(line.key or "", number)


def _is_read(name: str) -> bool:
    return name.upper() in known_names() or name in _OF_OTHERS


def _looks_ours(name: str) -> bool:
    return name.upper().startswith(_PREFIXES)


def _unread(name: str, place: str) -> Unread:
    guess = _guess(name)
    fix = f"Did you mean {guess}?" if guess else "Compare it with docs/settings.md."
    return Unread(what=f"{name} is set{place}, but Cleo knows no such setting", fix=fix)


def _guess(name: str) -> str:
    """Return the name that was meant, as far as that can be told."""
    name, ours = name.upper(), _looks_ours(name)
    like = _LIKE_OURS if ours else _LIKE
    for found in get_close_matches(name, sorted({*known_names(), *_OF_OTHERS}), n=5, cutoff=like):
        # What all of our names begin with says nothing about which one was meant.
        rest, of_found = name.partition("_")[2], found.partition("_")[2]
        if not ours or SequenceMatcher(None, rest, of_found).ratio() >= _LIKE_OURS:
            return found
    return ""

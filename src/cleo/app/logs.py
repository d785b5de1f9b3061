"""Logging, with redaction.

Log calls carry ids, counts and states. Should one carry more by mistake, it still does not come out: fields that
hold words of people show only their length, phone numbers and WhatsApp addresses become short hashes (the same
number is the same hash until the next start), known secrets become `***`, and an error that Cleo did not raise on
purpose shows its kind and place, not its text.
"""

import hashlib
import logging
import re
import secrets
import sys
import traceback
from collections.abc import Collection, Mapping
from types import TracebackType
from typing import Literal, TextIO, cast

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from cleo.domain.errors import CleoError

Level = Literal["debug", "info", "warning", "error"]

WORDS = frozenset(
    {"text", "body", "caption", "content", "message", "prompt", "answer", "arguments", "args", "sender_name"}
    | {
        "qr",
        "link_code",
        "claim_code",
        "secret",
        "quoted",
        "transcript",
        "result",
        "value",
        "plan",
        "headers",
    }
)
"""Fields that hold what people wrote, or what opens a door: only their length is shown."""

_ADDRESS = re.compile(r"(?<![\w.:+\-])[\w.:+\-]+@(?:s\.whatsapp\.net|lid|g\.us|c\.us|broadcast|newsletter)\b")
_OWN_ADDRESS = re.compile(r"\b(phone|lid|bsuid|parent_bsuid|group):[^\s,;/\"']+")
_NUMBER = re.compile(r"(?<![\w.])\+?\d(?:[\s().\-]{0,2}\d){6,14}(?![\w])")
_SALT = secrets.token_bytes(16)


def set_up(
    level: Level, *, hide: Collection[str] = (), pretty: bool | None = None, to: TextIO | None = None
) -> None:
    """Log from `level` on: for people on a terminal, else as JSON lines. `hide` are secrets by value."""
    stream = to or sys.stderr
    for_people = stream.isatty() if pretty is None else pretty
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        _summarise_error,
        _Redaction(hide),
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if for_people else "iso", utc=not for_people),
    ]
    renderer = structlog.dev.ConsoleRenderer() if for_people else structlog.processors.JSONRenderer()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_first_line, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("cleo").setLevel(level.upper())
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


class _Redaction:
    """Removes from an entry what must not leave the process."""

    def __init__(self, hide: Collection[str]) -> None:
        self._hide = sorted((secret for secret in hide if len(secret) >= 4), key=len, reverse=True)

    def __call__(self, logger: WrappedLogger, method: str, entry: EventDict) -> EventDict:
        for key, value in entry.items():
            if not key.startswith("_"):
                entry[key] = self._clean(key, value)
        return entry

    def _clean(self, key: str, value: object) -> object:
        if key in WORDS and value is not None:
            return f"<{len(str(value))} characters>"
        if isinstance(value, Mapping):
            inner = cast("Mapping[object, object]", value)
            return {str(name): self._clean(str(name), part) for name, part in inner.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._clean("", part) for part in cast("Collection[object]", value)]
        if value is None or isinstance(value, bool | float):
            return value
        return value if isinstance(value, int) and value < 10**6 else self.scrub(str(value))

    def scrub(self, text: str) -> str:
        """Remove secrets, addresses and numbers from a text."""
        for secret in self._hide:
            text = text.replace(secret, "***")
        text = _OWN_ADDRESS.sub(lambda found: f"{found[1]}:{_hash(found.group())}", text)
        return _NUMBER.sub(_hashed, _ADDRESS.sub(_hashed, text))


def _hashed(found: re.Match[str]) -> str:
    return _hash(found.group().partition("@")[0].partition(":")[0])


def _hash(address: str) -> str:
    digits = re.sub(r"\D", "", address)
    return f"#{hashlib.blake2s(digits.encode(), key=_SALT, digest_size=3).hexdigest()}"


def _first_line(logger: WrappedLogger, method: str, entry: EventDict) -> EventDict:
    """Keep the first line of what libraries log: later ones are representations of objects."""
    entry["event"] = str(entry.get("event", "")).partition("\n")[0]
    return entry


def _summarise_error(logger: WrappedLogger, method: str, entry: EventDict) -> EventDict:
    """Replace an exception by its summary: only our own have a text that is safe to log."""
    found = entry.pop("exc_info", None)
    error = sys.exc_info() if found is True else found
    if isinstance(error, tuple):
        error = cast("tuple[object, object, TracebackType | None]", error)[1]
    if isinstance(error, BaseException):
        entry["error"] = error_summary(error)
    return entry


def error_summary(error: BaseException) -> str:
    """Return the type and the origin of an error, and its text only if it is Cleo's own."""
    said = f": {error}" if isinstance(error, CleoError) else ""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    places = " > ".join(
        f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames
    )
    inner = ""
    if parts := cast("tuple[BaseException, ...]", getattr(error, "exceptions", ())):
        inner = " [" + "; ".join(error_summary(part) for part in parts) + "]"
    return f"{type(error).__name__}{said} ({places}){inner}"

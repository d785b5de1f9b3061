"""Output on terminals and in logs that do not know all letters."""

import codecs
import io
import unicodedata
from typing import TextIO

_SIGNS = "✓ +|✗ x|● *|· -|• *|→ ->|← <-|↔ <->|⇄ <->|… ...|– -|— -|× x|≤ <=|│ |─ -|👍 (yes)|👎 (no)|⌛ (waits)"
_QUOTES = dict.fromkeys("“”„", '"') | dict.fromkeys("‘’", "'")
_INSTEAD: dict[str, str] = {pair[0]: pair[2:] for pair in _SIGNS.split("|")} | _QUOTES
"""What stands for a sign where it cannot be shown."""


def _replace(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_written(sign) for sign in error.object[error.start : error.end]), error.end


def _written(sign: str) -> str:
    plain = unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode()
    return _INSTEAD.get(sign) or plain or "?"


codecs.register_error("cleo-letters", _replace)


def say_in_its_letters(stream: TextIO) -> None:
    """Have a stream write what its encoding lacks in letters that it has, instead of failing."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="cleo-letters")

"""Clean what strangers send and people are shown: names, titles, file names; and read their timestamps."""

import re
import unicodedata

_PATH = re.compile(r"[/\\]")
_SECONDS_UNTIL = 10**11
"""Below this a timestamp is in seconds: as milliseconds it would be before March 1973."""


def label(text: str | None) -> str:
    """Return one line of visible text, without control characters and without changes of reading direction."""
    flat = " ".join((text or "").split())
    return "".join(mark for mark in flat if unicodedata.category(mark) not in {"Cc", "Cf", "Cs"})


def file_name(name: str | None) -> str | None:
    """Return a file name to show: no folders, nothing invisible, at most 255 characters."""
    shown = label(_PATH.split(name)[-1])[-255:] if name else ""
    return None if shown in {"", ".", ".."} else shown


def milliseconds(timestamp: int) -> int:
    """Return a timestamp in milliseconds, whichever unit it has."""
    return timestamp * 1000 if timestamp < _SECONDS_UNTIL else timestamp

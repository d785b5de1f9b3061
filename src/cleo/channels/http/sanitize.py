"""Words from strangers that are only shown: names, titles, file names. And when something was."""

import re
import unicodedata

_PATH = re.compile(r"[/\\]")
_SECONDS_UNTIL = 10**11
"""Below this a timestamp is in seconds: as milliseconds it would be before March 1973."""


def label(text: str | None) -> str:
    """One line of visible text: marks that are not seen, or that turn the reading direction, are taken out."""
    flat = " ".join((text or "").split())
    return "".join(mark for mark in flat if unicodedata.category(mark) not in {"Cc", "Cf", "Cs"})


def file_name(name: str | None) -> str | None:
    """Make a name that is only shown: no folders, nothing invisible, at most 255 characters."""
    shown = label(_PATH.split(name)[-1])[-255:] if name else ""
    return None if shown in {"", ".", ".."} else shown


def milliseconds(timestamp: int) -> int:
    """Read a time in seconds or in milliseconds."""
    return timestamp * 1000 if timestamp < _SECONDS_UNTIL else timestamp

"""What Graph gives back with each status of a message: its key, and which attempt at sending it this is."""

from typing import Final

from cleo.domain.message import SendKey

_LONGEST: Final = 512
"""Characters of `biz_opaque_callback_data`. Source: the message object of Meta's API reference."""
_ATTEMPT: Final = "#"


def write_callback_data(key: SendKey) -> str:
    """Return what goes with a send; the first attempt is the key alone."""
    attempt = "" if key.attempt == 1 else f"{_ATTEMPT}{key.attempt}"
    return key.key[: _LONGEST - len(attempt)] + attempt


def read_callback_data(text: str | None) -> SendKey | None:
    """Read what came back; None: there is nothing, or it is not of Cleo."""
    if not text or len(text) > _LONGEST:
        return None
    key, _, attempt = text.rpartition(_ATTEMPT)
    return SendKey(key, int(attempt)) if key and attempt.isdecimal() and len(attempt) < 4 else SendKey(text)

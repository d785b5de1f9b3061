"""A number that can send nothing at all: it stops, and one message from time to time tries whether it can again."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NoReturn

from cleo.channels.whatsapp.cloud.errors import ErrorClass
from cleo.domain.errors import SendFailed

HALTING: Final = frozenset[ErrorClass]({"auth", "sender", "quality"})
"""Errors that concern every message of the number."""

_FIRST_WAIT = 10.0
_LONGEST_WAIT = 900.0
_MOMENT = 2.0
"""While a message tries whether the number can send again, the others wait for what comes of it."""


@dataclass(slots=True, kw_only=True)
class Halt:
    """Stands still after an error that concerns every message. `clock` counts seconds and never goes back."""

    clock: Callable[[], float]
    reason: str = field(default="", init=False)
    """Why nothing is sent, for people; empty while all is well."""
    code: int | None = field(default=None, init=False)
    kind: ErrorClass = field(default="unknown", init=False)
    _wait: float = field(default=_FIRST_WAIT, init=False)
    _until: float = field(default=0.0, init=False)
    _trying: bool = field(default=False, init=False)

    def check(self) -> None:
        """Raise `SendFailed` while nothing is to be sent; lets one message through when it is time to try."""
        if not self.reason:
            return
        now = self.clock()
        if now < self._until:
            self._refuse(now)
        self._wait = min(self._wait * 2, _LONGEST_WAIT)
        self._until = now + self._wait
        self._trying = True

    def stop(self, kind: ErrorClass, reason: str, code: int | None) -> NoReturn:
        """Stand still from now on; raises `SendFailed` for the message that found it out."""
        now = self.clock()
        if not self.reason:
            self._until = now + self._wait
        self.kind, self.reason, self.code, self._trying = kind, reason, code, False
        self._refuse(now)

    def clear(self) -> None:
        """All is well: a message was taken."""
        self.reason, self.code, self._wait, self._trying = "", None, _FIRST_WAIT, False

    def _refuse(self, now: float) -> NoReturn:
        wait = max(self._until - now, 0.0)
        raise SendFailed(
            self.reason, retry_after=min(wait, _MOMENT) if self._trying else wait, code=self.code
        )

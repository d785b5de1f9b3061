"""Circuit breaker of a number that cannot send at all: from time to time one message tries again."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NoReturn

from cleo.channels.whatsapp.cloud.errors import ErrorClass
from cleo.domain.errors import SendFailed

OPENING_ERRORS: Final = frozenset[ErrorClass]({"auth", "sender", "quality"})
"""Classes of errors that concern every message of the number, and so open the breaker."""

_FIRST_WAIT = 10.0
_LONGEST_WAIT = 900.0
_TRIAL_SECONDS = 2.0
"""How long other messages wait for the outcome of a trial."""


@dataclass(slots=True, kw_only=True)
class CircuitBreaker:
    """Closed while messages go out, open after an error that concerns every message. `clock` counts seconds and never
    goes back."""

    clock: Callable[[], float]
    reason: str = field(default="", init=False)
    """Why nothing is sent, for people; empty while it is closed."""
    code: int | None = field(default=None, init=False)
    error_class: ErrorClass = field(default="unknown", init=False)
    _wait: float = field(default=_FIRST_WAIT, init=False)
    _until: float = field(default=0.0, init=False)
    _in_trial: bool = field(default=False, init=False)

    def check(self) -> None:
        """Raise `SendFailed` while it is open; let one message through when it is time for a trial."""
        if not self.reason:
            return
        now = self.clock()
        if now < self._until:
            self._refuse(now)
        self._wait = min(self._wait * 2, _LONGEST_WAIT)
        self._until = now + self._wait
        self._in_trial = True

    def open(self, error_class: ErrorClass, reason: str, code: int | None) -> NoReturn:
        """Open it; raises `SendFailed` for the message that failed."""
        now = self.clock()
        if not self.reason:
            self._until = now + self._wait
        self.error_class, self.reason, self.code, self._in_trial = error_class, reason, code, False
        self._refuse(now)

    def close(self) -> None:
        """Close it: a message was accepted."""
        self.reason, self.code, self._wait, self._in_trial = "", None, _FIRST_WAIT, False

    def _refuse(self, now: float) -> NoReturn:
        wait = max(self._until - now, 0.0)
        raise SendFailed(
            self.reason, retry_after=min(wait, _TRIAL_SECONDS) if self._in_trial else wait, code=self.code
        )

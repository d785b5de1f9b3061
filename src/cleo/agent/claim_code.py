"""The code that makes its first sender the owner."""

import hmac
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""What codes are made of: nothing that looks like something else."""

_LONGEST = 40
"""Letters of a message that is looked at."""
_HOUR = 3600.0
_log = structlog.get_logger("cleo.receive")


@dataclass(slots=True)
class ClaimCode:
    """The code that makes its first sender the owner.

    Wrong guesses are limited by the hour, for each sender and for all: nobody finds it in a lifetime, and nobody can
    make it void for the one who has it, unless with hundreds of numbers.
    """

    code: str
    listeners: tuple[Callable[[], None], ...] = ()
    """Called once somebody is the owner by it."""
    each: int = 10
    """Wrong guesses of one sender within an hour; further ones are not looked at."""
    all: int = 1000
    _wrong: deque[tuple[float, str]] = field(default_factory=deque[tuple[float, str]])
    """When somebody guessed wrong, oldest first."""

    @property
    def words(self) -> str:
        """What to write to Cleo: a word goes before the code, so that nobody takes it for one to type elsewhere."""
        return f"claim {self.code}"

    def matches(self, text: str, sender: str, now: float) -> bool:
        """Compare a guess in constant time, if the sender may guess again; `now` in Unix seconds."""
        guess = read_guess(text)
        if guess is None or not self._may_guess(sender, now):
            return False
        right = hmac.compare_digest(guess.encode(), self.code.replace("-", "").encode())
        if not right:
            self._wrong.append((now, sender))
        return right

    def _may_guess(self, sender: str, now: float) -> bool:
        while self._wrong and now - self._wrong[0][0] >= _HOUR:
            self._wrong.popleft()
        may = len(self._wrong) < self.all and sum(by == sender for _, by in self._wrong) < self.each
        if not may:
            _log.warning("claim code guessed too often: for up to an hour no guess of theirs counts")
        return may


def read_guess(text: str) -> str | None:
    """Return the eight letters of a text that means to be a code; a word or a number of eight letters does not."""
    if len(text) > _LONGEST:
        return None
    said = text.strip().upper()
    code = said.removeprefix("CLAIM").lstrip()
    letters = code[:4] + code[4:].removeprefix("-")
    if len(letters) != len("ABCD2345") or not set(letters).issubset(LETTERS):
        return None
    is_mixed = not letters.isdigit() and not letters.isalpha()
    return (
        letters if is_mixed or said != letters else None
    )  # after the word, or with the hyphen, anything is meant

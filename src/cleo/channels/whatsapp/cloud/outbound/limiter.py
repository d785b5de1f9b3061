"""Rate limits: of each chat, and of all chats of a number together."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from cleo.domain.errors import RateLimited

_LONGEST_SLEEP = 0.5
"""Longest wait in seconds that is slept; a message with a longer one goes back to the queue."""
_MAX_CHATS = 1000
_LONGEST_BACKOFF = 3600.0
_STEP: Final = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How fast messages may follow each other: `burst` at once, then one each `seconds`."""

    burst: int
    seconds: float


PER_CHAT: Final = Rate(burst=10, seconds=6.0)
PER_ACCOUNT: Final = Rate(burst=80, seconds=1 / 80)


@dataclass(slots=True)
class _Bucket:
    """A token bucket: full with `burst`, and one more each `seconds`. Only the time is kept when it is full again."""

    rate: Rate
    full_at: float = float("-inf")

    def wait(self, now: float) -> float:
        return max(0.0, self.full_at - (self.rate.burst - 1) * self.rate.seconds - now)

    def take(self, now: float) -> None:
        self.full_at = max(self.full_at, now) + self.rate.seconds

    def close(self, until: float) -> None:
        self.full_at = max(self.full_at, until + (self.rate.burst - 1) * self.rate.seconds)


@dataclass(slots=True)
class _Chat:
    bucket: _Bucket
    penalties: int = 0


@dataclass(slots=True, kw_only=True)
class RateLimiter:
    """Keeps to WhatsApp's own limits, so that it need not refuse messages."""

    per_chat: Rate
    per_account: Rate
    clock: Callable[[], float]
    """Seconds that never go back."""
    _account: _Bucket = field(init=False)
    _chats: dict[str, _Chat] = field(default_factory=dict[str, _Chat], init=False)

    def __post_init__(self) -> None:
        self._account = _Bucket(self.per_account)

    async def take(self, chat: str) -> None:
        """Admit one message of the chat, after a short wait if need be; raises `RateLimited` with a longer one."""
        now = self.clock()
        bucket = self._chat(chat, now).bucket
        wait = max(bucket.wait(now), self._account.wait(now))
        if wait >= _LONGEST_SLEEP:
            raise RateLimited("Messages go out no faster than WhatsApp takes them.", retry_after=wait)
        bucket.take(now)
        self._account.take(now)
        if wait:
            await asyncio.sleep(wait)

    def penalize(self, chat: str) -> float:
        """Close the chat after a refusal by WhatsApp, longer each time; return the seconds to wait."""
        now = self.clock()
        known = self._chat(chat, now)
        known.bucket.close(now + min(_STEP**known.penalties, _LONGEST_BACKOFF))
        known.penalties = min(known.penalties + 1, 10)
        return known.bucket.wait(now)

    def reset(self, chat: str) -> None:
        """Forget the refusals: a message of the chat was accepted."""
        if known := self._chats.get(chat):
            known.penalties = 0

    def _chat(self, chat: str, now: float) -> _Chat:
        if chat not in self._chats and len(self._chats) >= _MAX_CHATS:
            self._chats = {
                id: each for id, each in self._chats.items() if each.penalties or each.bucket.full_at > now
            }
        return self._chats.setdefault(chat, _Chat(_Bucket(self.per_chat)))

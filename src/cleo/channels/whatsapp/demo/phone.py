"""The simulated phone of whoever plays the demo."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from cleo.domain.errors import CleoError


class DemoError(CleoError):
    """The simulated WhatsApp did not do what it was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Something that appeared on the phone; `to` is the message that it is about, `choices` is what can be tapped."""

    seq: int
    id: str
    kind: str
    text: str
    to: str = ""
    choices: tuple[str, ...] = ()


class DemoPhone(Protocol):
    """A simulated phone, and its chat with Cleo. Everything raises `DemoError` when the other end does not do it."""

    async def say(self, text: str, quote: str | None = None) -> str:
        """Send text, as a reply to the message `quote` if given; return the id."""
        ...

    async def send_file(self, path: Path, caption: str = "") -> str:
        """Send a file; return the id."""
        ...

    async def react(self, to: str, emoji: str, *, own: bool) -> str:
        """Put an emoji on a message, or take it back (`""`); `own`: on one of mine."""
        ...

    def arrivals(self) -> AsyncIterator[Arrival]:
        """Yield everything that appears on the phone, until cancelled."""
        ...

    def typing(self) -> AsyncIterator[bool]:
        """Yield whether the other side is writing, at every change, until cancelled."""
        ...


@runtime_checkable
class Presses(Protocol):
    """A phone on which what Cleo offers can be tapped."""

    async def press(self, title: str, to: str | None = None) -> str:
        """Tap what is called `title` below the message `to`, else in the newest that has it; return the id."""
        ...

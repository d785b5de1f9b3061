"""The demo's chat, with numbered messages."""

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cleo.channels.whatsapp.demo.phone import Arrival, DemoError, DemoPhone, Presses


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubble:
    """One line of the transcript. `number` is None for what is about another bubble."""

    number: int | None
    mine: bool
    text: str
    took: float | None = None
    """Seconds since my last message, on the first answer to it."""


class Screen(Protocol):
    """Displays the chat."""

    def bubble(self, bubble: Bubble) -> None:
        """Show one message."""
        ...

    def typing(self, on: bool) -> None:
        """Show that Cleo is writing, or not any more."""
        ...


@dataclass(frozen=True, slots=True)
class _Sent:
    id: str
    mine: bool
    choices: tuple[str, ...] = ()


class Chat:
    """My side of the conversation."""

    def __init__(self, phone: DemoPhone, screen: Screen) -> None:
        self._phone = phone
        self._screen = screen
        self._sent: list[_Sent] = []
        self._heard: list[str] = []
        self._changed = asyncio.Condition()
        self._reacted: _Sent | None = None
        self._asked_at: float | None = None
        self._matched = 0

    async def listen(self) -> None:
        """Show what arrives, until cancelled."""
        async with asyncio.TaskGroup() as feeds:
            feeds.create_task(self._show_arrivals())
            feeds.create_task(self._show_typing())

    async def say(self, text: str, *, quote: int | None = None) -> None:
        """Write a message, as a reply to bubble `quote` if given."""
        quoted = self._find(quote) if quote is not None else None
        self._mine(await self._phone.say(text, quoted.id if quoted else None), text, quote)

    async def send_file(self, path: Path, caption: str = "") -> None:
        """Send a file."""
        self._mine(await self._phone.send_file(path, caption), f"[{path.name}] {caption}".strip())

    async def react(self, emoji: str, number: int | None = None) -> None:
        """Put an emoji on a bubble, by default on Cleo's last."""
        target = self._find(number)
        await self._phone.react(target.id, emoji, own=target.mine)
        self._reacted = target
        self._asked_at = time.monotonic()
        self._screen.bubble(Bubble(number=None, mine=True, text=f"{emoji} on {self._number(target.id)}"))

    async def unreact(self) -> None:
        """Take the last reaction back."""
        if self._reacted is None:
            raise DemoError("There is no reaction to take back.")
        await self._phone.react(self._reacted.id, "", own=self._reacted.mine)
        self._screen.bubble(Bubble(number=None, mine=True, text="took the reaction back"))
        self._reacted = None

    async def press(self, what: str) -> None:
        """Tap one of the answers that Cleo offered last, by its number or by words of it."""
        offer = next((one for one in reversed(self._sent) if one.choices), None)
        if offer is None or not isinstance(self._phone, Presses):
            raise DemoError("Cleo has offered nothing to press.")
        title = _chosen(offer.choices, what)
        self._mine(await self._phone.press(title, offer.id), f"[{title}]", self._number(offer.id))

    async def wait_for(self, accepts: Callable[[str], bool], seconds: float) -> bool:
        """Wait until Cleo sends a text that matches, later than the last that did; return False at the timeout."""
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(lambda: self._match(accepts))
        except TimeoutError:
            return False
        return True

    def _match(self, accepts: Callable[[str], bool]) -> bool:
        for index in range(self._matched, len(self._heard)):
            if accepts(self._heard[index]):
                self._matched = index + 1
                return True
        return False

    def _mine(self, id: str, text: str, quote: int | None = None) -> None:
        self._sent.append(_Sent(id, mine=True))
        self._asked_at = time.monotonic()
        reply = f"↩ {quote}  " if quote is not None else ""
        self._screen.bubble(Bubble(number=len(self._sent), mine=True, text=reply + text))

    def _find(self, number: int | None) -> _Sent:
        if number is None:
            theirs = next((one for one in reversed(self._sent) if not one.mine), None)
            if theirs is None:
                raise DemoError("Cleo has not said anything yet.")
            return theirs
        if not 1 <= number <= len(self._sent):
            raise DemoError(f"There is no message {number}.")
        return self._sent[number - 1]

    def _number(self, id: str) -> int | None:
        return next((index for index, one in enumerate(self._sent, 1) if one.id == id), None)

    async def _show_arrivals(self) -> None:
        async for arrival in self._phone.arrivals():
            self._screen.typing(False)
            self._screen.bubble(self._bubble(arrival))
            async with self._changed:
                self._heard.append(arrival.text)
                self._changed.notify_all()

    async def _show_typing(self) -> None:
        async for on in self._phone.typing():
            self._screen.typing(on)

    def _bubble(self, arrival: Arrival) -> Bubble:
        about = self._number(arrival.to)
        if arrival.kind == "reaction":
            said = f"{arrival.text} on {about}" if arrival.text else f"took the reaction on {about} back"
            return Bubble(number=None, mine=False, text=said)
        if arrival.kind == "edit":
            return Bubble(number=None, mine=False, text=f"✎ {about} now reads: {arrival.text}")
        if arrival.kind == "revoke":
            return Bubble(number=None, mine=False, text=f"deleted {about}")
        took = time.monotonic() - self._asked_at if self._asked_at else None
        self._asked_at = None
        self._sent.append(_Sent(arrival.id, mine=False, choices=arrival.choices))
        return Bubble(number=len(self._sent), mine=False, text=arrival.text or f"[{arrival.kind}]", took=took)


def _chosen(choices: tuple[str, ...], what: str) -> str:
    if what.isdecimal() and 1 <= int(what) <= len(choices):
        return choices[int(what) - 1]
    found = [title for title in choices if what and what.casefold() in title.casefold()]
    if len(found) != 1:
        offered = "  or  ".join(f"press {number} [{title}]" for number, title in enumerate(choices, 1))
        raise DemoError(f"Write it like this: {offered}")
    return found[0]


def matches(pattern: str) -> Callable[[str], bool]:
    """Return a predicate for texts from a regular expression; raises `DemoError`."""
    try:
        expression = re.compile(pattern, re.IGNORECASE | re.DOTALL)
    except re.error as error:
        raise DemoError(f"{pattern!r} is not a regular expression: {error}.") from None
    return lambda text: expression.search(text) is not None

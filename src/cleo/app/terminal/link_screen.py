"""What `cleo up` prints about WhatsApp: the code to link a phone with, and the state of the connection."""

import asyncio
from typing import TextIO

from cleo.app.terminal.codes import SHOW_CLAIM, SHOW_LINK, draw_qr, said_of_claim, said_of_pairing
from cleo.channels.whatsapp.backend_spec import Link, ProcessEvent

_MARKS = {"connected": "✓", "stopped": "✗"}


class LinkScreen:
    """Writes to a terminal or a log. A QR replaces the one before it where the screen can.

    Codes open doors: where it is no terminal, somebody may keep what is written, and only the way to them is told.
    """

    def __init__(self, to: TextIO) -> None:
        self._to = to
        self._erase = 0
        self._told: set[str] = set()
        self.connected = asyncio.Event()

    def line(self, text: str) -> None:
        """Print a line."""
        self._erase = 0
        self._to.write(f"{text}\n")
        self._to.flush()

    def event(self, event: ProcessEvent) -> None:
        """Print the state of the connection: each once, until it is connected."""
        if event.get("event") != "state":
            return
        state = str(event.get("state"))
        if state == "connected":
            self._told.clear()
            self.connected.set()
        self._once(f"{_MARKS.get(state, '·')} WhatsApp: {event.get('message', state)}")

    def link(self, link: Link) -> None:
        """Print the QR code or the pairing code."""
        if not self._to.isatty():
            self._once(SHOW_LINK)
        elif link.code:
            self.line(said_of_pairing(link.code, link.message))
        elif link.qr:
            self._show(f"{draw_qr(link.qr, self._to)}\n{link.message}\n")

    def linked(self, number: str) -> None:
        """Print the number that Cleo has now; a log must not have it."""
        if self._to.isatty():
            self.line(f"✓ Cleo's number is {number}")

    def claim(self, words: str, number: str) -> None:
        """Print how somebody becomes the owner; `number` is empty where it is not known."""
        self.line(said_of_claim(words, number) if self._to.isatty() else SHOW_CLAIM)

    def ended(self, reason: str) -> None:
        """Print why the bridge is restarted."""
        self._once(f"✗ {reason} It is started again.")

    def _once(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self.line(text)

    def _show(self, text: str) -> None:
        if self._erase:
            self._to.write(f"\x1b[{self._erase}A\x1b[J")
        self._to.write(text)
        self._to.flush()
        self._erase = text.count("\n")

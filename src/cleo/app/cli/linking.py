"""What `cleo up` prints about WhatsApp: the code to link a phone with, and the state of the connection."""

from typing import TextIO

from cleo.channels.whatsapp.backend_spec import Link, ProcessEvent

_MARKS = {"connected": "✓", "stopped": "✗"}


class LinkScreen:
    """Writes to a terminal or a log. A QR replaces the one before it where the screen can."""

    def __init__(self, to: TextIO) -> None:
        self._to = to
        self._erase = 0
        self._said = ""

    def line(self, text: str) -> None:
        """Print a line, unless it is the same as the one before."""
        if text == self._said:
            return
        self._said = text
        self._erase = 0
        self._to.write(f"{text}\n")
        self._to.flush()

    def event(self, event: ProcessEvent) -> None:
        """Print the state of the connection."""
        if event.get("event") == "state":
            state = str(event.get("state"))
            self.line(f"{_MARKS.get(state, '·')} WhatsApp: {event.get('message', state)}")

    def link(self, link: Link) -> None:
        """Print the QR code or the pairing code."""
        if link.code:
            self.line(f"● Pairing code: {link.code[:4]}-{link.code[4:]}\n  {link.message}")
        elif link.qr:
            drawn = qr_in_letters(link.qr)
            self._show(f"{_in_black_and_white(drawn) if self._to.isatty() else drawn}\n{link.message}\n")

    def ended(self, reason: str) -> None:
        """Print why the bridge is restarted."""
        self.line(f"✗ {reason} It is started again.")

    def _show(self, text: str) -> None:
        if self._erase and self._to.isatty():
            self._to.write(f"\x1b[{self._erase}A\x1b[J")
        self._to.write(text)
        self._to.flush()
        self._erase = text.count("\n")
        self._said = ""


def qr_in_letters(text: str) -> str:
    """Return a QR code in block characters, two modules a line."""
    import io  # noqa: PLC0415 - only a terminal that is linked needs these

    import segno  # noqa: PLC0415 - as above

    drawn = io.StringIO()
    segno.make(text, error="l", micro=False).terminal(drawn, border=2, compact=True)
    return drawn.getvalue().rstrip("\n")


def _in_black_and_white(drawn: str) -> str:
    """Set the colours: some phones cannot read an inverted code."""
    return "\n".join(f"\x1b[97;40m{line}\x1b[0m" for line in drawn.splitlines())

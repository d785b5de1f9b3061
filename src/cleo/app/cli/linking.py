"""What `cleo up` shows about WhatsApp: the code to link with, and how the connection is doing."""

from typing import TextIO

from cleo.channels.whatsapp.backend_spec import Link, News

_MARKS = {"connected": "✓", "stopped": "✗"}


class LinkScreen:
    """Writes to a terminal or a log. A QR replaces the one before it where the screen can."""

    def __init__(self, to: TextIO) -> None:
        self._to = to
        self._erase = 0
        self._said = ""

    def line(self, text: str) -> None:
        """Say something, once in a row."""
        if text == self._said:
            return
        self._said = text
        self._erase = 0
        self._to.write(f"{text}\n")
        self._to.flush()

    def news(self, news: News) -> None:
        """Say how the connection is doing."""
        if news.get("event") == "state":
            state = str(news.get("state"))
            self.line(f"{_MARKS.get(state, '·')} WhatsApp: {news.get('message', state)}")

    def link(self, link: Link) -> None:
        """Show what a phone can be linked with."""
        if link.code:
            self.line(f"● Pairing code: {link.code[:4]}-{link.code[4:]}\n  {link.message}")
        elif link.qr:
            drawn = qr_in_letters(link.qr)
            self._show(f"{_in_black_and_white(drawn) if self._to.isatty() else drawn}\n{link.message}\n")

    def ended(self, reason: str) -> None:
        """Say why the bridge is started again."""
        self.line(f"✗ {reason} It is started again.")

    def _show(self, text: str) -> None:
        if self._erase and self._to.isatty():
            self._to.write(f"\x1b[{self._erase}A\x1b[J")
        self._to.write(text)
        self._to.flush()
        self._erase = text.count("\n")
        self._said = ""


def qr_in_letters(text: str) -> str:
    """Draw a QR code with block letters, two modules a line."""
    import io  # noqa: PLC0415 - only a terminal that is linked needs these

    import segno  # noqa: PLC0415 - as above

    drawn = io.StringIO()
    segno.make(text, error="l", micro=False).terminal(drawn, border=2, compact=True)
    return drawn.getvalue().rstrip("\n")


def _in_black_and_white(drawn: str) -> str:
    """Whatever colours the terminal has: an inverted code is one that some phones cannot read."""
    return "\n".join(f"\x1b[97;40m{line}\x1b[0m" for line in drawn.splitlines())

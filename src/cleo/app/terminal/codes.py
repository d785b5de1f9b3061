"""The codes that open a door: how each is shown, so that one cannot be taken for the other."""

from typing import TextIO
from urllib.parse import quote

SHOW_LINK = (
    "● WhatsApp waits for a phone to be linked. A terminal shows the code, in this directory: cleo link"
)
SHOW_CLAIM = (
    "● Nobody owns this Cleo yet. A terminal shows how to become its owner, in this directory: cleo claim"
)


def said_of_pairing(code: str, message: str) -> str:
    """Return the pairing code with what to do with it."""
    return f"● Pairing code, for the phone whose number Cleo shall have: {code[:4]}-{code[4:]}\n  {message}"


def said_of_claim(words: str, number: str) -> str:
    """Return how to become the owner, by writing `words` to Cleo; `number` is empty where it is not known."""
    lines = [
        "● Nobody owns this Cleo yet. To become its owner, send it this message on WhatsApp, from your own phone:",
        f"    {words}",
    ]
    if number:
        lines[0] = lines[0].removesuffix(":") + f", to {number}:"
        lines.append(f"  Or open this there: https://wa.me/{number.removeprefix('+')}?text={quote(words)}")
    return "\n".join(lines)


def draw_qr(text: str, screen: TextIO) -> str:
    """Return a QR code as the screen can show it, in black on white where it has colours."""
    import io  # noqa: PLC0415 - only a terminal that is linked needs these

    import segno  # noqa: PLC0415 - as above

    code, drawn = segno.make(text, error="l", micro=False), io.StringIO()
    if not _has_blocks(screen):
        code.terminal(drawn, border=2)  # in colours alone: two spaces a module
        return drawn.getvalue().rstrip("\n")
    code.terminal(drawn, border=2, compact=True)
    lines = drawn.getvalue().rstrip("\n").splitlines()
    # Some phones cannot read an inverted code, so the colours are set.
    return "\n".join(f"\x1b[97;40m{line}\x1b[0m" if screen.isatty() else line for line in lines)


def _has_blocks(screen: TextIO) -> bool:
    try:
        "▀▄█".encode(screen.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True

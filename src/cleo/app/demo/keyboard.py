"""Read lines from the keyboard while messages arrive."""

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager

PROMPT = "› "


class Keyboard:
    """Reads lines in a thread of its own, which dies with the process: nothing can wake a blocked read."""

    def __init__(self) -> None:
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()

    async def lines(self) -> AsyncIterator[str]:
        """Yield every line, until the end of input."""
        threading.Thread(target=self._read, daemon=True).start()
        while (line := await self._lines.get()) is not None:
            yield line

    def aside(self) -> None:
        """Clear the line that is being typed, so that something can be printed."""
        if sys.stdin.isatty():
            sys.stdout.write("\r\x1b[K")

    def back(self) -> None:
        """Print it again as far as it was typed."""
        if sys.stdin.isatty():
            sys.stdout.write(PROMPT + _typed())
            sys.stdout.flush()

    def _read(self) -> None:
        _typed()  # loads what makes input() edit lines
        while True:
            try:
                line: str | None = input(PROMPT) if sys.stdin.isatty() else sys.stdin.readline()
            except EOFError:
                line = None
            if sys.stdin.isatty():
                sys.stdout.write("\x1b[1A\r\x1b[K")  # it comes back as a bubble
            elif line == "":
                line = None
            self._loop.call_soon_threadsafe(self._lines.put_nowait, line)
            if line is None:
                return


@contextmanager
def terminal_kept() -> Generator[None]:
    """Restore the terminal afterwards: a reader that is cut off leaves it without echo."""
    try:
        import termios  # noqa: PLC0415 - not on Windows
    except ImportError:
        yield
        return
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _typed() -> str:
    try:
        import readline  # noqa: PLC0415 - not on Windows
    except ImportError:
        return ""
    return readline.get_line_buffer()

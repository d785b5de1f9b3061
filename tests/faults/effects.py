"""Tools of the crash tests, named by CLEO_TOOLS. Each effect is one line that no crash takes back."""

import os
import signal
import time
from pathlib import Path

from cleo.ports import ToolContext
from cleo.tools import tool


def _jumping(file: Path) -> None:
    """Have the system clock be off by as many seconds as the file says, from one look at it to the next."""
    real = time.time

    def jumped() -> float:
        try:
            return real() + float(file.read_text())
        except (OSError, ValueError):
            return real()

    time.time = jumped


if clock := os.environ.get("CRASH_CLOCK"):
    _jumping(Path(clock))


def _write(ctx: ToolContext, effect: str, number: str) -> str:
    """Append in one call, so that a line is there as a whole or not at all."""
    file = os.open(os.environ["CRASH_EFFECTS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, f"{effect} {number} {ctx.key}\n".encode())
    finally:
        os.close(file)
    return f"done {number}"


@tool(title="mark")
def mark(ctx: ToolContext, number: str) -> str:
    """Mark a number: needs no yes, and must not happen twice.

    Args:
        number: Which.
    """
    return _write(ctx, "mark", number)


@tool(requires_confirmation=True, title="press")
def press(ctx: ToolContext, number: str) -> str:
    """Press a number: needs a yes.

    Args:
        number: Which.
    """
    return _write(ctx, "press", number)


@tool(read_only=True)
def poison(ctx: ToolContext, number: str) -> str:
    """End the process that runs it.

    Args:
        number: Which message asked for it.
    """
    os.kill(os.getpid(), signal.SIGKILL)
    return f"survived {number}"

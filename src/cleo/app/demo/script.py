"""Play a conversation from a file, one command a line.

    # a comment
    > remind me in 5 seconds to stretch      I write this
    wait stretch                             until Cleo says something that this regular expression finds
    wait 2s                                  let two seconds pass
    within 90s stretch                       like wait, with its own patience
    react 👍                                  to Cleo's last message; `react 3 👍` to message 3; `unreact`
    quote 3 and again                        I reply to message 3
    press 1                                  I tap a button that Cleo showed; `press Do it` by its words
    file picture.png look                    I send a file, found beside the script

Each `wait` looks at what came after the message that the one before it found.
"""

import asyncio
import re
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from cleo.app.demo.chat import Chat, matches
from cleo.app.demo.commands import COMMANDS, run_command
from cleo.channels.whatsapp.demo.phone import DemoError

PATIENCE = 60.0
"""Seconds that `wait REGEX` waits."""

_SECONDS = re.compile(r"\A(\d+(?:\.\d+)?)s")


def read_script(path: Path) -> list[tuple[int, str]]:
    """Return the lines with a command, with their numbers; raises `DemoError` when one is wrong."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DemoError(f"The script {path} cannot be read ({type(error).__name__}).") from error
    numbered = [(number, line.strip()) for number, line in enumerate(lines, 1)]
    acts = [(number, line) for number, line in numbered if line and not line.startswith("#")]
    for number, line in acts:
        with _said_where(path, number, line):
            _check(line)
    return acts


def _check(line: str) -> None:
    """Raise `DemoError` for a line that could never work."""
    name, _, rest = line.partition(" ")
    if name == "within":
        time, _, pattern = rest.strip().partition(" ")
        _seconds(time)
        matches(pattern)
    elif name == "wait":
        matches(rest)
    elif name != ">" and name not in COMMANDS:
        raise DemoError(f"This is no line of a script. It starts with: > wait within {' '.join(COMMANDS)}")


@contextmanager
def _said_where(path: Path, number: int, line: str) -> Generator[None]:
    try:
        yield
    except DemoError as error:
        raise DemoError(f"{path.name}, line {number}: {line}\n  {error}") from error


async def play(chat: Chat, path: Path) -> None:
    """Run the commands of a script; raises `DemoError` with the line that failed."""
    for number, line in read_script(path):
        with _said_where(path, number, line):
            await _do(chat, line, path.parent)


async def _do(chat: Chat, line: str, folder: Path) -> None:
    name, _, rest = line.partition(" ")
    rest = rest.strip()
    if name == ">":
        await chat.say(rest.replace("\\n", "\n"))
    elif name == "wait":
        await _wait(chat, rest)
    elif name == "within":
        time, _, pattern = rest.partition(" ")
        await _expect(chat, pattern.strip(), _seconds(time))
    else:
        await run_command(chat, line, folder=folder)


async def _wait(chat: Chat, rest: str) -> None:
    if _SECONDS.fullmatch(rest):
        await asyncio.sleep(_seconds(rest))
    else:
        await _expect(chat, rest, PATIENCE)


async def _expect(chat: Chat, pattern: str, seconds: float) -> None:
    if not await chat.wait_for(matches(pattern), seconds):
        raise DemoError(f"Cleo said nothing like that within {seconds:g} s.")


def _seconds(text: str) -> float:
    found = _SECONDS.fullmatch(text)
    if found is None:
        raise DemoError(f"{text!r} is no time. Write seconds, like 5s.")
    return float(found[1])

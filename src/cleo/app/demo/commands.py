"""Commands of the demo's chat: typed with a slash, or without one in a script."""

import re
import shlex
from collections.abc import Awaitable, Callable
from pathlib import Path

from cleo.app.demo.chat import Chat
from cleo.channels.whatsapp.demo.phone import DemoError

HELP = """\
Type and press Enter to write a message. Also:
  /react 👍         to Cleo's last message        /react 3 👍   to message 3
  /unreact          take the last reaction back
  /quote 3 text     reply to message 3
  /press 1          the first button that Cleo showed, or by its words: /press Do it
  /file PATH caption
  /quit"""

_NUMBERED = re.compile(r"(?:(\d+)\s+)?(.+)", re.DOTALL)


async def run_command(chat: Chat, line: str, *, folder: Path) -> bool:
    """Run the command in a line; return False when it names none. Paths start in `folder`. Raises `DemoError`."""
    name, _, rest = line.partition(" ")
    doing = COMMANDS.get(name)
    if doing is None:
        return False
    await doing(chat, rest.strip(), folder)
    return True


async def _react(chat: Chat, rest: str, folder: Path) -> None:
    number, emoji = _numbered(rest, "react 👍  or  react 3 👍")
    await chat.react(emoji, number)


async def _unreact(chat: Chat, rest: str, folder: Path) -> None:
    await chat.unreact()


async def _quote(chat: Chat, rest: str, folder: Path) -> None:
    number, text = _numbered(rest, "quote 3 what you say to it")
    await chat.say(text, quote=number)


async def _press(chat: Chat, rest: str, folder: Path) -> None:
    await chat.press(rest)


async def _file(chat: Chat, rest: str, folder: Path) -> None:
    path, caption = _path(rest)
    await chat.send_file(folder / path, caption)


def _path(rest: str) -> tuple[Path, str]:
    try:
        words = shlex.split(rest)
    except ValueError:
        words = rest.split()
    if not words:
        raise DemoError("Name a file: file PATH caption")
    return Path(words[0]).expanduser(), " ".join(words[1:])


def _numbered(rest: str, example: str) -> tuple[int | None, str]:
    found = _NUMBERED.fullmatch(rest)
    if found is None:
        raise DemoError(f"Write it like this: {example}")
    return (int(found[1]) if found[1] else None), found[2]


COMMANDS: dict[str, Callable[[Chat, str, Path], Awaitable[None]]] = {
    "react": _react,
    "unreact": _unreact,
    "quote": _quote,
    "press": _press,
    "file": _file,
}
"""By name."""

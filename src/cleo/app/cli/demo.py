"""`cleo demo`: you are the phone."""

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from rich.console import Console

from cleo.app import logs
from cleo.app.demo.chat import Chat, Screen
from cleo.app.demo.commands import HELP, run_command
from cleo.app.demo.keyboard import Keyboard, terminal_kept
from cleo.app.demo.screen import Bubbles, Lines
from cleo.app.demo.script import play, read_script
from cleo.app.demo.session import DemoSession, chosen_demo, demo_session, demo_settings
from cleo.app.settings import Settings, environment, secrets
from cleo.channels.whatsapp.demo.phone import DemoError

_LAST_ANSWER = 20.0
"""Seconds to wait for an answer after the end of piped input."""
_LOG_LINES = 12


def run(*, script: Path | None, backend: str) -> int:
    """Play the script, or chat until /quit; return the exit code."""
    if script:
        read_script(script)  # a missing file is said before anything starts
    with tempfile.TemporaryDirectory(prefix="cleo-demo-") as directory, terminal_kept():
        kept_log = Path(directory) / "cleo.log"
        with kept_log.open("w", encoding="utf-8") as log:
            settings = demo_settings(Path(directory) / "data", backend)
            logs.set_up(settings.cleo_log, hide=secrets(settings, environment()), pretty=False, to=log)
            try:
                asyncio.run(_play(settings, script) if script else _talk(settings))
            except KeyboardInterrupt:
                return 130
            except DemoError as error:
                sys.stderr.write(f"✗ {error}\n\nThe end of the log:\n{_end_of(kept_log)}\n")
                return 1
    return 0


async def _play(settings: Settings, script: Path) -> None:
    async with _started(settings) as session, _chatting(session, Lines(sys.stdout)) as chat:
        await play(chat, script)


async def _talk(settings: Settings) -> None:
    async with _started(settings) as session:
        keyboard = Keyboard()
        if sys.stdin.isatty():
            screen = Bubbles(Console(highlight=False), aside=keyboard.aside, back=keyboard.back)
            sys.stdout.write(f"{HELP}\n\nTry: help\n\n")
        else:
            screen = Lines(sys.stdout)
        async with _chatting(session, screen) as chat:
            async for line in keyboard.lines():
                if line.strip() == "/quit":
                    return
                try:
                    await _do(chat, line.strip())
                except DemoError as error:
                    screen.note(f"✗ {error}")
            if not sys.stdin.isatty():
                await chat.wait_for(lambda text: True, _LAST_ANSWER)


async def _do(chat: Chat, line: str) -> None:
    if not line.startswith("/"):
        if line:
            await chat.say(line)
    elif not await run_command(chat, line.removeprefix("/"), folder=Path()):
        raise DemoError(f"There is no {line.split(maxsplit=1)[0]}.\n{HELP}")


@asynccontextmanager
async def _started(settings: Settings) -> AsyncGenerator[DemoSession]:
    console = Console(highlight=False, stderr=True)
    begun = time.monotonic()
    demo = chosen_demo(settings)
    status = console.status(f"Starting a simulated {demo.network} and Cleo …")
    status.start()
    try:
        async with demo_session(settings) as session:
            status.stop()
            choice = session.running.cleo.choice
            console.print(
                f"Ready after {time.monotonic() - begun:.1f} s. Model: {choice.name} (CLEO_MODEL chooses)"
            )
            yield session
    finally:
        status.stop()


@asynccontextmanager
async def _chatting(session: DemoSession, screen: Screen) -> AsyncGenerator[Chat]:
    chat = Chat(session.phone, screen)
    listening = asyncio.create_task(chat.listen())
    try:
        yield chat
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


def _end_of(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8").splitlines()[-_LOG_LINES:])

"""One process of a system. Its output goes to files that outlive its restarts and are shown when a story fails."""

import asyncio
import re
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 30.0
"""Seconds that a story waits for something that should happen soon, on a slow machine."""


async def until(what: str, check: Callable[[], Awaitable[T | None]], seconds: float = PATIENCE) -> T:
    """Ask again and again until there is something; for what cannot be waited on otherwise."""
    end = time.monotonic() + seconds
    while True:
        found = await check()
        if found is not None and found is not False:
            return found
        assert time.monotonic() < end, f"waited {seconds:g} s in vain for {what}"
        await asyncio.sleep(0.03)


class Part:
    """A program that is started, killed and started again. Its input is empty, or with `holds_input` stays open."""

    def __init__(self, name: str, command: Sequence[str], folder: Path, *, holds_input: bool = False) -> None:
        self.name = name
        self.command = command
        self.folder = folder
        self.stdin = asyncio.subprocess.PIPE if holds_input else asyncio.subprocess.DEVNULL
        self.process: asyncio.subprocess.Process | None = None
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def pid(self) -> int:
        assert self.process, f"{self.name} was never started"
        return self.process.pid

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.returncode is None

    @property
    def said(self) -> str:
        """Everything on its standard output, of all its lives."""
        return self._file("out").read_text(errors="replace") if self._file("out").exists() else ""

    @property
    def logged(self) -> str:
        """Everything on its standard error, of all its lives."""
        return self._file("err").read_text(errors="replace") if self._file("err").exists() else ""

    async def start(self, env: Mapping[str, str]) -> None:
        """Start it with this environment and no other."""
        assert not self.is_running, f"{self.name} runs already"
        with self._file("out").open("ab") as out, self._file("err").open("ab") as err:
            self.process = await asyncio.create_subprocess_exec(
                *self.command,
                env=dict(env),
                cwd=self.folder,
                stdin=self.stdin,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )

    async def kill(self) -> None:
        """End it as a power cut would."""
        if self.process and self.is_running:
            self.process.kill()
            await self.process.wait()

    async def stop(self, by: signal.Signals = signal.SIGTERM, seconds: float = 15.0) -> int:
        """Ask it to end; tells its exit code."""
        assert self.process
        if self.is_running:
            self.process.send_signal(by)
        return await asyncio.wait_for(self.process.wait(), seconds)

    async def says(self, pattern: str, seconds: float = PATIENCE) -> re.Match[str]:
        """Wait until its standard output has something that fits."""

        async def look() -> re.Match[str] | None:
            assert self.is_running, f"{self.name} ended: {self.said}\n{self.logged}"
            return re.search(pattern, self.said)

        return await until(f"{self.name} to say {pattern!r}", look, seconds)

    def tail(self, lines: int = 40) -> str:
        """The end of what it wrote, for people who look for the reason of a failure."""
        return "\n".join([*self.said.splitlines()[-lines:], "--- stderr", *self.logged.splitlines()[-lines:]])

    def _file(self, kind: str) -> Path:
        return self.folder / f"{self.name}.{kind}"

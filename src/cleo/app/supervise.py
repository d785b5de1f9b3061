"""Keep a child process running for as long as Cleo runs, and not a second longer.

The child tells news as JSON lines on stdout and logs on stderr. It is started again when it ends, later each
time. It stops when its stdin closes, which happens also when this process is killed; a clean stop asks by SIGTERM
and insists after a few seconds.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import cast

import structlog

from cleo.channels.whatsapp.backend_spec import News, Program
from cleo.domain.delivery import backoff
from cleo.domain.errors import ConfigError

PATIENCE = 4.0
"""Seconds that a child has for a clean stop."""
HEALTHY_AFTER = 60.0
"""Seconds after which a start counts as a good one, and the next failure as the first."""
USELESS = 78
"""Exit code (EX_CONFIG) by which a child says that another start will not help."""
USELESS_STARTS = 6
"""Such ends in a row after which it is believed: a predecessor that is still ending may hold what it needs."""
LONGEST_LINE = 4 * 1024 * 1024

log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class Child:
    """A program that is kept running; `on_news` hears what it tells."""

    program: Program
    on_news: Callable[[News], None]
    on_end: Callable[[str], None] = lambda reason: None
    """Hears in one sentence why the program ended, each time."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    pid: int | None = None
    _last_words: deque[str] = field(default_factory=lambda: deque(maxlen=3))

    async def run(self) -> None:
        """Start it, and again whenever it ends, until cancelled; then stop it cleanly.

        Raises `ConfigError` when it cannot work as it is set.
        """
        failures = useless = 0
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            code = await self._live()
            failures = 1 if loop.time() - started > HEALTHY_AFTER else failures + 1
            useless = useless + 1 if code == USELESS else 0
            wait = backoff(failures)
            reason = f"{self.program.name} ended ({_ending(code)}). {' '.join(self._last_words)}".strip()
            if useless >= USELESS_STARTS:
                raise ConfigError(reason)
            log.warning("child_ended", program=self.program.name, code=code, again_in=round(wait, 1))
            self.on_end(reason)
            await self.sleep(wait)

    async def _live(self) -> int:
        process = await asyncio.create_subprocess_exec(
            *self.program.command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=dict(self.program.env),
            limit=LONGEST_LINE,
            start_new_session=True,  # Ctrl-C is for us; we stop it in order
        )
        self.pid = process.pid
        self._last_words.clear()
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._hear(process.stdout))
                both.create_task(self._join_log(process.stderr))
            return await process.wait()
        finally:
            self.pid = None
            await _stop(process)

    async def _hear(self, stdout: asyncio.StreamReader | None) -> None:
        async for line in _lines(stdout):
            news = _object(line)
            if news is None:
                log.warning("child_said_no_json", program=self.program.name, characters=len(line))
            else:
                self.on_news(news)

    async def _join_log(self, stderr: asyncio.StreamReader | None) -> None:
        async for line in _lines(stderr):
            record = _object(line)
            if record is None:
                self._last_words.append(line)
                log.debug("child_log", program=self.program.name, line=line)
                continue
            words = str(record.get("msg", ""))
            level = _level(record.get("level"))
            if level in {"error", "warning"}:
                self._last_words.append(words)
            extra = {key: value for key, value in record.items() if key not in _OWN_KEYS}
            getattr(log, level)(words or "child_log", program=self.program.name, **extra)


_OWN_KEYS = frozenset({"level", "time", "msg", "pid", "hostname", "event", "program", "timestamp"})


def _level(number: object) -> str:
    """Read pino's level: 30 is info, 40 warn, 50 error, 60 fatal."""
    if not isinstance(number, int) or number < 30:
        return "debug"
    return "info" if number < 40 else "warning" if number < 50 else "error"


def _object(line: str) -> dict[str, object] | None:
    try:
        read: object = json.loads(line)
    except ValueError:
        return None
    return cast("dict[str, object]", read) if isinstance(read, dict) else None


async def _lines(stream: asyncio.StreamReader | None) -> AsyncIterator[str]:
    """Read lines until the end; one that is too long to keep is left out."""
    while stream is not None:
        try:
            line = await stream.readline()
        except ValueError:
            continue
        if not line:
            return
        if text := line.decode(errors="replace").strip():
            yield text


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    if process.stdin is not None:
        process.stdin.close()
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), PATIENCE)
    except TimeoutError:
        process.kill()
        await process.wait()


def _ending(code: int) -> str:
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"

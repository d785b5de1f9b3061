"""Supervise a child process: it runs for as long as Cleo runs, and not a second longer.

The child writes events as JSON lines on stdout, and logs on stderr. It is restarted when it ends, later each time.
It stops when its stdin closes, which happens also when this process is killed; a clean stop sends SIGTERM, and
SIGKILL after a few seconds.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import cast

import structlog

from cleo.channels.whatsapp.backend_spec import ProcessEvent, Program
from cleo.domain.delivery import backoff
from cleo.domain.errors import ConfigError

STOP_SECONDS = 4.0
"""Seconds that a child has for a clean stop."""
HEALTHY_AFTER = 60.0
"""Seconds after which a start counts as successful, and the next failure as the first."""
CONFIG_ERROR = 78
"""Exit code (EX_CONFIG) of a child that another start will not help."""
MAX_CONFIG_ERRORS = 6
"""Such exits in a row before it is given up: a predecessor that is still ending may hold what it needs."""
LONGEST_LINE = 4 * 1024 * 1024

log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class Child:
    """A program that is kept running; `on_event` gets each of its events."""

    program: Program
    on_event: Callable[[ProcessEvent], None]
    on_end: Callable[[str], None] = lambda reason: None
    """Gets one sentence why the program ended, each time."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    pid: int | None = None
    _last_log_lines: deque[str] = field(default_factory=lambda: deque(maxlen=3))

    async def run(self) -> None:
        """Start it, restart it whenever it ends, until cancelled; then stop it cleanly.

        Raises `ConfigError` when it cannot work as it is set.
        """
        failures = config_errors = 0
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            code = await self._run_once()
            failures = 1 if loop.time() - started > HEALTHY_AFTER else failures + 1
            config_errors = config_errors + 1 if code == CONFIG_ERROR else 0
            wait = backoff(failures)
            reason = f"{self.program.name} ended ({_ending(code)}). {' '.join(self._last_log_lines)}".strip()
            if config_errors >= MAX_CONFIG_ERRORS:
                raise ConfigError(reason)
            log.warning("child_ended", program=self.program.name, code=code, again_in=round(wait, 1))
            self.on_end(reason)
            await self.sleep(wait)

    async def _run_once(self) -> int:
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
        self._last_log_lines.clear()
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._read_events(process.stdout))
                both.create_task(self._join_log(process.stderr))
            return await process.wait()
        finally:
            self.pid = None
            await _stop(process)

    async def _read_events(self, stdout: asyncio.StreamReader | None) -> None:
        async for line in _lines(stdout):
            event = _object(line)
            if event is None:
                log.warning("child_said_no_json", program=self.program.name, characters=len(line))
            else:
                self.on_event(event)

    async def _join_log(self, stderr: asyncio.StreamReader | None) -> None:
        async for line in _lines(stderr):
            record = _object(line)
            if record is None:
                self._last_log_lines.append(line)
                log.debug("child_log", program=self.program.name, line=line)
                continue
            words = str(record.get("msg", ""))
            level = _level(record.get("level"))
            if level in {"error", "warning"}:
                self._last_log_lines.append(words)
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
    """Yield lines until the end, without those that are too long."""
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
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()


def _ending(code: int) -> str:
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"

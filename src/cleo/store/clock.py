"""Time that never runs backwards, whatever the system clock does."""

import asyncio
import secrets
import time
from pathlib import Path
from threading import Lock

import structlog

_log = structlog.get_logger(__name__)

_SAVED_EVERY = 5.0
_AHEAD = 120.0
"""Seconds by which the system clock may be behind before it is worth a warning."""

_END_OF_TIME = 253_402_300_800.0
"""The year 10000, where dates end. A file that says more says nothing."""


class SystemClock:
    """Implements `cleo.ports.Clock`.

    It follows the system clock forwards. When that is set back, time goes on at half speed until the system has
    caught up: what must expire expires, and nothing happens twice. The latest time is kept in a file, so that a
    restart does not go back either; losing the file does no harm.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._latest = self._saved = _read(path)
        self._ticks = time.monotonic()
        if (ahead := self._latest - time.time()) > _AHEAD:
            _log.warning(
                "the system clock is behind the time Cleo has already seen; if that was wrong, stop Cleo and delete "
                "the file",
                seconds=round(ahead),
                file=str(path),
            )

    def now(self) -> float:
        """Unix seconds."""
        with self._lock:
            ticks = time.monotonic()
            self._latest = max(time.time(), self._latest + (ticks - self._ticks) / 2)
            self._ticks = ticks
            if self._latest - self._saved >= _SAVED_EVERY:
                self._save()
            return self._latest

    async def sleep(self, seconds: float) -> None:
        """Wait; other tasks go on."""
        await asyncio.sleep(seconds)

    def _save(self) -> None:
        draft = self._path.with_name(f"{self._path.name}-{secrets.token_hex(4)}")  # others may save now, too
        self._saved = self._latest
        try:
            draft.touch(mode=0o600)
            draft.write_text(f"{self._latest:.3f}\n")
            draft.replace(self._path)
        except OSError:
            _log.warning("the clock's file cannot be written", file=str(self._path))


def _read(path: Path) -> float:
    try:
        saved = float(path.read_text())
    except (OSError, ValueError):
        return 0.0
    return saved if 0 < saved < _END_OF_TIME else 0.0

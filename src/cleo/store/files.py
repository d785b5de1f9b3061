"""Files by the hash of their content."""

import asyncio
import hashlib
import os
import re
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, ParamSpec, TypeVar

from cleo.domain.content import FileId
from cleo.domain.errors import FetchError, StoreError

Arguments = ParamSpec("Arguments")
T = TypeVar("T")

_BUFFER = 2**20
_ABANDONED = 24 * 3600.0
"""Seconds after which nobody writes to a file any more."""
_ID = re.compile(r"[0-9a-f]{64}")
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


class DiskFiles:
    """Implements `cleo.ports.Files` in a directory that nobody else writes to, but other processes of Cleo.

    A file appears under its name only when all of it is on disk. The same bytes are kept once.
    """

    def __init__(self, root: Path, *, shared: bool = False) -> None:
        """`shared`: other processes keep files here now, so only what is old is taken for a leftover of a crash."""
        self._root = root
        self._arriving = root / "arriving"
        self._arriving.mkdir(mode=0o700, parents=True, exist_ok=True)
        for leftover in _older(self._arriving, _ABANDONED) if shared else tuple(self._arriving.iterdir()):
            leftover.unlink(missing_ok=True)

    async def keep(self, chunks: AsyncIterator[bytes], limit: int) -> FileId:
        """Store a file of at most `limit` bytes; raises `FetchError` when it is larger.

        Raises `StoreError` when the disk does not take it. Then, and when `chunks` raises, nothing stays behind.
        """
        part = self._arriving / secrets.token_hex(16)
        digest, size = hashlib.sha256(), 0
        try:
            out = await self._disk(_create, part)
            try:
                async for chunk in chunks:
                    size += len(chunk)
                    if size > limit:
                        raise FetchError(f"The file is larger than {limit} bytes (CLEO_FILE_MAX_BYTES).")
                    digest.update(chunk)
                    await self._disk(out.write, chunk)
                await self._disk(_finish, out)
            finally:
                with suppress(OSError):  # what matters was flushed before
                    out.close()
            file = FileId(digest.hexdigest())
            await self._disk(self._settle, part, file)
        finally:
            part.unlink(missing_ok=True)
        return file

    def path(self, file: FileId) -> Path:
        """Where it lies; raises `KeyError`."""
        if not _ID.fullmatch(file):
            raise KeyError(file)
        path = self._place(file)
        if path.is_symlink() or not path.is_file():
            raise KeyError(file)
        return path

    async def _disk(
        self, step: Callable[Arguments, T], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> T:
        """Do something slow; an error there is the disk's, not the sender's."""
        try:
            return await asyncio.to_thread(step, *args, **kwargs)
        except OSError as error:
            raise StoreError(
                f"A file cannot be kept in {self._root}: {error.strerror}. Free some space, and check that the data "
                "directory (CLEO_DATA) belongs to the user who runs Cleo."
            ) from error

    def _place(self, file: FileId) -> Path:
        return self._root / file[:2] / file

    def _settle(self, part: Path, file: FileId) -> None:
        place = self._place(file)
        place.parent.mkdir(mode=0o700, exist_ok=True)
        part.replace(place)
        flush(place.parent)


def flush(path: Path) -> None:
    """Have the operating system write a file, or the names in a directory, to the disk."""
    if os.name == "nt" and path.is_dir():
        return  # Windows keeps names safe by itself and cannot open a directory
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _older(directory: Path, seconds: float) -> Iterator[Path]:
    """Find what nobody has touched, by the clock of the disk, which may be another machine's."""
    probe = directory / secrets.token_hex(16)
    probe.touch(mode=0o600)
    now = probe.stat().st_mtime
    probe.unlink()
    for path in tuple(directory.iterdir()):
        with suppress(FileNotFoundError):
            if now - path.stat().st_mtime > seconds:
                yield path


def _create(path: Path) -> BinaryIO:
    return open(os.open(path, _NEW_FILE, 0o600), "wb", buffering=_BUFFER)  # noqa: PTH123  a new file or an error


def _finish(out: BinaryIO) -> None:
    out.flush()
    os.fsync(out.fileno())

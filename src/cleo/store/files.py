"""Files by the hash of their content."""

import asyncio
import hashlib
import os
import re
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

from cleo.domain.content import FileId
from cleo.domain.errors import FetchError, StoreError

_ID = re.compile(r"[0-9a-f]{64}")
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


class DiskFiles:
    """Implements `cleo.ports.Files` in a directory that nobody else writes to.

    A file appears under its name only when all of it is on disk. The same bytes are kept once.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._arriving = root / "arriving"
        self._arriving.mkdir(mode=0o700, parents=True, exist_ok=True)
        for leftover in self._arriving.iterdir():
            leftover.unlink()

    async def keep(self, chunks: AsyncIterator[bytes], limit: int) -> FileId:
        """Store a file of at most `limit` bytes; raises `FetchError` when it is larger.

        Raises `StoreError` when the disk does not take it. Then, and when `chunks` raises, nothing stays behind.
        """
        part = self._arriving / secrets.token_hex(16)
        digest, size = hashlib.sha256(), 0
        try:
            handle = os.open(part, _NEW_FILE, 0o600)
            try:
                async for chunk in chunks:
                    size += len(chunk)
                    if size > limit:
                        raise FetchError(f"The file is larger than {limit} bytes (CLEO_FILE_MAX_BYTES).")
                    digest.update(chunk)
                    await asyncio.to_thread(_write, handle, chunk)
                await asyncio.to_thread(os.fsync, handle)
            finally:
                os.close(handle)
            file = FileId(digest.hexdigest())
            await asyncio.to_thread(self._settle, part, file)
        except OSError as error:
            raise StoreError(
                f"A file cannot be kept in {self._root}: {error.strerror}. Free some space, and check that the data "
                "directory (CLEO_DATA) belongs to the user who runs Cleo."
            ) from error
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


def _write(handle: int, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[os.write(handle, rest) :]

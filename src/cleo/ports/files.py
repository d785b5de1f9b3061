"""Bytes of files, by their hash."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

from cleo.domain.content import FileId


class Files(Protocol):
    """Bytes of files, by the hash of their content."""

    async def keep(self, chunks: AsyncIterator[bytes], limit: int) -> FileId:
        """Store a file of at most `limit` bytes; raises `FetchError` when it is larger."""
        ...

    def path(self, file: FileId) -> Path:
        """Where it lies; raises `KeyError`."""
        ...

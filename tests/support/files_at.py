"""`ports.Files` over a folder, for those who only send and fetch."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from cleo.domain.content import FileId


@dataclass
class FilesAt:
    """Keeps each file under its hash."""

    root: Path
    kept: dict[FileId, Path] = field(default_factory=dict[FileId, Path])

    async def keep(self, chunks: AsyncIterator[bytes], limit: int) -> FileId:
        body = b"".join([chunk async for chunk in chunks])
        assert len(body) <= limit
        id = FileId(hashlib.sha256(body).hexdigest())
        self.kept[id] = self.root / id
        self.kept[id].write_bytes(body)
        return id

    def path(self, file: FileId) -> Path:
        return self.kept[file]


async def once(body: bytes) -> AsyncIterator[bytes]:
    """A stream of one piece."""
    yield body

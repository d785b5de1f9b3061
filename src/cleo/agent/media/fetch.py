"""Brings the files of inbound messages in: bytes to disk, a record for the tools that send them back."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

import structlog
from pydantic import TypeAdapter

from cleo.domain.content import File
from cleo.domain.errors import FetchError
from cleo.domain.failpoint import failpoint
from cleo.domain.message import InboxItem
from cleo.ports import Channel, Clock, Files, Record, Store

_FILE = TypeAdapter(File)
_log = structlog.get_logger("cleo.fetch")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetcher:
    """Fetches before the turn begins. A file that cannot be had never stops the answer."""

    store: Store
    files: Files
    clock: Clock
    max_bytes: int

    async def fetch(self, items: Iterable[InboxItem], channel: Channel) -> dict[int, File | str]:
        """Tell each item's stored file, or why there is none, by inbox seq."""
        found: dict[int, File | str] = {}
        for item in items:
            if isinstance(item.message.content, File):
                found[item.seq] = await self._one(item, item.message.content, channel)
        return found

    async def show_again(self, items: Iterable[InboxItem], channel: Channel) -> dict[int, File | str]:
        """Tell the same of earlier items: their files are here, or are fetched now."""
        found: dict[int, File | str] = {}
        for item in items:
            if isinstance(item.message.content, File):
                found[item.seq] = await self._kept(item) or await self._one(
                    item, item.message.content, channel
                )
        return found

    async def _kept(self, item: InboxItem) -> File | None:
        record = await self.store.read(lambda tx: tx.records.get(f"file:{item.seq}"))
        return _FILE.validate_json(record.body) if record else None

    async def _one(self, item: InboxItem, file: File, channel: Channel) -> File | str:
        try:
            id_ = await self.files.keep(channel.fetch(file), self.max_bytes)
            stored = replace(file, stored=id_, url=None, size=self.files.path(id_).stat().st_size)
        except FetchError as error:
            _log.warning("file not fetched", reason=str(error))
            return f"it could not be fetched: {error}"
        failpoint("fetch.after_keep")
        record = Record(
            id=f"file:{item.seq}",
            conversation=item.conversation,
            kind="file",
            name=file.name or f"{file.kind}-{id_[:8]}",
            body=json.dumps(asdict(stored)),
            at=item.received_at,
        )
        await self.store.write(lambda tx: tx.records.add(record))
        return stored

"""Long texts: their middle is left out, and the whole is kept for the tool `read_more`."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

import structlog
from pydantic_ai.messages import TextContent, UserContent
from pydantic_core import to_json

from cleo.agent.model.budget import tokens
from cleo.domain.content import annotate
from cleo.domain.conversation import ConversationId
from cleo.domain.errors import FetchError, StoreError
from cleo.ports import LONG_TEXT, Clock, Files, Record, Store

_CHUNK = 2**18
_LONGEST_KEPT = 64 * 1024 * 1024
_log = structlog.get_logger("cleo.clip")


@dataclass(frozen=True, slots=True, kw_only=True)
class Clipper:
    """Cuts what is longer than `most` tokens."""

    store: Store
    files: Files
    clock: Clock
    conversation: ConversationId
    most: int

    async def result(self, value: object, key: str) -> object:
        """Return a tool's result, cut if it is too long; `key` is the same whenever the call is repeated."""
        text = value if isinstance(value, str) else to_json(value).decode()
        return value if tokens(text) <= self.most else await self._cut(text, key, self.most)

    async def prompt(self, pieces: Sequence[UserContent], key: str) -> list[UserContent]:
        """Return a prompt whose long pieces are cut so that all of them together fit."""
        texts = [_text(piece) for piece in pieces]
        if sum(map(tokens, texts)) <= self.most:
            return list(pieces)
        share = self.most // len(texts)
        cut: list[UserContent] = []
        for place, (piece, text) in enumerate(zip(pieces, texts, strict=True)):
            if tokens(text) <= share:
                cut.append(piece)
                continue
            words = await self._cut(text, f"{key}:{place}", share)
            cut.append(replace(piece, content=words) if isinstance(piece, TextContent) else words)
        return cut

    async def _cut(self, text: str, key: str, most: int) -> str:
        id_ = await self._keep(text, key)
        room = len(text) * most // tokens(text)
        while tokens(short := _without_middle(text, room, id_)) > most and room > 40:
            room = room * 3 // 4
        return short

    async def _keep(self, text: str, key: str) -> str:
        """Keep the whole; return its id, empty when that is not possible."""
        id_ = hashlib.sha256(f"{self.conversation}:{key}".encode()).hexdigest()[:10]
        try:
            file = await self.files.keep(_chunks(text), _LONGEST_KEPT)
        except (FetchError, StoreError) as error:
            _log.warning("long text not kept", reason=str(error))
            return ""
        record = Record(
            id=f"{LONG_TEXT}:{id_}",
            conversation=self.conversation,
            kind=LONG_TEXT,
            name=id_,
            body=file,
            at=self.clock.now(),
        )
        await self.store.write(lambda tx: tx.records.add(record))
        return id_


def _text(piece: UserContent) -> str:
    return piece if isinstance(piece, str) else piece.content if isinstance(piece, TextContent) else ""


def _without_middle(text: str, room: int, id_: str) -> str:
    head = max(room - 150, 0) * 2 // 3
    tail = max(room - 150, 0) - head
    more = f'; read them with read_more(id="{id_}", start={head})' if id_ else ""
    end = text[len(text) - tail :] if tail else ""
    left_out = annotate(f"{len(text) - head - tail} characters left out{more}")
    return f"{text[:head]}\n{left_out}\n{end}"


async def _chunks(text: str) -> AsyncIterator[bytes]:
    for start in range(0, len(text), _CHUNK):
        yield text[start : start + _CHUNK].encode(errors="replace")
        await asyncio.sleep(0)

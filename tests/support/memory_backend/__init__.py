"""A WhatsApp backend that sends into a file: all that a third backend has to bring."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
from fastapi import APIRouter
from pydantic import BaseModel, Field
from typing_extensions import override

from cleo.channels.http.http_files import open_stored
from cleo.channels.whatsapp.backend import CHANNEL, PATH, Backend, ForeseesIds, Reacts
from cleo.channels.whatsapp.backend_settings import BackendSettings
from cleo.channels.whatsapp.backend_spec import BackendContext, BackendSpec, Demo
from cleo.channels.whatsapp.demo.host import ME, DemoHost
from cleo.channels.whatsapp.demo.phone import Arrival, DemoError, DemoPhone
from cleo.domain.content import File, MessageId, Reaction, Text
from cleo.domain.conversation import Conversation
from cleo.domain.errors import FetchError, SendFailed, SendRejected
from cleo.domain.health import Health
from cleo.domain.identity import Address, address, namespace
from cleo.domain.message import Inbound, Quoted, SendKey
from cleo.ports import Capabilities, Clock, Files, Outcome, Receive, Sent
from cleo.ports.finding import Findings, good

CAN = Capabilities(text_max=2000)


class MemorySettings(BackendSettings):
    whatsapp_memory_number: str = Field("15550000001", examples=["15550000001"])
    """The number that Cleo has there."""


class MemoryBackend(Backend, ForeseesIds, Reacts):
    def __init__(self, file: Path, files: Files) -> None:
        self.file, self.files, self.is_up = file, files, True
        self.offered: dict[str, bytes] = {}

    @property
    @override
    def capabilities(self) -> Capabilities:
        return CAN

    @override
    def message_id(self, key: str) -> MessageId:
        return MessageId(f"M-{key}")

    @override
    async def send_text(self, to: Conversation, body: str, *, key: SendKey, quoted: Quoted | None) -> Outcome:
        return self._send(to, body, key)

    @override
    async def send_file(
        self, to: Conversation, file: File, *, key: SendKey, quoted: Quoted | None
    ) -> Outcome:
        open_stored(self.files, file).close()
        return self._send(to, file.caption, key)

    @override
    async def react(
        self, to: Conversation, reaction: Reaction, *, key: SendKey, author: Address | None
    ) -> Outcome:
        if " " in reaction.to:
            raise SendRejected("There is no such message.")
        return Sent(message_id=self.message_id(key.key))

    @override
    async def fetch(self, file: File) -> AsyncIterator[bytes]:
        if not self.is_up or file.url not in self.offered:
            raise FetchError("There is no such file.")
        yield self.offered[file.url]

    @override
    async def health(self) -> Health:
        return Health(state="ok" if self.is_up else "down", code="memory", message="It is in memory.")

    @override
    async def close(self) -> None:
        self.is_up = False

    def _send(self, to: Conversation, text: str, key: SendKey) -> Sent:
        if namespace(to.address) not in {"phone", "group"}:
            raise SendRejected("Nobody lives at this address.")
        if not self.is_up:
            raise SendFailed("It was closed.")
        id = self.message_id(key.key)
        if id not in {known for known, _ in sent(self.file)}:
            with self.file.open("a", encoding="utf-8") as end:
                end.write(json.dumps([id, text]) + "\n")
        return Sent(message_id=id)


def sent(file: Path) -> list[tuple[str, str]]:
    """Id and text of everything that was sent, oldest first."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return [(id, text) for id, text in map(json.loads, lines)]


class Said(BaseModel):
    id: str
    text: str


def _routes(context: BackendContext, receive: Receive, clock: Clock) -> APIRouter:
    router = APIRouter()

    async def webhook(said: Said) -> None:
        me = address("phone", f"+{ME}")
        at = round(clock.now() * 1000)
        content = Text(body=said.text)
        await receive.message(
            Inbound(channel=CHANNEL, chat=me, id=MessageId(said.id), sender=me, content=content, at=at)
        )

    router.add_api_route(PATH, webhook, methods=["POST"])
    return router


def _check(context: BackendContext) -> Findings:
    yield good(f"The number in memory is {MemorySettings.of(context.settings).whatsapp_memory_number}")


class MemoryPhone(DemoPhone):
    def __init__(self, url: str, file: Path) -> None:
        self.url, self.file, self.count = url, file, 0

    @override
    async def say(self, text: str, quote: str | None = None) -> str:
        self.count += 1
        async with httpx2.AsyncClient(trust_env=False) as http:
            said = Said(id=f"S{self.count}", text=text).model_dump()
            (await http.post(f"{self.url}{PATH}", json=said)).raise_for_status()
        return f"S{self.count}"

    @override
    async def send_file(self, path: Path, caption: str = "") -> str:
        raise DemoError("This phone has no files.")

    @override
    async def react(self, to: str, emoji: str, *, own: bool) -> str:
        raise DemoError("This phone has no reactions.")

    @override
    async def arrivals(self) -> AsyncIterator[Arrival]:
        seen = 0
        while True:
            for id, text in sent(self.file)[seen:]:
                seen += 1
                yield Arrival(seq=seen, id=id, kind="text", text=text)
            await asyncio.sleep(0.02)

    @override
    async def typing(self) -> AsyncIterator[bool]:
        yield False


@asynccontextmanager
async def _phone(host: DemoHost) -> AsyncGenerator[DemoPhone]:
    async with host.cleo(settings={}, bridge_env={}) as cleo:
        yield MemoryPhone(cleo.url, host.data / "sent")


SPEC = BackendSpec(
    settings=lambda: MemorySettings,
    capabilities=lambda: CAN,
    number_id=lambda settings: MemorySettings.of(settings).whatsapp_memory_number,
    open=lambda context, files: MemoryBackend(context.data / "sent", files),
    routes=_routes,
    has_public_webhook=False,
    introduction=lambda context: "WhatsApp in memory",
    checks=lambda: [_check],
    demo=Demo(network="memory", phone=_phone),
)

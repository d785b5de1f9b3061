"""A phone on the simulated WhatsApp, by the simulator's control API."""

import asyncio
import base64
import mimetypes
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self, cast

import httpx2

from cleo.domain.errors import CleoError

Json = Mapping[str, object]

LONG_POLL_MS = 20_000

_KINDS = {"image": "image", "video": "video", "audio": "audio"}


class DemoError(CleoError):
    """The simulated WhatsApp did not do what it was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Something that appeared on the phone; `to` is the message that it is about, `choices` is what can be tapped."""

    seq: int
    id: str
    kind: str
    text: str
    to: str = ""
    choices: tuple[str, ...] = ()


class Simulator:
    """The control API; `url` is where it listens. `async with` closes it at the end."""

    def __init__(self, url: str) -> None:
        self._http = httpx2.AsyncClient(base_url=url, timeout=LONG_POLL_MS / 1000 + 10, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def post(self, path: str, body: Json) -> Json:
        """Ask for a change; raises `DemoError`."""
        return cast("Json", await self._call("POST", path, body))

    async def get(self, path: str) -> object:
        """Read something; raises `DemoError`."""
        return await self._call("GET", path, None)

    async def feed(self, path: str) -> AsyncIterator[Json]:
        """Follow a list that grows, from its beginning, until cancelled."""
        after = 0
        while True:
            for entry in cast("list[Json]", await self.get(f"{path}?after={after}&wait={LONG_POLL_MS}")):
                after = max(after, cast("int", entry["seq"]))
                yield entry

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def _call(self, method: str, path: str, body: Json | None) -> object:
        try:
            answer = await self._http.request(method, path, json=body)
        except httpx2.HTTPError as error:
            raise DemoError(f"The simulated WhatsApp does not answer ({type(error).__name__}).") from error
        if answer.is_error:
            raise DemoError(f"The simulated WhatsApp said no: {answer.text.strip()}")
        return answer.json()


class Phone:
    """One simulated phone, and its chat with `other`."""

    def __init__(self, simulator: Simulator, number: str, other: str) -> None:
        self._simulator = simulator
        self._path = f"/phones/{number}"
        self._other = other

    async def say(self, text: str, quote: str | None = None) -> str:
        """Send text, as a reply to the message `quote` if given; tells the id."""
        return await self._send({"text": text}, quote)

    async def send_file(self, path: Path, caption: str = "") -> str:
        """Send a file; tells the id. Raises `DemoError` when there is none."""
        return await self._send({"media": await file_at(path, caption)}, None)

    async def react(self, to: str, emoji: str, *, own: bool) -> str:
        """Put an emoji on a message, or take it back (`""`)."""
        return await self._send({"reaction": {"id": to, "emoji": emoji, "fromMe": own}}, None)

    async def arrivals(self) -> AsyncIterator[Arrival]:
        """Everything that appears on the phone, from now on, until cancelled."""
        async for entry in self._simulator.feed(f"{self._path}/messages"):
            if not entry.get("fromMe"):
                yield _arrival(entry)

    async def typing(self) -> AsyncIterator[bool]:
        """Whether the other side is writing, at every change, until cancelled."""
        async for entry in self._simulator.feed(f"{self._path}/presence"):
            if entry.get("state") in {"composing", "recording", "paused", "available", "unavailable"}:
                yield entry["state"] in {"composing", "recording"}

    async def _send(self, message: Json, quote: str | None) -> str:
        quoted: Json = {"quote": {"id": quote}} if quote else {}
        sent = await self._simulator.post(f"{self._path}/messages", {"to": self._other, **message, **quoted})
        return str(sent["id"])


async def file_at(path: Path, caption: str = "") -> Json:
    """Read a file into what the control API takes as `media`; raises `DemoError` when there is none."""
    try:
        data = await asyncio.to_thread(path.read_bytes)
    except OSError as error:
        raise DemoError(f"{path} cannot be read: {error.strerror}.") from error
    mimetype = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    media = {
        "kind": _KINDS.get(mimetype.partition("/")[0], "document"),
        "base64": base64.b64encode(data).decode(),
        "mimetype": mimetype,
        "filename": path.name,
    }
    return media | ({"caption": caption} if caption else {})


def _arrival(entry: Json) -> Arrival:
    kind = str(entry["kind"])
    text = str(entry.get("text") or entry.get("caption") or "")
    about = entry.get(kind)
    to = ""
    if kind in {"reaction", "edit", "revoke"} and isinstance(about, Mapping):
        part = cast("Json", about)
        to = str(part.get("id", ""))
        text = str(part.get("emoji" if kind == "reaction" else "text", ""))
    elif isinstance(media := entry.get("media"), Mapping):
        named = cast("Json", media)
        text = f"[{kind}: {named.get('filename') or named.get('mimetype')}] {text}".strip()
    return Arrival(seq=cast("int", entry["seq"]), id=str(entry["id"]), kind=kind, text=text, to=to)

"""A phone on the simulated WhatsApp, for the demo's chat."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import cast

from typing_extensions import override

from cleo.channels.whatsapp.demo.phone import Arrival, DemoPhone
from cleo.channels.whatsapp.demo.simulator import Json, Simulator, file_at


class SimulatorPhone(DemoPhone):
    """One simulated phone, and its chat with `other`."""

    def __init__(self, simulator: Simulator, number: str, other: str) -> None:
        self._simulator = simulator
        self._path = f"/phones/{number}"
        self._other = other

    @override
    async def say(self, text: str, quote: str | None = None) -> str:
        return await self._send({"text": text}, quote)

    @override
    async def send_file(self, path: Path, caption: str = "") -> str:
        return await self._send({"media": await file_at(path, caption)}, None)

    @override
    async def react(self, to: str, emoji: str, *, own: bool) -> str:
        return await self._send({"reaction": {"id": to, "emoji": emoji, "fromMe": own}}, None)

    @override
    async def arrivals(self) -> AsyncIterator[Arrival]:
        async for entry in self._simulator.feed(f"{self._path}/messages"):
            if not entry.get("fromMe"):
                yield _arrival(entry)

    @override
    async def typing(self) -> AsyncIterator[bool]:
        async for entry in self._simulator.feed(f"{self._path}/presence"):
            if entry.get("state") in {"composing", "recording", "paused", "available", "unavailable"}:
                yield entry["state"] in {"composing", "recording"}

    async def _send(self, message: Json, quote: str | None) -> str:
        quoted: Json = {"quote": {"id": quote}} if quote else {}
        sent = await self._simulator.post(f"{self._path}/messages", {"to": self._other, **message, **quoted})
        return str(sent["id"])


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

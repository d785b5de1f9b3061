"""A phone on the simulated WhatsApp, for the demo's chat."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import cast

from cleo.channels.whatsapp.demo.phone import Arrival, DemoPhone
from cleo.channels.whatsapp.demo.simulator import Json, Simulator, file_at


class SimulatorPhone(DemoPhone):
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

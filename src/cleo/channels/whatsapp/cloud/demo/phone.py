"""A phone on the simulated Cloud API, by the simulator's control API."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import cast

from typing_extensions import override

from cleo.channels.whatsapp.demo.phone import Arrival, DemoPhone, Presses
from cleo.channels.whatsapp.demo.simulator import Json, Simulator, file_at


class CloudPhone(DemoPhone, Presses):
    """One phone, by its id, number or user id; `business` is the `phone_number_id` it writes to (default: the first).

    `simulator` is opened on the control API: `Simulator(url)`.
    """

    def __init__(self, simulator: Simulator, name: str, business: str | None = None) -> None:
        self._simulator = simulator
        self._path = f"/phones/{name}"
        self._to: Json = {"to": business} if business else {}

    @override
    async def say(self, text: str, quote: str | None = None) -> str:
        quoted: Json = {"quote": {"id": quote}} if quote else {}
        return await self._send({"text": text, **quoted})

    @override
    async def send_file(self, path: Path, caption: str = "") -> str:
        return await self._send({"media": await file_at(path, caption)})

    @override
    async def react(self, to: str, emoji: str, *, own: bool) -> str:
        return await self._send({"reaction": {"id": to, "emoji": emoji}})

    @override
    async def press(self, title: str, to: str | None = None) -> str:
        context: Json = {"context": to} if to else {}
        return await self._send({"button": {"title": title, **context}})

    @override
    async def arrivals(self) -> AsyncIterator[Arrival]:
        async for entry in self._simulator.feed(f"{self._path}/messages"):
            if not entry.get("fromMe"):
                yield _arrival(entry)

    @override
    async def typing(self) -> AsyncIterator[bool]:
        async for entry in self._simulator.feed(f"{self._path}/presence"):
            yield entry["state"] == "composing"

    async def _send(self, message: Json) -> str:
        return str((await self._simulator.post(f"{self._path}/messages", {**self._to, **message}))["id"])


def _arrival(entry: Json) -> Arrival:
    kind = str(entry["kind"])
    choices = _choices(entry)
    offered = " ".join(f"[{title}]" for title in choices)
    text = "\n".join(part for part in (str(entry.get("text") or entry.get("caption") or ""), offered) if part)
    to = ""
    if reaction := _part(entry, "reaction"):
        to, text = str(reaction["id"]), str(reaction["emoji"])
    elif media := _part(entry, "media"):
        text = (
            f"[{kind}: {media.get('filename') or media.get('mimetype') or media.get('link')}] {text}".strip()
        )
    return Arrival(
        seq=cast("int", entry["seq"]), id=str(entry["id"]), kind=kind, text=text, to=to, choices=choices
    )


def _choices(entry: Json) -> tuple[str, ...]:
    offered = [*cast("list[Json]", entry.get("buttons", [])), *cast("list[Json]", entry.get("rows", []))]
    return tuple(str(choice["title"]) for choice in offered)


def _part(entry: Json, name: str) -> Json | None:
    part = entry.get(name)
    return cast("Json", part) if isinstance(part, Mapping) else None

"""The control API of a simulator."""

import asyncio
import base64
import mimetypes
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Self, cast

import httpx2

from cleo.channels.whatsapp.demo.phone import DemoError

Json = Mapping[str, object]

LONG_POLL_MS = 20_000

_KINDS = {"image": "image", "video": "video", "audio": "audio"}


class Simulator:
    """The control API; `url` is where it listens. `async with` closes it at the end."""

    def __init__(self, url: str) -> None:
        self._http = httpx2.AsyncClient(base_url=url, timeout=LONG_POLL_MS / 1000 + 10, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def post(self, path: str, body: Json) -> Json:
        """Make a change; raises `DemoError`."""
        return cast("Json", await self._call("POST", path, body))

    async def get(self, path: str) -> object:
        """Read something; raises `DemoError`."""
        return await self._call("GET", path, None)

    async def feed(self, path: str) -> AsyncIterator[Json]:
        """Yield the entries of a growing list, from its beginning, until cancelled."""
        after = 0
        while True:
            for entry in cast("list[Json]", await self.get(f"{path}?after={after}&wait={LONG_POLL_MS}")):
                after = max(after, cast("int", entry["seq"]))
                yield entry

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _call(self, method: str, path: str, body: Json | None) -> object:
        try:
            answer = await self._http.request(method, path, json=body)
        except httpx2.HTTPError as error:
            raise DemoError(f"The simulated WhatsApp does not answer ({type(error).__name__}).") from error
        if answer.is_error:
            raise DemoError(f"The simulated WhatsApp said no: {answer.text.strip()}")
        return answer.json()


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

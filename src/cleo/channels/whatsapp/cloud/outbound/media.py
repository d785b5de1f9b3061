"""Files at Graph: uploaded before they are sent, fetched in two steps: by an id, then from a short-lived URL."""

import base64
import hashlib
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import unquote

import httpx2

from cleo.channels.http.http_files import read_capped
from cleo.channels.whatsapp.cloud.inbound.contents import URL
from cleo.channels.whatsapp.cloud.outbound.graph import Graph
from cleo.channels.whatsapp.cloud.outbound.media_fallback import FileToSend
from cleo.channels.whatsapp.cloud.outbound.responses import GraphResponse, LenientModel, read_body
from cleo.channels.whatsapp.cloud.wire import Maybe
from cleo.domain.errors import FetchError, SendFailed

_HANDLE = re.compile(URL + r"(?P<id>[\w\-]{1,256})(?:\?sha256=(?P<sha256>[\w%+/=\-]{1,200}))?", re.ASCII)
_EXPIRED = frozenset({401, 403, 404, 410})
"""Statuses of an expired URL."""
_DEADLINE = 240.0


class _MediaInfo(LenientModel):
    url: Maybe[str] = None
    sha256: Maybe[str] = None
    file_size: Maybe[int] = None


class _Uploaded(LenientModel):
    id: Maybe[str] = None


@dataclass(frozen=True, slots=True)
class _Handle:
    id: str
    sha256: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """Uploads and fetches; `limit` is in bytes, `clock` counts seconds and never goes back."""

    graph: Graph
    limit: int
    clock: Callable[[], float]

    async def upload(self, stored: BinaryIO, sendable: FileToSend) -> GraphResponse:
        """Upload a file; raises `SendFailed`."""
        fields = {"messaging_product": "whatsapp", "type": sendable.mimetype}
        return await self.graph.upload(fields, (sendable.name, stored, sendable.mimetype))

    async def fetch(self, url: str) -> AsyncIterator[bytes]:
        """Read the file of `cloud:{id}`; raises `FetchError`, after the last chunk if the hash is wrong."""
        handle = _read_handle(url)
        until = self.clock() + _DEADLINE
        try:
            async with self._opened(handle) as (response, sha256):
                digest = hashlib.sha256()
                async for chunk in read_capped(response, self.limit):
                    if self.clock() > until:
                        raise FetchError("WhatsApp gives the file too slowly, so it was not fetched.")
                    digest.update(chunk)
                    yield chunk
        except httpx2.HTTPError as error:
            raise FetchError(
                f"WhatsApp broke off while the file was fetched ({type(error).__name__})."
            ) from error
        if sha256 and not _matches(digest.digest(), sha256):
            raise FetchError("The file arrived damaged: it is not what the person sent.")

    @asynccontextmanager
    async def _opened(self, handle: _Handle) -> AsyncGenerator[tuple[httpx2.Response, str | None]]:
        """Open the file, with a second URL if the first has expired."""
        for last in (False, True):
            info = await self._resolve(handle)
            async with self.graph.download(_read_url(info)) as response:
                if response.status_code in _EXPIRED and not last:
                    continue
                _check(response)
                yield response, handle.sha256 or info.sha256
                return

    async def _resolve(self, handle: _Handle) -> _MediaInfo:
        response = await self.graph.ask(self.graph.origin.node(handle.id))
        if not response.is_success:
            raise _fetch_error(response)
        info = read_body(_MediaInfo, response.body)
        if info.file_size is not None and info.file_size > self.limit:
            raise FetchError(
                f"The file is larger than the {self.limit} bytes that Cleo takes (CLEO_FILE_MAX_BYTES)."
            )
        return info


def read_uploaded(response: GraphResponse) -> str:
    """Read the id of an uploaded file; raises `SendFailed`."""
    id = read_body(_Uploaded, response.body).id
    if not id:
        raise SendFailed("WhatsApp took the file but gave it no id.")
    return id


def _read_handle(url: str) -> _Handle:
    read = _HANDLE.fullmatch(url)
    if read is None:
        raise FetchError("The file is not fetched: its address is none that WhatsApp's Cloud API gives.")
    return _Handle(read["id"], unquote(read["sha256"]) if read["sha256"] else None)


def _read_url(info: _MediaInfo) -> httpx2.URL:
    try:
        return httpx2.URL(info.url or "")
    except (httpx2.InvalidURL, ValueError):
        raise FetchError("WhatsApp did not say where the file is.") from None


def _fetch_error(response: GraphResponse) -> FetchError:
    if response.error and response.error_class in {"retry", "throttle", "auth", "sender", "quality"}:
        return FetchError(f"WhatsApp does not give the file now. {response.error.reason}")
    if response.status >= 500:
        return FetchError(f"WhatsApp does not give the file now (it answered {response.status}).")
    return FetchError(
        "WhatsApp has the file no more: it keeps files for seven days. It can be sent once more."
    )


def _check(response: httpx2.Response) -> None:
    if response.status_code != 200:
        raise FetchError(f"WhatsApp does not give the file (it answered {response.status_code}).")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise FetchError("WhatsApp packed the file, although it was asked not to.")


def _matches(digest: bytes, expected: str) -> bool:
    """Compare with a hash in hex or in base64: Meta sends both."""
    if expected.lower() == digest.hex():
        return True
    try:
        return base64.b64decode(expected.replace("-", "+").replace("_", "/").rstrip("=") + "=") == digest
    except ValueError:  # no base64, or no ASCII
        return False

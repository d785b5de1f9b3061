"""HTTP to Graph: no redirects, no proxies, and the token only for hosts that may see it."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

import httpx2

from cleo.channels.http.http_files import NOT_SENT, FilePart, read_start
from cleo.channels.whatsapp.cloud.outbound.origin import GraphOrigin
from cleo.channels.whatsapp.cloud.outbound.responses import GraphResponse
from cleo.domain.errors import FetchError, SendFailed, SendUncertain

_SHORT = 10.0


class Graph:
    """A connection pool. Idle connections are kept briefly: a send on one that Graph closes would be uncertain."""

    def __init__(self, origin: GraphOrigin, *, timeout: float) -> None:
        self.origin = origin
        self._http = httpx2.AsyncClient(
            timeout=httpx2.Timeout(timeout, connect=5.0, pool=5.0),
            limits=httpx2.Limits(max_connections=64, keepalive_expiry=4.0),
            follow_redirects=False,
            trust_env=False,
        )
        self._short = httpx2.Timeout(min(timeout, _SHORT), connect=5.0, pool=5.0)

    async def send(self, body: bytes) -> GraphResponse:
        """Post a message; raises `SendFailed` or `SendUncertain`."""
        try:
            return await self._respond(self._message(body))
        except NOT_SENT as error:
            raise self._unreachable(error) from error
        except httpx2.HTTPError as error:
            raise SendUncertain(
                f"WhatsApp took the message but did not answer ({type(error).__name__}); it may have been sent."
            ) from error

    async def upload(self, fields: Mapping[str, str], file: FilePart) -> GraphResponse:
        """Post a file, streamed from disk; raises `SendFailed` always, because nobody sees an upload."""
        url = self.origin.number("media")
        request = self._http.build_request(
            "POST", url, data=fields, files={"file": file}, headers=self._token(url)
        )
        try:
            return await self._respond(request)
        except httpx2.HTTPError as error:
            raise self._unreachable(error) from error

    async def tell(self, body: bytes) -> GraphResponse:
        """Post what may be lost or arrive twice; raises `httpx2.HTTPError`."""
        return await self._respond(self._message(body, self._short))

    async def ask(self, url: httpx2.URL) -> GraphResponse:
        """Get something short; raises `httpx2.HTTPError`."""
        request = self._http.build_request("GET", url, headers=self._token(url), timeout=self._short)
        return await self._respond(request)

    @asynccontextmanager
    async def download(self, url: httpx2.URL) -> AsyncGenerator[httpx2.Response]:
        """Open a response whose body is streamed, without compression; raises `httpx2.HTTPError` or `FetchError`."""
        token = self.origin.authorization(url)
        if token is None:
            raise FetchError("The file is not fetched: WhatsApp named an address for it that is not Meta's.")
        async with self._http.stream(
            "GET", url, headers={**token, "Accept-Encoding": "identity"}
        ) as response:
            yield response

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    def _message(self, body: bytes, timeout: httpx2.Timeout | None = None) -> httpx2.Request:
        url = self.origin.number("messages")
        headers = {**self._token(url), "Content-Type": "application/json"}
        return self._http.build_request(
            "POST", url, content=body, headers=headers, timeout=timeout or self._http.timeout
        )

    def _token(self, url: httpx2.URL) -> dict[str, str]:
        return self.origin.authorization(url) or {}

    async def _respond(self, request: httpx2.Request) -> GraphResponse:
        response = await self._http.send(request, stream=True)
        try:
            return GraphResponse.parse(response, await read_start(response))
        finally:
            await response.aclose()

    def _unreachable(self, error: httpx2.HTTPError) -> SendFailed:
        return SendFailed(
            f"WhatsApp's server at {self.origin} cannot be reached ({type(error).__name__}). "
            "Is this machine online, and is WHATSAPP_CLOUD_BASE_URL right?"
        )

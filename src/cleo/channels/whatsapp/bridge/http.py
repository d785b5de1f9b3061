"""HTTP to the bridge: one origin, which alone sees the secret; no redirects, no proxies."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

import httpx2

from cleo.channels.http.http_files import NOT_SENT, FilePart, read_start
from cleo.channels.whatsapp.backend import SECRET_HEADER
from cleo.channels.whatsapp.bridge.contract import KEY_HEADER
from cleo.channels.whatsapp.bridge.origin import BridgeOrigin
from cleo.channels.whatsapp.bridge.proof import BridgeProof, NotTheBridge
from cleo.channels.whatsapp.bridge.responses import BridgeResponse
from cleo.domain.errors import SendFailed, SendUncertain

_SHORT = httpx2.Timeout(5.0)


class BridgeHttp:
    """A connection pool to the bridge."""

    def __init__(
        self, origin: BridgeOrigin, *, secret: str | None, timeout: float, proof_required: bool = False
    ) -> None:
        self.origin = origin
        self._proof = BridgeProof(origin, secret, required=proof_required)
        self._extensions = {"trace": self._proof.trace}
        self._http = httpx2.AsyncClient(
            headers={SECRET_HEADER: secret} if secret else {},
            verify=origin.is_https,
            timeout=httpx2.Timeout(timeout, connect=5.0, pool=5.0),
            limits=httpx2.Limits(max_connections=32, keepalive_expiry=4.0),
            follow_redirects=False,
            trust_env=False,
        )

    async def send(self, path: str, *, key: str, body: bytes) -> BridgeResponse:
        """Post JSON that sends something; raises `SendFailed` or `SendUncertain`."""
        headers = {KEY_HEADER: key, "Content-Type": "application/json"}
        return await self._sent(
            self._http.build_request("POST", self._url(path), content=body, headers=headers)
        )

    async def upload(
        self, path: str, *, key: str, fields: Mapping[str, str], file: FilePart
    ) -> BridgeResponse:
        """Post a file with its fields, streamed from disk; raises like `send`."""
        request = self._http.build_request(
            "POST", self._url(path), data=fields, files={"file": file}, headers={KEY_HEADER: key}
        )
        return await self._sent(request)

    async def ask(self, method: str, path: str, body: bytes | None = None) -> BridgeResponse:
        """Make a request that may be repeated; raises `httpx2.HTTPError`."""
        headers = {"Content-Type": "application/json"} if body else {}
        request = self._http.build_request(
            method, self._url(path), content=body, headers=headers, timeout=_SHORT
        )
        return await self._respond(request)

    @asynccontextmanager
    async def download(self, url: httpx2.URL) -> AsyncGenerator[httpx2.Response]:
        """Open a response whose body is streamed, without compression; raises `httpx2.HTTPError`."""
        headers = {"Accept-Encoding": "identity"}
        async with self._http.stream("GET", url, headers=headers, extensions=self._extensions) as response:
            yield response

    async def close(self) -> None:
        """Close the connections."""
        await self._proof.close()
        await self._http.aclose()

    def _url(self, path: str) -> httpx2.URL:
        return self.origin.endpoint(path)

    async def _sent(self, request: httpx2.Request) -> BridgeResponse:
        try:
            return await self._respond(request)
        except NotTheBridge as error:
            raise SendFailed(str(error)) from error
        except NOT_SENT as error:
            raise SendFailed(
                f"The bridge at {self.origin} cannot be reached ({type(error).__name__}). "
                "Is it running, and is WHATSAPP_BRIDGE_URL its address?"
            ) from error
        except httpx2.HTTPError as error:
            raise SendUncertain(
                f"The bridge took the message but did not answer ({type(error).__name__}); it may have been sent."
            ) from error

    async def _respond(self, request: httpx2.Request) -> BridgeResponse:
        request.extensions.update(self._extensions)
        response = await self._http.send(request, stream=True)
        try:
            return BridgeResponse(response, await read_start(response))
        finally:
            await response.aclose()

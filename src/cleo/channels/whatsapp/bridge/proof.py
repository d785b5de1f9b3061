"""Whether it is the bridge that listens at its address: asked on every new connection, before anything is told it."""

import hmac
import secrets
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import httpx2
from pydantic import BaseModel, ValidationError

from cleo.channels.http.http_files import read_start
from cleo.channels.whatsapp.bridge.origin import BridgeOrigin

CHALLENGE_HEADER = "X-Bridge-Challenge"
_CONNECTED = "connection.connect_tcp.complete"


class NotTheBridge(httpx2.ConnectError):
    """Something else listens at the bridge's address; nothing was sent to it."""


class _Answer(BaseModel):
    proof: str | None = None


class BridgeProof:
    """Asks for HMAC-SHA256(secret, challenge), which only a program with the secret can tell.

    A bridge of the first specification knows no such thing: it is required of a bridge that Cleo started, and of one
    that gave it before. A wrong one is always refused.
    """

    def __init__(self, origin: BridgeOrigin, secret: str | None, *, required: bool) -> None:
        self._url = origin.endpoint("/health")
        self._origin = origin
        self._secret = secret
        self._required = required
        self._http = httpx2.AsyncClient(
            verify=origin.is_https,
            timeout=5.0,
            limits=httpx2.Limits(max_keepalive_connections=0),
            follow_redirects=False,
            trust_env=False,
        )

    async def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Hear of each connection that is made; raises `NotTheBridge` or `httpx2.ConnectError`."""
        if event != _CONNECTED or self._secret is None:
            return
        try:
            await self._check(self._secret)
        except BaseException:
            await info["return_value"].aclose()
            raise

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _check(self, secret: str) -> None:
        challenge = secrets.token_urlsafe(24)
        proof = await self._ask(challenge)
        if proof is None and not self._required:
            return
        message = f"cleo-bridge-health:{challenge}".encode()
        right = hmac.new(secret.encode(), message, sha256).hexdigest()
        if proof is None or not hmac.compare_digest(proof.encode(errors="replace"), right.encode()):
            raise NotTheBridge(
                f"What listens at {self._origin} does not prove that it is the bridge, so nothing is sent to it. "
                "Is something else on that port, or has the bridge another WHATSAPP_WEBHOOK_SECRET?"
            )
        self._required = True

    async def _ask(self, challenge: str) -> str | None:
        """Return what it answers; raises `httpx2.ConnectError`, whatever breaks: nothing was told yet."""
        request = self._http.build_request("GET", self._url, headers={CHALLENGE_HEADER: challenge})
        try:
            response = await self._http.send(request, stream=True)
            try:
                return _Answer.model_validate_json(await read_start(response)).proof
            finally:
                await response.aclose()
        except ValidationError:
            return None
        except httpx2.TransportError as error:
            raise httpx2.ConnectError(f"No answer to a challenge ({type(error).__name__}).") from error

"""A client of the bridge's webhook, in memory."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import httpx2
from fastapi import FastAPI
from tests.support.recording_receiver import RecordingReceiver

from cleo.channels.http.webhook_auth import Secret
from cleo.channels.whatsapp.bridge.contract import InboundEvent
from cleo.channels.whatsapp.bridge.webhook import webhook_routes

PATH = "/api/whatsapp/webhook"
SECRET = "s3cret-of-the-tests"
ANN = "4915112345678@s.whatsapp.net"
MIB = 1024 * 1024
Headers = Sequence[tuple[str | bytes, str | bytes]]
JSON: Headers = [("Content-Type", "application/json")]
AUTHORIZED: Headers = [*JSON, ("X-Webhook-Secret", SECRET)]
ERROR_FIELDS = {"error", "message"}
FIELDS = sorted(field.alias or name for name, field in InboundEvent.model_fields.items())
"""Every field of an event, as it is called on the wire."""


@dataclass
class WebhookClient:
    """Posts to the webhook in front of a fake receiver."""

    secret: Secret = SECRET
    seconds: float = 10.0
    received: RecordingReceiver = field(default_factory=RecordingReceiver)

    def __post_init__(self) -> None:
        self.app = FastAPI(redirect_slashes=False)
        self.app.include_router(webhook_routes(self.received, self.secret, seconds=self.seconds))

    async def ask(
        self,
        content: bytes | AsyncIterator[bytes],
        headers: Headers = AUTHORIZED,
        *,
        method: str = "POST",
        path: str = PATH,
    ) -> httpx2.Response:
        transport = httpx2.ASGITransport(app=self.app)
        raw = [(_bytes(name), _bytes(value)) for name, value in headers]
        async with httpx2.AsyncClient(transport=transport, base_url="http://agent") as http:
            return await http.request(method, path, content=content, headers=raw)

    async def post(self, event: object, headers: Headers = AUTHORIZED) -> httpx2.Response:
        return await self.ask(json.dumps(event).encode(), headers)


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()


def event(**fields: object) -> dict[str, object]:
    return {"from": ANN, "messageId": "3A1F0C", "text": "hi", "timestamp": 1785000000000} | fields


def with_secret(*secrets: str | bytes) -> Headers:
    return [*JSON, *(("X-Webhook-Secret", secret) for secret in secrets)]


def is_forbidden(answer: httpx2.Response) -> bool:
    return answer.status_code == 403 and answer.content == b"" and answer.headers["Connection"] == "close"


def explains(answer: httpx2.Response, *never: str) -> bool:
    body = answer.json()
    return (
        set(body) == ERROR_FIELDS and body["message"] != "" and not any(word in answer.text for word in never)
    )


async def never_read() -> AsyncIterator[bytes]:
    """A body that tells when somebody reads it."""
    raise AssertionError("the body was read before the secret")
    yield b""

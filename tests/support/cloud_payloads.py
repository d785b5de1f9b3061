"""Payloads of Meta's webhooks, and a client that signs them and posts them to the real routes."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx2
from fastapi import FastAPI
from tests.support.clock import FakeClock

from cleo.channels.whatsapp.cloud.inbound.webhook import cloud_routes
from cleo.channels.whatsapp.cloud.inbound.webhook_events import read_batch
from cleo.domain.content import Template
from cleo.domain.message import Inbound
from cleo.domain.webhook_batch import WebhookBatch, WebhookEvent
from cleo.ports import Receive

PATH = "/api/whatsapp/webhook"
APP_SECRET = "the-app-secret-of-the-tests"
VERIFY_TOKEN = "the-verify-token-of-the-tests"
NUMBER = "1001"
REOPEN_TEMPLATE = Template(name="hello_again", language="en")
NOW = 1_800_000_000
Json = dict[str, Any]
Headers = Sequence[tuple[bytes, bytes]]


def message_payload(
    id: str = "wamid.A", *, of: str | None = "4915100000001", at: object = str(NOW), **more: Any
) -> Json:
    """A message, by default a text."""
    head: Json = {"id": id, "timestamp": at}
    head |= {"from": of} if of else {}
    content: Json = {} if "type" in more else {"type": "text", "text": {"body": f"hi from {id}"}}
    return head | content | more


def status(id: str = "wamid.OUT", state: str = "delivered", **more: Any) -> Json:
    return {"id": id, "status": state, "timestamp": str(NOW), "recipient_id": "4915100000001"} | more


def change(field: str = "messages", number: str | None = NUMBER, **arrays: Any) -> Json:
    """A change for a number, or for none."""
    metadata: Json = {"display_phone_number": "15550001", "phone_number_id": number}
    value: Json = {"messaging_product": "whatsapp"} | ({"metadata": metadata} if number else {}) | arrays
    return {"field": field, "value": value}


def webhook(*changes: object) -> Json:
    """One entry with these changes."""
    return {"object": "whatsapp_business_account", "entry": [{"id": "WABA", "changes": list(changes)}]}


def encode(body: object) -> bytes:
    """Encode it as Meta does: in ASCII."""
    return json.dumps(body, separators=(",", ":")).encode()


def signature(raw: bytes, secret: str = APP_SECRET) -> bytes:
    return b"sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest().encode()


def parse_body(body: object, now: float = NOW) -> WebhookBatch:
    return read_batch(encode(body), phone_number_id=NUMBER, reopen_template=REOPEN_TEMPLATE, now=now)


def parse_changes(*changes: object) -> tuple[WebhookEvent, ...]:
    return parse_body(webhook(*changes)).events


def parse_change(*changes: object) -> WebhookEvent:
    (event,) = parse_changes(*changes)
    return event


def parse_inbound(message: Json, *contacts: object) -> Inbound:
    """Parse one message that came with these contacts."""
    event = parse_change(change(messages=[message], contacts=list(contacts))).meaning
    assert isinstance(event, Inbound)
    return event


@dataclass
class CloudWebhookClient:
    """Posts to the real routes in front of a receiver."""

    receive: Receive
    clock: FakeClock
    seconds: float = 10.0

    def __post_init__(self) -> None:
        self.app = FastAPI(redirect_slashes=False)
        routes = cloud_routes(
            self.receive,
            app_secret=APP_SECRET,
            verify_token=VERIFY_TOKEN,
            phone_number_id=NUMBER,
            reopen_template=REOPEN_TEMPLATE,
            clock=self.clock,
            seconds=self.seconds,
        )
        self.app.include_router(routes)

    async def ask(
        self,
        method: str,
        path: str = PATH,
        content: bytes | AsyncIterator[bytes] = b"",
        headers: Headers = (),
    ) -> httpx2.Response:
        transport = httpx2.ASGITransport(app=self.app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://agent") as http:
            return await http.request(method, path, content=content, headers=list(headers))

    async def post(self, raw: bytes, *signatures: bytes) -> httpx2.Response:
        """Post bytes, rightly signed unless signatures are given."""
        headers = [(b"X-Hub-Signature-256", each) for each in signatures or (signature(raw),)]
        return await self.ask("POST", content=raw, headers=headers)

    async def post_changes(self, *changes: object) -> int:
        """Post changes; return the status."""
        return (await self.post(encode(webhook(*changes)))).status_code

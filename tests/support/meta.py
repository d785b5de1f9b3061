"""Meta's side of a webhook: bodies as it writes them, signed, posted to the real routes."""

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
KNOCK = Template(name="hello_again", language="en")
NOW = 1_800_000_000
Json = dict[str, Any]
Headers = Sequence[tuple[bytes, bytes]]


def said(
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


def written(body: object) -> bytes:
    """Write it as Meta does: in ASCII."""
    return json.dumps(body, separators=(",", ":")).encode()


def signed(raw: bytes, secret: str = APP_SECRET) -> bytes:
    return b"sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest().encode()


def read(body: object, now: float = NOW) -> WebhookBatch:
    return read_batch(written(body), phone_number_id=NUMBER, reopen_template=KNOCK, now=now)


def items(*changes: object) -> tuple[WebhookEvent, ...]:
    return read(webhook(*changes)).events


def one(*changes: object) -> WebhookEvent:
    (item,) = items(*changes)
    return item


def inbound(message: Json, *contacts: object) -> Inbound:
    """What a message means, with these contacts in its company."""
    event = one(change(messages=[message], contacts=list(contacts))).meaning
    assert isinstance(event, Inbound)
    return event


@dataclass
class Meta:
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
            reopen_template=KNOCK,
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

    async def send(self, raw: bytes, *signatures: bytes) -> httpx2.Response:
        """Post bytes, rightly signed unless signatures are given."""
        headers = [(b"X-Hub-Signature-256", each) for each in signatures or (signed(raw),)]
        return await self.ask("POST", content=raw, headers=headers)

    async def tell(self, *changes: object) -> int:
        """Post changes; tells the status."""
        return (await self.send(written(webhook(*changes)))).status_code

"""A running simulator with a business number, a receiver for its webhooks, and a phone."""

import asyncio
import hashlib
import hmac
import json
import socket
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from cloud_simulator.config import Config
from cloud_simulator.embedded_uvicorn import EmbeddedServer
from cloud_simulator.server import CloudSimulator

NUMBER = "1001"
TOKEN = "the-token"
SECRET = "the-secret"
VERIFY_TOKEN = "the-verify-token"
ANN = "4915112345678"
FAST_RETRIES = Config(first_retry=0.01, longest_retry=0.02, answer_seconds=0.5)


class WebhookReceiver:
    """The callback of a business: stores every POST, and answers 200 unless told otherwise."""

    def __init__(self) -> None:
        self.posts: list[tuple[str | None, bytes]] = []
        """Signature header and body."""
        self.answers: deque[int] = deque()
        """Statuses for the next POSTs; 0: no answer at all."""
        self.verify_token = VERIFY_TOKEN
        self.received = asyncio.Event()

    async def handle(self, request: Request) -> Response:
        if request.method == "GET":
            query = request.query_params
            if query["hub.verify_token"] != self.verify_token:
                return Response(status_code=403)
            return PlainTextResponse(query["hub.challenge"])
        self.posts.append((request.headers.get("x-hub-signature-256"), await request.body()))
        self.received.set()
        status = self.answers.popleft() if self.answers else 200
        if not status:
            await asyncio.sleep(30)
        return Response(status_code=status)

    @property
    def signed(self) -> list[bytes]:
        """The bodies with a good signature."""
        return [
            body
            for header, body in self.posts
            if header == "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        ]

    def values(self) -> list[Any]:
        """Return every `value` of the signed bodies that are JSON, in the order of arrival."""
        found: list[Any] = []
        for body in self.signed:
            try:
                parsed = json.loads(body)
            except ValueError:
                continue
            found += [change["value"] for entry in parsed["entry"] for change in entry["changes"]]
        return found

    def elements(self, array: str) -> list[Any]:
        """Return everything in `messages`, `statuses` or `contacts` of all values."""
        return [element for value in self.values() for element in value.get(array, [])]

    def statuses(self, ref: str | None = None) -> list[str]:
        """Return the statuses of one message, or of all, in the order of arrival."""
        return [
            status["status"]
            for status in self.elements("statuses")
            if ref is None or status.get("biz_opaque_callback_data") == ref
        ]


class Harness:
    """Calls the two APIs of a simulator."""

    def __init__(
        self, simulator: CloudSimulator, receiver: WebhookReceiver, http: httpx2.AsyncClient, callback: str
    ) -> None:
        self.simulator = simulator
        self.receiver = receiver
        self.http = http
        self.callback = callback

    async def control(self, method: str, path: str, body: object = None) -> Any:
        """Call the control API; fails with the text of an error."""
        answer = await self.http.request(method, self.simulator.control + path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def register_number(self, **more: object) -> None:
        number = {
            "phone_number_id": NUMBER,
            "token": TOKEN,
            "app_secret": SECRET,
            "verify_token": VERIFY_TOKEN,
            "callback": self.callback,
        }
        await self.control("POST", "/numbers", {**number, **more})

    async def add_phone(self, **more: object) -> Any:
        return await self.control("POST", "/phones", {"name": "Ann", "number": ANN, **more})

    async def send_from_phone(self, phone: str = "p1", **message: object) -> str:
        return (await self.control("POST", f"/phones/{phone}/messages", message))["id"]

    async def add_fault(self, on: str, do: str, **more: object) -> int:
        return (await self.control("POST", "/faults", {"on": on, "do": do, **more}))["id"]

    async def graph(self, method: str, path: str, **more: Any) -> httpx2.Response:
        """Call the Graph API with the number's token."""
        headers = {"Authorization": f"Bearer {TOKEN}", **more.pop("headers", {})}
        url = f"{self.simulator.base_url}/v26.0{path}"
        return await self.http.request(method, url, headers=headers, **more)

    async def send(self, body: Mapping[str, object], **more: Any) -> httpx2.Response:
        """Send a message to Ann; a field that is None is left out."""
        known = {"messaging_product": "whatsapp", "to": ANN}
        given = {name: part for name, part in {**known, **body}.items() if part is not None}
        return await self.graph("POST", f"/{NUMBER}/messages", json=given, **more)

    async def send_text(self, text: str = "hello", ref: str | None = None, **more: Any) -> httpx2.Response:
        return await self.send({"text": {"body": text}, "biz_opaque_callback_data": ref}, **more)

    async def upload(self, data: bytes, mimetype: str, name: str = "file") -> httpx2.Response:
        form = {"messaging_product": "whatsapp", "type": mimetype}
        files = {"file": (name, data, mimetype)}
        return await self.graph("POST", f"/{NUMBER}/media", data=form, files=files)

    async def settled(self) -> WebhookReceiver:
        """Wait until no webhook is under way; returns what was received."""
        assert (await self.control("GET", "/settled?wait=10000"))["settled"]
        return self.receiver

    async def bubbles(self, phone: str = "p1") -> list[Any]:
        """Return what the phone shows of the business."""
        shown = await self.control("GET", f"/phones/{phone}/messages")
        return [bubble for bubble in shown if not bubble["fromMe"]]

    async def log(self, event: str) -> list[Any]:
        return await self.control("GET", f"/log?event={event}")

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the received webhooks fulfil a condition."""
        async with asyncio.timeout(5):
            while not condition():
                self.receiver.received.clear()
                await self.receiver.received.wait()


def error_code(answer: httpx2.Response) -> int | None:
    """Return the code of a Graph API error."""
    return answer.json().get("error", {}).get("code")


@asynccontextmanager
async def running_harness() -> AsyncGenerator[Harness]:
    """Run a simulator with a number and with Ann's phone, `p1`, which has just written."""
    receiver = WebhookReceiver()
    listener = socket.create_server(("127.0.0.1", 0))
    app = Starlette(routes=[Route("/hook", receiver.handle, methods=["GET", "POST"])])
    config = uvicorn.Config(
        app, log_config=None, access_log=False, ws="none", lifespan="off", timeout_graceful_shutdown=1
    )
    server = EmbeddedServer(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    await server.listening.wait()
    callback = f"http://127.0.0.1:{listener.getsockname()[1]}/hook"
    async with (
        CloudSimulator(seed=7, config=FAST_RETRIES) as simulator,
        httpx2.AsyncClient(trust_env=False) as http,
    ):
        harness = Harness(simulator, receiver, http, callback)
        await harness.register_number()
        await harness.add_phone()
        await harness.send_from_phone(text="hi")
        await harness.settled()
        receiver.posts.clear()
        yield harness
    server.should_exit = server.force_exit = True
    await serving

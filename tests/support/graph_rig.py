"""The fake Graph server with a callback that hears its webhooks, and hands to use both."""

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
from tests.support.stage_part import until

from cleo.app.demo.graph.server import FakeGraph
from cleo.app.demo.graph.world import Knobs
from cleo.app.http.embedded_uvicorn import EmbeddedServer

NUMBER = "1001"
TOKEN = "the-token"
SECRET = "the-secret"
ANN = "4915112345678"
QUICK = Knobs(first_retry=0.01, longest_retry=0.02, answer_seconds=0.5)


class Callback:
    """What a business runs: it keeps every POST, and answers 200 unless told otherwise."""

    def __init__(self) -> None:
        self.posts: list[tuple[str | None, bytes]] = []
        self.answers: deque[int] = deque()
        """Statuses for the next POSTs; 0: no answer at all."""
        self.verify = "the-verify-token"

    async def hear(self, request: Request) -> Response:
        if request.method == "GET":
            asked = request.query_params
            known = asked["hub.verify_token"] == self.verify
            return PlainTextResponse(
                asked["hub.challenge"] if known else "no", status_code=200 if known else 403
            )
        self.posts.append((request.headers.get("x-hub-signature-256"), await request.body()))
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
        """Every `value` of the signed bodies that are JSON, in the order of arrival."""
        found: list[Any] = []
        for body in self.signed:
            try:
                parsed = json.loads(body)
            except ValueError:
                continue
            found += [change["value"] for entry in parsed["entry"] for change in entry["changes"]]
        return found

    def leaves(self, array: str) -> list[Any]:
        return [leaf for value in self.values() for leaf in value.get(array, [])]

    def statuses(self, ref: str | None = None) -> list[str]:
        """The states of one send, or of all, in the order of arrival."""
        return [
            leaf["status"]
            for leaf in self.leaves("statuses")
            if ref is None or leaf.get("biz_opaque_callback_data") == ref
        ]


class Rig:
    def __init__(self, graph: FakeGraph, callback: Callback, http: httpx2.AsyncClient, url: str) -> None:
        self.graph = graph
        self.callback = callback
        self.http = http
        self.callback_url = url

    async def control(self, method: str, path: str, body: object = None) -> Any:
        answer = await self.http.request(method, self.graph.control + path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def number(self, **more: object) -> None:
        order = {
            "phone_number_id": NUMBER,
            "token": TOKEN,
            "app_secret": SECRET,
            "callback": self.callback_url,
        }
        await self.control("POST", "/numbers", {**order, "verify_token": self.callback.verify, **more})

    async def phone(self, **more: object) -> Any:
        return await self.control("POST", "/phones", {"name": "Ann", "number": ANN, **more})

    async def says(self, phone: str = "p1", **content: object) -> str:
        return (await self.control("POST", f"/phones/{phone}/messages", content))["id"]

    async def fault(self, on: str, do: str, **more: object) -> int:
        return (await self.control("POST", "/faults", {"on": on, "do": do, **more}))["id"]

    async def ask(self, method: str, path: str, **more: Any) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {TOKEN}", **more.pop("headers", {})}
        return await self.http.request(method, f"{self.graph.base_url}/v26.0{path}", headers=headers, **more)

    async def send(self, body: Mapping[str, object], **more: Any) -> httpx2.Response:
        known = {"messaging_product": "whatsapp", "to": ANN}
        given = {name: part for name, part in {**known, **body}.items() if part is not None}
        return await self.ask("POST", f"/{NUMBER}/messages", json=given, **more)

    async def text(self, words: str = "hello", ref: str | None = None, **more: Any) -> httpx2.Response:
        return await self.send({"text": {"body": words}, "biz_opaque_callback_data": ref}, **more)

    async def upload(self, data: bytes, mimetype: str, name: str = "file") -> httpx2.Response:
        form = {"messaging_product": "whatsapp", "type": mimetype}
        return await self.ask("POST", f"/{NUMBER}/media", data=form, files={"file": (name, data, mimetype)})

    async def settled(self) -> Callback:
        assert (await self.control("GET", "/settled?wait=10000"))["settled"]
        return self.callback

    async def bubbles(self, phone: str = "p1") -> list[Any]:
        """What the phone shows of the business."""
        shown = await self.control("GET", f"/phones/{phone}/messages")
        return [bubble for bubble in shown if not bubble["fromMe"]]

    async def log(self, event: str) -> list[Any]:
        return await self.control("GET", f"/log?event={event}")

    async def until(self, holds: Callable[[], bool]) -> None:
        async def check() -> bool:
            return holds()

        await until("webhooks", check, 5)


@asynccontextmanager
async def rigged() -> AsyncGenerator[Rig]:
    """A number with its callback, and a phone (`p1`) that has just written."""
    callback = Callback()
    listener = socket.create_server(("127.0.0.1", 0))
    app = Starlette(routes=[Route("/hook", callback.hear, methods=["GET", "POST"])])
    config = uvicorn.Config(
        app, log_config=None, access_log=False, ws="none", lifespan="off", timeout_graceful_shutdown=1
    )
    server = EmbeddedServer(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    await server.listening.wait()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/hook"
    async with FakeGraph(seed=7, knobs=QUICK) as graph, httpx2.AsyncClient(trust_env=False) as http:
        rig = Rig(graph, callback, http, url)
        await rig.number()
        await rig.phone()
        await rig.says(text="hi")
        await rig.settled()
        callback.posts.clear()
        yield rig
    server.should_exit = server.force_exit = True
    await serving

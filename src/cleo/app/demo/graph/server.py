"""The fake Graph server, listening."""

import asyncio
import socket
from contextlib import AsyncExitStack
from typing import Self

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from cleo.app.demo.graph.api import Api
from cleo.app.demo.graph.control import Control
from cleo.app.demo.graph.courier import Courier
from cleo.app.demo.graph.errors import GraphError
from cleo.app.demo.graph.files import Files
from cleo.app.demo.graph.gate import Gate
from cleo.app.demo.graph.hands import Hands
from cleo.app.demo.graph.outgoing import Outgoing
from cleo.app.demo.graph.people import People
from cleo.app.demo.graph.wire import Wires
from cleo.app.demo.graph.world import Knobs, World
from cleo.app.http.embedded_uvicorn import EmbeddedServer


class FakeGraph:
    """`async with FakeGraph() as graph:` listens at `graph.base_url`, and at `graph.control` for who plays the world.

    The same `seed` gives the same ids. `port` 0 takes a free one. A second port is a foreign host: the ledger tells
    whether a token was ever shown to it.
    """

    def __init__(self, *, seed: int = 0, knobs: Knobs | None = None, port: int = 0) -> None:
        self.world = World(seed, knobs)
        self._wires = Wires()
        self._wanted = port
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        sockets = [socket.create_server(("127.0.0.1", port)) for port in (self._wanted, 0)]
        self._port, self._foreign_port = (each.getsockname()[1] for each in sockets)
        self.world.media_host = self.base_url
        self.world.foreign_host = f"http://localhost:{self._foreign_port}"
        self.courier = await self._stack.enter_async_context(Courier(self.world))
        self._gate = Gate(self.world, self._wires)
        self._app = self._built()
        config = uvicorn.Config(
            self._answer,
            log_config=None,
            access_log=False,
            ws="none",
            interface="asgi3",
            http=self._wires.protocol(),
            lifespan="off",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        self._server = EmbeddedServer(config)
        self._serving = asyncio.create_task(self._server.serve(sockets=sockets))
        await self._server.listening.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.should_exit = True
        await self._serving
        await self._stack.aclose()

    @property
    def base_url(self) -> str:
        """What `WHATSAPP_CLOUD_BASE_URL` is set to."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def control(self) -> str:
        """Where the control API begins."""
        return f"{self.base_url}/control"

    def _built(self) -> Starlette:
        people = People(self.world, self.courier)
        outgoing = Outgoing(self.world, self.courier)
        api = Api(self.world, self.courier, self._gate, outgoing)
        files = Files(self.world, self._gate, self._wires, api)
        control = Control(self.world, self.courier, people)
        hands = Hands(self.world, people, outgoing)
        routes = [Mount("/control", routes=[*control.routes, *hands.routes]), *api.routes, *files.routes]
        return Starlette(routes=routes, exception_handlers={HTTPException: self._unknown})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["server"][1] == self._foreign_port:
            self._gate.note(Request(scope), "foreign")
            await PlainTextResponse("You are at a foreign host.")(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _unknown(self, request: Request, error: Exception) -> Response:
        refusal = GraphError(2500, f"{request.method} {request.url.path}")
        return JSONResponse(refusal.answer(self.world.trace()), status_code=refusal.status)

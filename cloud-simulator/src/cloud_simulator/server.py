"""The simulator, listening."""

import asyncio
import socket
from contextlib import AsyncExitStack
from typing import Self

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.types import Receive, Scope, Send

from cloud_simulator.config import Config
from cloud_simulator.connections import Connections
from cloud_simulator.control.control_api import ControlApi
from cloud_simulator.control.inbound import Inbound
from cloud_simulator.control.phone_actions import PhoneActions
from cloud_simulator.embedded_uvicorn import EmbeddedServer
from cloud_simulator.errors import GraphError
from cloud_simulator.graph.account import AccountApi
from cloud_simulator.graph.auth import Auth
from cloud_simulator.graph.calls import Calls
from cloud_simulator.graph.media import MediaApi
from cloud_simulator.graph.messages import MessagesApi
from cloud_simulator.graph.send_pipeline import SendPipeline
from cloud_simulator.state import State
from cloud_simulator.webhooks.webhook_dispatcher import WebhookDispatcher


class CloudSimulator:
    """`async with CloudSimulator() as simulator:` serves the Graph API at `base_url`, the control API at `control`.

    The same `seed` gives the same ids. `port` 0 takes a free one. A second port is a foreign host: the event log
    shows whether it was ever sent a token.
    """

    def __init__(self, *, seed: int = 0, config: Config | None = None, port: int = 0) -> None:
        self.state = State(seed, config)
        self._connections = Connections()
        self._wanted_port = port
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        sockets = [socket.create_server(("127.0.0.1", port)) for port in (self._wanted_port, 0)]
        self._port, self._foreign_port = (each.getsockname()[1] for each in sockets)
        self.state.media_host = self.base_url
        self.state.foreign_host = f"http://localhost:{self._foreign_port}"
        dispatcher = await self._stack.enter_async_context(WebhookDispatcher(self.state))
        auth = Auth(self.state)
        self._calls = Calls(self.state, auth, self._connections)
        routes = self._routes(auth, dispatcher)
        self._app = Starlette(routes=routes, exception_handlers={HTTPException: self._unknown_path})
        config = uvicorn.Config(
            self._serve,
            log_config=None,
            access_log=False,
            ws="none",
            interface="asgi3",
            http=self._connections.protocol(),
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
        """The value for `WHATSAPP_CLOUD_BASE_URL`."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def control(self) -> str:
        """The base URL of the control API."""
        return f"{self.base_url}/control"

    @property
    def ready(self) -> dict[str, object]:
        """What is printed at the start; `env` is what Cleo needs to take it for Meta's server."""
        env = {"WHATSAPP_CLOUD_BASE_URL": self.base_url}
        return {"ready": True, "base_url": self.base_url, "control": self.control, "env": env}

    def _routes(self, auth: Auth, dispatcher: WebhookDispatcher) -> list[BaseRoute]:
        pipeline = SendPipeline(self.state, dispatcher)
        inbound = Inbound(self.state, dispatcher)
        control = ControlApi(self.state, dispatcher, inbound)
        phones = PhoneActions(self.state, inbound, pipeline)
        messages = MessagesApi(self.state, auth, self._calls, pipeline, dispatcher)
        account = AccountApi(self.state, auth, self._calls, dispatcher)
        media = MediaApi(self.state, auth, self._calls, self._connections, account)
        mount = Mount("/control", routes=[*control.routes, *phones.routes])
        return [mount, *messages.routes, *account.routes, *media.routes]

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["server"][1] == self._foreign_port:
            self._calls.record(Request(scope), "foreign")
            await PlainTextResponse("This is a foreign host.")(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _unknown_path(self, request: Request, _: Exception) -> Response:
        error = GraphError(2500, f"{request.method} {request.url.path}")
        return JSONResponse(error.as_json(self.state.new_trace_id()), status_code=error.status)

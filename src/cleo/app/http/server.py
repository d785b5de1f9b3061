"""The web server, inside our own process and under our own signal handlers."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import uvicorn

from cleo.app.build import Cleo
from cleo.app.http import http_app
from cleo.app.http.connections import limited
from cleo.app.http.embedded_uvicorn import EmbeddedServer

LAST_ANSWERS = 2
"""Seconds that running requests get at the end."""
KEEP_ALIVE = 75
"""Seconds that an idle connection stays open: longer than the bridge keeps one, so that we never close first."""
LARGEST_HEAD = 32 * 1024
"""Bytes of a request line with its headers."""


@asynccontextmanager
async def serving(cleo: Cleo, listener: socket.socket, ended: asyncio.Event) -> AsyncGenerator[None]:
    """Serve while the block is open; `ended` is set when Cleo or its server stops by itself."""
    app = http_app(
        readiness=cleo.readiness,
        webhooks=cleo.webhooks,
        working=cleo.working,
        names=cleo.known_names,
        authenticated=cleo.authenticated,
    )
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        ws="none",
        http=limited(),
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=LAST_ANSWERS,
        h11_max_incomplete_event_size=LARGEST_HEAD,
    )
    server = EmbeddedServer(config)
    cleo.on_failure = ended.set
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    serving.add_done_callback(lambda _: ended.set())
    started = asyncio.create_task(server.listening.wait())
    await asyncio.wait({serving, started}, return_when=asyncio.FIRST_COMPLETED)
    started.cancel()
    try:
        yield
    finally:
        server.should_exit = True
        await serving

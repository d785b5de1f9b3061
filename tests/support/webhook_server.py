"""The webhook in a process of its own: `python -m tests.support.webhook_server SECRET SECONDS` prints its port."""

import asyncio
import socket
import sys

import uvicorn
from fastapi import FastAPI
from tests.support.recording_receiver import RecordingReceiver

from cleo.app.http.connections import limited
from cleo.channels.whatsapp.bridge.webhook import webhook_routes


async def serve(secret: str, seconds: float) -> None:
    app = FastAPI(redirect_slashes=False)
    app.include_router(webhook_routes(RecordingReceiver(), secret, seconds=seconds))
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_config=None, access_log=False, ws="none", http=limited())
    print(listener.getsockname()[1], flush=True)  # noqa: T201 - the one who started it reads this
    await uvicorn.Server(config).serve(sockets=[listener])


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], float(sys.argv[2])))

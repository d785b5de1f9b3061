"""What FastAPI and an HTTP request cost when nothing is kept and nothing is thought: the limit of part (a)."""

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx2
import uvicorn
from fastapi import BackgroundTasks, FastAPI


def app(bridge: str) -> FastAPI:
    """Forward every event's sender a fixed text, after the answer."""
    http = httpx2.AsyncClient(base_url=bridge, trust_env=False)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        async with http:
            yield

    made = FastAPI(lifespan=lifespan)

    async def send(to: str) -> None:
        await http.post("/send", json={"to": to, "text": "21"})

    @made.get("/health")
    async def health() -> dict[str, str]:  # pyright: ignore[reportUnusedFunction] - FastAPI calls it
        return {"state": "ok"}

    @made.post("/api/whatsapp/webhook")
    async def webhook(event: dict[str, object], later: BackgroundTasks) -> dict[str, str]:  # pyright: ignore[reportUnusedFunction] - as above
        later.add_task(send, str(event["from"]))
        return {"status": "accepted"}

    return made


if __name__ == "__main__":
    uvicorn.run(
        app(sys.argv[2]), host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False
    )

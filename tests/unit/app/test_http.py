from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx2
import pytest
from fastapi import FastAPI

from cleo.app.http import http_app
from cleo.app.http.readiness import Readiness
from cleo.channels.whatsapp.backend import PATH as WEBHOOK
from cleo.channels.whatsapp.bridge.webhook import webhook_routes
from cleo.domain.errors import StoreError
from cleo.domain.health import Health
from cleo.domain.message import Inbound, Receipt
from cleo.ports import Channel, Store


class FakeStore:
    """Takes the write lock, or cannot."""

    def __init__(self, trouble: str = "") -> None:
        self.trouble = trouble

    async def write(self, work: Callable[[Any], object]) -> object:
        if self.trouble:
            raise StoreError(self.trouble)
        return work(None)


class FakeChannel:
    def __init__(self, health: Health) -> None:
        self._health = health

    async def health(self) -> Health:
        return self._health


class Hears:
    async def message(self, inbound: Inbound) -> str:
        return "accepted"

    async def receipt(self, receipt: Receipt) -> str:
        return "accepted"


CONNECTED = Health(state="ok", code="connected", message="Connected to WhatsApp.")
LINKING = Health(state="degraded", code="linking", message="Scan the QR code.")


@asynccontextmanager
async def nothing() -> AsyncGenerator[None]:
    yield


def app_of(
    *, trouble: str = "", channel: Health = CONNECTED, failed: str = "", names: frozenset[str] = frozenset()
) -> FastAPI:
    channels = {"whatsapp": cast("Channel", FakeChannel(channel))}
    readiness = Readiness(store=cast("Store", FakeStore(trouble)), channels=channels)
    readiness.failed = failed
    routes = webhook_routes(cast("Any", Hears()), "hunter22")
    return http_app(
        readiness=readiness, webhooks=[routes], working=nothing, names=names, authenticated=[WEBHOOK]
    )


async def get(app: FastAPI, path: str) -> tuple[int, dict[str, Any]]:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://localhost") as http:
        answer = await http.get(path)
    return answer.status_code, answer.json()


async def test_it_is_alive_until_its_line_stops() -> None:
    assert await get(app_of(), "/health") == (
        200,
        {"state": "ok", "code": "alive", "message": "Cleo is running."},
    )
    status, said = await get(app_of(failed="KeyError"), "/health")
    assert (status, said["code"]) == (503, "stopped")


async def test_it_is_ready_when_every_part_is() -> None:
    status, said = await get(app_of(), "/ready")
    assert (status, said["state"]) == (200, "ok")
    assert said["parts"]["whatsapp"] == {
        "state": "ok",
        "code": "connected",
        "message": "Connected to WhatsApp.",
    }


async def test_a_part_that_works_halfway_is_told_and_takes_no_traffic_away() -> None:
    status, said = await get(app_of(channel=LINKING), "/ready")
    assert (status, said["state"], said["code"]) == (200, "degraded", "linking")
    assert said["message"] == "whatsapp: Scan the QR code."


async def test_a_database_that_cannot_be_written_is_told_in_words() -> None:
    status, said = await get(app_of(trouble="The disk is full.", channel=LINKING), "/ready")
    assert (status, said["code"]) == (503, "store")
    assert said["message"] == "store: The disk is full."


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "127.0.0.1:8000"}, 200),
        ({"Host": "localhost"}, 200),
        ({"Host": "[::1]:8000"}, 200),
        ({"Host": "cleo.lan:8000"}, 200),
        ({"Host": "CLEO.lan."}, 200),
        ({"Host": "192.0.2.7:8000"}, 200),
        ({"Host": "192.0.2.8:8000"}, 403),
        ({"Host": "evil.example"}, 403),
        ({"Host": ""}, 403),
        ({"Host": "[::1"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Host": "127.0.0.1:8000", "Origin": "http://evil.example"}, 403),
        ({"Host": "127.0.0.1:8000", "Origin": "null"}, 403),
    ],
)
@pytest.mark.parametrize("path", ["/health", "/ready", "/openapi.json", "/nowhere"])
async def test_no_web_page_is_served(headers: dict[str, str], status: int, path: str) -> None:
    app = app_of(names=frozenset({"cleo.lan"}))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://192.0.2.7") as http:
        answered = (await http.get(path, headers=headers)).status_code
    assert answered == (404 if path == "/nowhere" and status == 200 else status)


async def test_a_webhook_that_asks_for_a_secret_takes_any_name() -> None:
    """A proxy may pass on whatever name the other side used."""
    headers = {
        "Host": "hooks.example.org",
        "X-Webhook-Secret": "hunter22",
        "Content-Type": "application/json",
    }
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app_of()), base_url="http://localhost"
    ) as http:
        assert (await http.post(WEBHOOK, content=b"{}", headers=headers)).status_code == 422


@pytest.mark.parametrize("path", [f"{WEBHOOK}/", "/health/", "/ready/", f"{WEBHOOK}//"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_slash_at_the_end_redirects_nowhere(path: str, method: str) -> None:
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app_of()), base_url="http://localhost"
    ) as http:
        assert (await http.request(method, path)).status_code == 404


async def test_the_api_describes_itself_completely_and_loads_nothing_from_elsewhere() -> None:
    app = app_of()
    _, said = await get(app, "/openapi.json")
    assert set(said["paths"]) == {"/health", "/ready", "/api/whatsapp/webhook"}
    for path, methods in said["paths"].items():
        for method, operation in methods.items():
            assert operation.get("summary") or operation.get("description"), (method, path)
            assert operation["responses"], (method, path)
    assert (await get(app, "/ready"))[0] == 200
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://localhost") as http:
        assert (await http.get("/docs")).status_code == 404

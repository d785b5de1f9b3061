"""The HTTP application: the channels' webhooks, and health."""

from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import version
from typing import Literal

from fastapi import APIRouter, FastAPI, Response
from pydantic import BaseModel

from cleo.app.http.browser_guard import BrowserGuard
from cleo.app.http.readiness import Readiness
from cleo.domain.health import Health


class HealthReport(BaseModel):
    """How a part is doing: `state` and `code` for programs, `message` for people."""

    state: Literal["ok", "degraded", "down"]
    code: str
    message: str

    @classmethod
    def of(cls, health: Health) -> "HealthReport":
        """Convert a `Health`."""
        return cls(state=health.state, code=health.code, message=health.message)


class ReadyReport(HealthReport):
    """The worst of all parts, and each of them."""

    parts: dict[str, HealthReport]


def http_app(
    *,
    readiness: Readiness,
    webhooks: Sequence[APIRouter],
    working: Callable[[], AbstractAsyncContextManager[None]],
    names: Collection[str] = (),
    authenticated: Collection[str] = (),
) -> FastAPI:
    """Return the application; `working` is entered while it serves.

    Beside the `authenticated` paths, only requests for one of the host `names` or for this machine are served, and
    none of web pages.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        async with working():
            yield

    app = FastAPI(
        title="Cleo",
        version=version("cleo"),
        summary="A self-hosted AI agent that people talk to on WhatsApp.",
        lifespan=lifespan,
        docs_url=None,  # the page would load its script from elsewhere; /openapi.json is complete
        redoc_url=None,
        redirect_slashes=False,  # a client that follows would post a body twice, and many do not follow
    )
    app.add_middleware(BrowserGuard, names=names, authenticated=authenticated)
    for router in webhooks:
        app.include_router(router)
    app.include_router(_health_routes(readiness))
    return app


def _health_routes(readiness: Readiness) -> APIRouter:
    routes = APIRouter(tags=["health"])

    @routes.get("/health", summary="Is it alive?")
    async def health(response: Response) -> HealthReport:
        """Tell whether the process works: 503 means that it must be started again."""
        found = readiness.alive()
        response.status_code = 503 if found.state == "down" else 200
        return HealthReport.of(found)

    @routes.get("/ready", summary="Can it do its work?", responses={503: {"model": ReadyReport}})
    async def ready(response: Response) -> ReadyReport:
        """Tell how every part is doing: 503 means that a part is down."""
        whole, parts = await readiness.check()
        response.status_code = 503 if whole.state == "down" else 200
        reports = {name: HealthReport.of(part) for name, part in parts.items()}
        return ReadyReport(**HealthReport.of(whole).model_dump(), parts=reports)

    return routes

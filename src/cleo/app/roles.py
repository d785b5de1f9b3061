"""One process of several on the same Postgres: `cleo api` receives messages, `cleo worker` answers them."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

from cleo.app.build import Cleo, build
from cleo.app.chosen_backend import chosen_backend, given_secret
from cleo.app.http.server import serving
from cleo.app.serve import listening, reachable, refuse_unguarded_webhook
from cleo.app.settings import Settings
from cleo.domain.errors import ConfigError


@asynccontextmanager
async def api_running(settings: Settings, ended: asyncio.Event) -> AsyncGenerator[str]:
    """Receive messages while the block is open; yield the URL. `ended` is set when that stops by itself."""
    _require_shared_database(settings, "cleo api")
    refuse_unguarded_webhook(settings)
    async with AsyncExitStack() as stack:
        listener = stack.enter_context(listening(settings))
        cleo = await build(settings, bridge_url=None, secret=given_secret(settings), role="api")
        stack.push_async_callback(cleo.close)
        await stack.enter_async_context(serving(cleo, listener, ended))
        yield f"http://{reachable(settings.cleo_host)}:{listener.getsockname()[1]}"


@asynccontextmanager
async def worker_running(settings: Settings, ended: asyncio.Event) -> AsyncGenerator[Cleo]:
    """Answer people while the block is open. `ended` is set when that stops by itself."""
    _require_shared_database(settings, "cleo worker")
    cleo = await build(
        settings, bridge_url=_bridge_elsewhere(settings), secret=given_secret(settings), role="worker"
    )
    cleo.on_failure = ended.set
    try:
        async with cleo.working():
            yield cleo
    finally:
        await cleo.close()


def _require_shared_database(settings: Settings, command: str) -> None:
    if not settings.is_shared or settings.cleo_engine not in {None, "procrastinate"}:
        raise ConfigError(
            f"`{command}` shares its work with other processes, which needs Postgres and CLEO_ENGINE=procrastinate. "
            "For example: DATABASE_URL=postgresql://cleo:password@localhost/cleo. For a single process: cleo up"
        )
    settings.cleo_data.mkdir(mode=0o700, parents=True, exist_ok=True)


def _bridge_elsewhere(settings: Settings) -> str | None:
    process = chosen_backend(settings).process
    url = process and process.url(settings)
    if process and url is None:
        raise ConfigError(
            f"{process.url_setting} must say where the bridge is: `cleo worker` starts none. "
            f"For example: {process.url_setting}=http://localhost:3001"
        )
    return url

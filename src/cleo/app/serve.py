"""Run Cleo with its own bridge, if it has one. One Cleo a data directory."""

import asyncio
import os
import socket
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cleo.app.chosen_backend import (
    backend_context,
    chosen_backend,
    given_secret,
    has_own_process,
    webhook_secret,
)
from cleo.app.runfile import keep_runfile
from cleo.app.settings import Settings, is_own_machine
from cleo.app.supervise import Child
from cleo.channels.whatsapp.backend_spec import BackendContext, BridgeProcess, Link, ProcessEvent
from cleo.domain.errors import ConfigError
from cleo.store import lock_data_dir

if TYPE_CHECKING:
    from cleo.app.build import Cleo


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A running Cleo. `ended` is set when it stopped by itself, which it should not."""

    url: str
    cleo: "Cleo"
    ended: asyncio.Event
    claimed: asyncio.Event
    """Set once somebody became the owner by the claim code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeOptions:
    """Options of the own bridge, and callbacks for its events."""

    phone: str | None = None
    env: Mapping[str, str]
    on_event: Callable[[ProcessEvent], None]
    on_link: Callable[[Link], None]
    on_end: Callable[[str], None]


@asynccontextmanager
async def running(settings: Settings, options: BridgeOptions) -> AsyncGenerator[Running]:
    """Run everything while the block is open; raises `ConfigError` or `StoreError` when it cannot start.

    At the end Cleo stops before its bridge, so that what is being sent still gets out.
    """
    process = chosen_backend(settings).process
    own = has_own_process(settings)
    if not own:
        refuse_unguarded_webhook(settings)
    ended = asyncio.Event()
    async with AsyncExitStack() as stack:
        stack.enter_context(lock_data_dir(settings.cleo_data))
        listener = stack.enter_context(listening(settings))
        api_url = (
            settings.cleo_api_url or f"http://{reachable(settings.cleo_host)}:{listener.getsockname()[1]}"
        )
        secret = webhook_secret(settings)
        bridge_url = process and (process.url(settings) or f"http://127.0.0.1:{free_port()}")
        if process and own:
            context = backend_context(settings, bridge_url=bridge_url, secret=secret)
            child = _own_bridge(process, context, options, api_url=api_url)
            await stack.enter_async_context(_supervised(child, ended))
        from cleo.app.build import build  # noqa: PLC0415 - two seconds in which the bridge starts already
        from cleo.app.http.server import serving  # noqa: PLC0415 - as above

        cleo = await build(settings, bridge_url=bridge_url, secret=secret)
        stack.push_async_callback(cleo.close)
        await stack.enter_async_context(serving(cleo, listener, ended))
        runfile = keep_runfile(
            settings.cleo_data,
            url=api_url,
            bridge=bridge_url or "",
            claim_code=cleo.claim.words if cleo.claim else None,
        )
        forget_claim, claimed = stack.enter_context(runfile), asyncio.Event()
        if cleo.claim:
            cleo.claim.listeners += (forget_claim, claimed.set)
        yield Running(url=api_url, cleo=cleo, ended=ended, claimed=claimed)


def refuse_unguarded_webhook(settings: Settings) -> None:
    """Raise `ConfigError` when strangers could post messages."""
    guarded = chosen_backend(settings).has_public_webhook or given_secret(settings)
    if guarded or is_own_machine(settings.cleo_host):
        return
    raise ConfigError(
        f"CLEO_HOST={settings.cleo_host} lets other machines reach Cleo, so WHATSAPP_WEBHOOK_SECRET must be set, "
        "for Cleo and for the bridge. For example: WHATSAPP_WEBHOOK_SECRET=$(openssl rand -hex 32)"
    )


def free_port() -> int:
    """Return a port that nobody uses now. The bridge keeps it across restarts, so its URL never changes."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _own_bridge(
    process: BridgeProcess, context: BackendContext, options: BridgeOptions, *, api_url: str
) -> Child:
    program = process.program(context, api_url, options.phone)
    return Child(
        program=replace(program, env={**program.env, **options.env}),
        on_event=process.listener(context, options.on_event, options.on_link),
        on_end=options.on_end,
    )


@asynccontextmanager
async def _supervised(child: Child, ended: asyncio.Event) -> AsyncGenerator[None]:
    """Keep a child running while the block is open. When it cannot run, `ended` is set, and the error is raised."""
    task = asyncio.create_task(child.run())
    task.add_done_callback(lambda _: ended.set())
    await asyncio.sleep(0)  # lets it start now: it needs a moment too
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@contextmanager
def listening(settings: Settings) -> Generator[socket.socket]:
    """Bind the port before anything else starts, so that a port in use is reported at once."""
    host, port = settings.cleo_host, settings.cleo_port
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise ConfigError(
            f"Cleo cannot listen on {host}:{port}: {os.strerror(error.errno or 0)}. Does another Cleo run? "
            f"Otherwise choose another port, for example CLEO_PORT={port + 1}"
        ) from error
    # asyncio does it only for sockets that name TCP as their protocol, which this one does not: without it, an answer
    # on a kept connection waits up to 40 ms for the other side's acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with listener:
        yield listener


def reachable(host: str) -> str:
    """Return the host under which our own bridge reaches us, given the one that we listen on."""
    if host in {"0.0.0.0", "::", ""}:  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host

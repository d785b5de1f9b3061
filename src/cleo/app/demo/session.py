"""Run a backend's simulator, and Cleo on it as on the real network."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from typing_extensions import override

from cleo.app.chosen_backend import chosen_backend
from cleo.app.serve import BridgeOptions, Running, running
from cleo.app.settings import Settings, load, passed_on
from cleo.app.supervise import Child
from cleo.channels.whatsapp import BACKENDS
from cleo.channels.whatsapp.backend_spec import Demo, Link, ProcessEvent, Program
from cleo.channels.whatsapp.demo.host import ME, PATIENCE, DemoCleo, DemoHost
from cleo.channels.whatsapp.demo.phone import DemoError, DemoPhone
from cleo.channels.whatsapp.demo.simulator import Simulator

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSession:
    """A phone, and the Cleo at the other end."""

    phone: DemoPhone
    running: Running


def demo_settings(data: Path, backend: str) -> Settings:
    """Return the demo's settings: of the user's own, only the choice of model and tools is kept."""
    given = load()
    return load(
        **_unset(),
        enabled_clients=("whatsapp",),
        whatsapp_backend=backend,
        whatsapp_webhook_secret=None,
        cleo_host="127.0.0.1",
        cleo_port=0,
        cleo_api_url=None,
        cleo_data=data,
        database_url=None,
        cleo_owners=f"+{ME}",
        cleo_allowed_users="",
        cleo_allowed_groups="",
        cleo_model=given.cleo_model or "builtin:basic",
    )


def _unset() -> dict[str, object]:
    """Return the settings of all backends, with their defaults."""
    fields = (item for spec in BACKENDS.values() for item in spec.settings().model_fields.items())
    return {name: field.get_default(call_default_factory=True) for name, field in fields}


def chosen_demo(settings: Settings) -> Demo:
    """Return the demo of the backend; raises `DemoError` when it has none."""
    demo = chosen_backend(settings).demo
    if demo is None:
        raise DemoError(f"There is no demo of {settings.whatsapp_backend}.")
    return demo


@asynccontextmanager
async def demo_session(settings: Settings) -> AsyncGenerator[DemoSession]:
    """Run everything while the block is open; raises `DemoError`, `ConfigError` or `StoreError`."""
    host = _Host(settings)
    async with chosen_demo(settings).phone(host) as phone:
        yield DemoSession(phone=phone, running=host.running)


@dataclass
class _Cleo(DemoCleo):
    """A running Cleo, what its bridge shows, and why that ended, if it did."""

    url: str = ""
    shown: asyncio.Future[Link] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    troubles: list[str] = field(default_factory=list[str])

    @override
    async def link(self) -> Link:
        return await self.wait_for(self.shown, "The bridge has shown no code to link with.")

    @override
    async def wait_for(self, step: Awaitable[T], failure: str) -> T:
        return await _wait_for(step, failure, self.troubles)

    def take(self, link: Link) -> None:
        if link.qr and not self.shown.done():
            self.shown.set_result(link)


class _Host(DemoHost):
    """Runs the programs of one demo."""

    running: Running

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.data = settings.cleo_data
        self.environment: Mapping[str, str] = passed_on()

    @asynccontextmanager
    @override
    async def simulator(self, program: Program) -> AsyncGenerator[tuple[Simulator, ProcessEvent]]:
        ready: asyncio.Future[ProcessEvent] = asyncio.get_running_loop().create_future()
        troubles: list[str] = []

        def take(event: ProcessEvent) -> None:
            if event.get("ready") and not ready.done():
                ready.set_result(event)

        child = Child(program=program, on_event=take, on_end=troubles.append)
        keeping = asyncio.create_task(child.run())
        try:
            event = await _wait_for(ready, "The simulated WhatsApp does not start.", troubles)
            async with Simulator(str(event["control"])) as simulator:
                yield simulator, event
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)

    @asynccontextmanager
    @override
    async def cleo(
        self, *, settings: Mapping[str, object], bridge_env: Mapping[str, str]
    ) -> AsyncGenerator[_Cleo]:
        cleo = _Cleo()
        options = BridgeOptions(
            env=bridge_env, on_event=lambda _: None, on_link=cleo.take, on_end=cleo.troubles.append
        )
        async with running(self._settings.model_copy(update=settings), options) as self.running:
            cleo.url = self.running.url
            yield cleo


async def _wait_for(step: Awaitable[T], failure: str, troubles: list[str]) -> T:
    try:
        return await asyncio.wait_for(step, PATIENCE)
    except TimeoutError:
        raise DemoError(" ".join([failure, *troubles[-1:]])) from None

"""Everything of the demo that is not the chat: a simulated WhatsApp, and Cleo linked to it like to the real one."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

from cleo.app.bridge import program_of
from cleo.app.demo.phone import DemoError, Phone, Simulator
from cleo.app.serve import BridgeOptions, Running, running
from cleo.app.settings import Settings, load, passed_on
from cleo.app.supervise import Child, News, Program
from cleo.channels.whatsapp.bridge.contract import LinkAnswer

T = TypeVar("T")

CLEO = "15550000001"
"""The number that Cleo is linked to."""
ME = "15551234567"
"""The number of the person at the keyboard, who is the owner."""

_PATIENCE = 60.0
"""Seconds for each step of the start on a slow machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A phone in your hand, and the Cleo at the other end."""

    phone: Phone
    running: Running


def demo_settings(data: Path) -> Settings:
    """Settings of the demo: nothing of yours is touched, only your choice of model and tools is kept."""
    given = load()
    return load(
        enabled_clients=("whatsapp",),
        whatsapp_backend="baileys",
        whatsapp_bridge_url=None,
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


@asynccontextmanager
async def staged(settings: Settings) -> AsyncGenerator[Stage]:
    """Set everything up while the block is open; raises `DemoError`, `ConfigError` or `StoreError`."""
    async with _simulator(settings.cleo_data) as (simulator, env):
        await simulator.post("/phones", {"number": CLEO, "name": "Cleo"})
        await simulator.post("/phones", {"number": ME, "name": "You", "autoRead": True})
        linking: asyncio.Future[LinkAnswer] = asyncio.get_running_loop().create_future()
        troubles: list[str] = []

        def take(link: LinkAnswer) -> None:
            if link.qr and not linking.done():
                linking.set_result(link)

        options = BridgeOptions(env=env, on_news=lambda _: None, on_link=take, on_end=troubles.append)
        async with running(settings, options) as cleo:
            link = await _soon(linking, "The bridge has shown no code to link with.", troubles)
            await simulator.post(f"/phones/{CLEO}/link/qr", {"qr": link.qr})
            online = simulator.get(f"/phones/{CLEO}/companions/any?until=settled&wait={_PATIENCE * 1000:.0f}")
            await _soon(asyncio.ensure_future(online), "The bridge has not connected.", troubles)
            yield Stage(phone=Phone(simulator, ME, CLEO), running=cleo)


@asynccontextmanager
async def _simulator(data: Path) -> AsyncGenerator[tuple[Simulator, dict[str, str]]]:
    ready: asyncio.Future[News] = asyncio.get_running_loop().create_future()
    troubles: list[str] = []

    def take(news: News) -> None:
        if news.get("ready") and not ready.done():
            ready.set_result(news)

    flags = ("--supervised", "--state", str(data / "simulator"))
    program = Program(
        name="whatsapp-simulator", command=(*program_of("whatsapp-simulator"), *flags), env=passed_on()
    )
    keeping = asyncio.create_task(Child(program=program, on_news=take, on_end=troubles.append).run())
    try:
        news = await _soon(ready, "The simulated WhatsApp does not start.", troubles)
        simulator = Simulator(str(news["control"]))
        try:
            yield simulator, _environment(news)
        finally:
            await simulator.close()
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


def _environment(news: News) -> dict[str, str]:
    """Read what a bridge needs to take the simulator for WhatsApp."""
    env = news.get("env")
    if not isinstance(env, dict):
        raise DemoError("The simulated WhatsApp did not say how to reach it.")
    return {name: str(text) for name, text in cast("dict[str, object]", env).items()}


async def _soon(waiting: asyncio.Future[T], what: str, troubles: list[str]) -> T:
    try:
        return await asyncio.wait_for(waiting, _PATIENCE)
    except TimeoutError:
        raise DemoError(" ".join([what, *troubles[-1:]])) from None

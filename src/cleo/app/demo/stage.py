"""Everything of the demo that is not the chat: a simulated WhatsApp, and Cleo linked to it like to the real one."""

import asyncio
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar, cast

from pydantic import SecretStr

from cleo.app.demo.chat import Handset
from cleo.app.demo.cloud_phone import CloudPhone
from cleo.app.demo.phone import DemoError, Phone, Simulator
from cleo.app.demo.programs import cloud_simulator, whatsapp_simulator
from cleo.app.serve import BridgeOptions, Running, running
from cleo.app.settings import Settings, is_cloud, load
from cleo.app.supervise import Child, News, Program
from cleo.channels.whatsapp.backend import PATH
from cleo.channels.whatsapp.bridge.contract import LinkAnswer

T = TypeVar("T")
Backend = Literal["baileys", "cloud"]

CLEO = "15550000001"
"""The number that Cleo is linked to."""
ME = "15551234567"
"""The number of the person at the keyboard, who is the owner."""

_NUMBER_ID = "1001"
_NO_BRIDGE = BridgeOptions(env={}, on_news=lambda _: None, on_link=lambda _: None, on_end=lambda _: None)
_PATIENCE = 60.0
"""Seconds for each step of the start on a slow machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A phone in your hand, and the Cleo at the other end."""

    phone: Handset
    running: Running


def demo_settings(data: Path, backend: Backend) -> Settings:
    """Settings of the demo: nothing of yours is touched, only your choice of model and tools is kept."""
    given = load()
    return load(
        enabled_clients=("whatsapp",),
        whatsapp_backend=backend,
        whatsapp_bridge_url=None,
        whatsapp_cloud_waba_id=None,
        whatsapp_cloud_fallback_template=None,
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
    async with _registered(settings) if is_cloud(settings) else _linked(settings) as stage:
        yield stage


@asynccontextmanager
async def _registered(settings: Settings) -> AsyncGenerator[Stage]:
    """Give Cleo a number at a simulated Cloud API."""
    words = {name: secrets.token_hex(16) for name in ("token", "app_secret", "verify_token")}
    known = {f"whatsapp_cloud_{name}": SecretStr(word) for name, word in words.items()}
    async with _simulator(cloud_simulator()) as (simulator, env):
        place = {
            "whatsapp_cloud_base_url": env["WHATSAPP_CLOUD_BASE_URL"],
            "whatsapp_cloud_phone_number_id": _NUMBER_ID,
        }
        async with running(settings.model_copy(update={**known, **place}), _NO_BRIDGE) as cleo:
            number = {"phone_number_id": _NUMBER_ID, "display_phone_number": CLEO, **words}
            await simulator.post("/numbers", {**number, "callback": f"{cleo.url}{PATH}"})
            await simulator.post("/phones", {"number": ME, "name": "You", "autoRead": True})
            yield Stage(phone=CloudPhone(simulator, ME), running=cleo)


@asynccontextmanager
async def _linked(settings: Settings) -> AsyncGenerator[Stage]:
    """Link Cleo's bridge to a simulated WhatsApp."""
    async with _simulator(whatsapp_simulator(settings.cleo_data / "simulator")) as (simulator, env):
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
async def _simulator(program: Program) -> AsyncGenerator[tuple[Simulator, dict[str, str]]]:
    """Start a simulator; tells its control API, and what to set to take it for WhatsApp."""
    ready: asyncio.Future[News] = asyncio.get_running_loop().create_future()
    troubles: list[str] = []

    def take(news: News) -> None:
        if news.get("ready") and not ready.done():
            ready.set_result(news)

    keeping = asyncio.create_task(Child(program=program, on_news=take, on_end=troubles.append).run())
    try:
        news = await _soon(ready, "The simulated WhatsApp does not start.", troubles)
        async with Simulator(str(news["control"])) as simulator:
            yield simulator, _environment(news)
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


def _environment(news: News) -> dict[str, str]:
    """Read the variables by which the simulator is taken for WhatsApp."""
    env = news.get("env")
    if not isinstance(env, dict):
        raise DemoError("The simulated WhatsApp did not say how to reach it.")
    return {name: str(text) for name, text in cast("dict[str, object]", env).items()}


async def _soon(waiting: asyncio.Future[T], what: str, troubles: list[str]) -> T:
    try:
        return await asyncio.wait_for(waiting, _PATIENCE)
    except TimeoutError:
        raise DemoError(" ".join([what, *troubles[-1:]])) from None

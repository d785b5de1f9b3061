"""A simulated WhatsApp, and Cleo's own bridge linked to it like to the real one."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

from cleo.channels.whatsapp.backend_spec import ProcessEvent, Program
from cleo.channels.whatsapp.bridge.demo.phone import SimulatorPhone
from cleo.channels.whatsapp.bridge.process.program import program_of
from cleo.channels.whatsapp.demo.host import CLEO, ME, PATIENCE, DemoHost
from cleo.channels.whatsapp.demo.phone import DemoError, DemoPhone


@asynccontextmanager
async def simulated_phone(host: DemoHost) -> AsyncGenerator[DemoPhone]:
    """Start the simulator, Cleo and its bridge, and link them."""
    async with host.simulator(_simulator(host, host.data / "simulator")) as (simulator, event):
        await simulator.post("/phones", {"number": CLEO, "name": "Cleo"})
        await simulator.post("/phones", {"number": ME, "name": "You", "autoRead": True})
        async with host.cleo(settings={}, bridge_env=_environment(event)) as cleo:
            link = await cleo.link()
            await simulator.post(f"/phones/{CLEO}/link/qr", {"qr": link.qr})
            online = simulator.get(f"/phones/{CLEO}/companions/any?until=settled&wait={PATIENCE * 1000:.0f}")
            await cleo.wait_for(asyncio.ensure_future(online), "The bridge has not connected.")
            yield SimulatorPhone(simulator, ME, CLEO)


def _simulator(host: DemoHost, state: Path) -> Program:
    command = (*program_of("whatsapp-simulator", host.environment), "--supervised", "--state", str(state))
    return Program(name="whatsapp-simulator", command=command, env=host.environment)


def _environment(event: ProcessEvent) -> dict[str, str]:
    """Return the variables by which a bridge takes the simulator for WhatsApp."""
    env = event.get("env")
    if not isinstance(env, dict):
        raise DemoError("The simulated WhatsApp did not say how to reach it.")
    return {name: str(text) for name, text in cast("dict[str, object]", env).items()}

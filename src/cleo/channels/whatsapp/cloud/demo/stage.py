"""A simulated Cloud API, and Cleo with a number there."""

import secrets
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from pydantic import SecretStr

from cleo.channels.whatsapp.backend import PATH
from cleo.channels.whatsapp.backend_spec import Program
from cleo.channels.whatsapp.cloud.demo.phone import GraphPhone
from cleo.channels.whatsapp.demo.host import CLEO, ME, DemoHost
from cleo.channels.whatsapp.demo.phone import DemoPhone

_NUMBER_ID = "1001"


@asynccontextmanager
async def stage(host: DemoHost) -> AsyncGenerator[DemoPhone]:
    """Start the simulator and Cleo, and register Cleo's number with its webhook."""
    words = {name: secrets.token_hex(16) for name in ("token", "app_secret", "verify_token")}
    known = {f"whatsapp_cloud_{name}": SecretStr(word) for name, word in words.items()}
    async with host.simulator(_simulator(host)) as (simulator, event):
        place = {
            "whatsapp_cloud_base_url": str(event["base_url"]),
            "whatsapp_cloud_phone_number_id": _NUMBER_ID,
        }
        async with host.cleo(settings={**known, **place}, bridge_env={}) as cleo:
            number = {"phone_number_id": _NUMBER_ID, "display_phone_number": CLEO, **words}
            await simulator.post("/numbers", {**number, "callback": f"{cleo.url}{PATH}"})
            await simulator.post("/phones", {"number": ME, "name": "You", "autoRead": True})
            yield GraphPhone(simulator, ME)


def _simulator(host: DemoHost) -> Program:
    command = (sys.executable, "-m", "cleo.app.demo.graph")
    return Program(name="cloud-simulator", command=command, env=host.environment)

"""`cleo claim`: how somebody becomes the owner."""

import asyncio
import sys

from cleo.app.direct_backend import direct_backend
from cleo.app.runfile import find_running
from cleo.app.settings import Settings, load
from cleo.app.terminal.codes import said_of_claim
from cleo.channels.whatsapp.addresses import phone_number
from cleo.channels.whatsapp.backend import TellsNumber
from cleo.domain.errors import CleoError


def run() -> None:
    """Show it; raises `CleoError` when there is an owner already."""
    settings = load()
    endpoints = find_running(settings.cleo_data)
    if not endpoints.claim_code:
        raise CleoError(
            "This Cleo has an owner already. Others are let in by `cleo access allow +4915112345678`, or owners are "
            "named: CLEO_OWNERS=+4915112345678"
        )
    number = asyncio.run(_number(settings, endpoints.bridge))
    sys.stdout.write(f"{said_of_claim(endpoints.claim_code, number)}\n")


async def _number(settings: Settings, bridge_url: str) -> str:
    """Return the number that is linked; empty: nobody tells."""
    async with direct_backend(settings, bridge_url) as backend:
        number = await backend.number() if isinstance(backend, TellsNumber) else None
    return phone_number(number or "")

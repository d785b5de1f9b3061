"""`cleo up`: run Cleo until told to stop."""

import asyncio
import sys
import time

import structlog

from cleo.app.chosen_backend import backend_context, chosen_backend, has_own_process
from cleo.app.cli.begin import begin
from cleo.app.cli.stop_signals import stop_on_signals, wait_for_stop
from cleo.app.serve import BridgeOptions, Running, running
from cleo.app.setting_values import person_address
from cleo.app.settings import Settings
from cleo.app.terminal.link_screen import LinkScreen
from cleo.domain.errors import ConfigError

_log = structlog.get_logger("cleo.up")


def run(*, phone: str | None) -> None:
    """Run until Ctrl-C or SIGTERM."""
    settings = begin()
    if phone:
        try:
            person_address(phone)
        except ValueError as error:
            raise ConfigError(f"--phone: {error}. For example: --phone +4915112345678") from None
    asyncio.run(_run(settings, phone))


async def _run(settings: Settings, phone: str | None) -> None:
    screen = LinkScreen(sys.stdout)
    stop = stop_on_signals()
    started = time.monotonic()
    screen.line("Cleo is starting …")
    options = BridgeOptions(
        phone=phone, env={}, on_event=screen.event, on_link=screen.link, on_end=screen.ended
    )
    async with running(settings, options) as cleo:
        _introduce(screen, cleo)
        _log.info("started", seconds=round(time.monotonic() - started, 2))
        telling = asyncio.create_task(_tell_number_and_claim(screen, cleo))
        await wait_for_stop(stop, cleo.ended)
        telling.cancel()
        screen.line("Stopping …")
    screen.line("Stopped.")


def _introduce(screen: LinkScreen, running: Running) -> None:
    cleo = running.cleo
    screen.line(f"✓ Cleo listens on {running.url} and keeps everything in {cleo.settings.cleo_data}")
    screen.line(f"✓ Model: {cleo.choice.name} ({cleo.choice.reason})")
    if said := chosen_backend(cleo.settings).introduction(backend_context(cleo.settings)):
        screen.line(f"· {said}")


async def _tell_number_and_claim(screen: LinkScreen, running: Running) -> None:
    """Name Cleo's number once a phone is linked, and only then how to own it: two codes at once get mixed up."""
    cleo = running.cleo
    if has_own_process(cleo.settings):
        await screen.connected.wait()
    else:
        for channel in cleo.channels.values():
            if (health := await channel.health()).state == "down":
                screen.line(f"✗ WhatsApp: {health.message}")
    number = await cleo.number()
    if number:
        screen.linked(number)
    if cleo.claim:
        screen.claim(cleo.claim.words, number)
        await running.claimed.wait()
        screen.line("✓ Somebody has sent the claim code and owns this Cleo now.")

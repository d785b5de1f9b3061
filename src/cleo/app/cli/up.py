"""`cleo up`: run Cleo until told to stop."""

import asyncio
import sys
import time

import structlog

from cleo.app import logs
from cleo.app.chosen_backend import backend_context, chosen_backend
from cleo.app.cli.linking import LinkScreen
from cleo.app.cli.stop_signals import stop_on_signals, wait_for_stop
from cleo.app.serve import BridgeOptions, Running, running
from cleo.app.setting_values import person_address
from cleo.app.settings import Settings, environment, load, secrets
from cleo.domain.errors import ConfigError

_log = structlog.get_logger("cleo.up")


def run(*, phone: str | None) -> None:
    """Run until Ctrl-C or SIGTERM."""
    settings = load()
    if phone:
        try:
            person_address(phone)
        except ValueError as error:
            raise ConfigError(f"--phone: {error}. For example: --phone +4915112345678") from None
    logs.set_up(settings.cleo_log, hide=secrets(settings, environment()))
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
        await wait_for_stop(stop, cleo.ended)
        screen.line("Stopping …")
    screen.line("Stopped.")


def _introduce(screen: LinkScreen, running: Running) -> None:
    cleo = running.cleo
    screen.line(f"✓ Cleo listens on {running.url} and keeps everything in {cleo.settings.cleo_data}")
    screen.line(f"✓ Model: {cleo.choice.name} ({cleo.choice.reason})")
    if said := chosen_backend(cleo.settings).introduction(backend_context(cleo.settings)):
        screen.line(f"· {said}")
    if cleo.claim_code:
        screen.line(f"● Nobody owns this Cleo yet. Send it this from your own phone: {cleo.claim_code}")

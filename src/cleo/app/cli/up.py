"""`cleo up`: run Cleo until told to stop."""

import asyncio
import signal
import sys
import time

import structlog

from cleo.app import logs
from cleo.app.cli.linking import LinkScreen
from cleo.app.serve import BridgeOptions, Running, running
from cleo.app.setting_values import person_address
from cleo.app.settings import Settings, environment, load, secrets
from cleo.domain.errors import CleoError, ConfigError

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
    stop = _on_signals()
    started = time.monotonic()
    screen.line("Cleo is starting …")
    options = BridgeOptions(
        phone=phone, env={}, on_news=screen.news, on_link=screen.link, on_end=screen.ended
    )
    async with running(settings, options) as cleo:
        _introduce(screen, cleo)
        _log.info("started", seconds=round(time.monotonic() - started, 2))
        ended = asyncio.create_task(cleo.ended.wait())
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
        on_its_own = ended.done() and not stop.is_set()
        for task in (ended, stopped):
            task.cancel()
        screen.line("Stopping …")
    if on_its_own:
        raise CleoError("Cleo stopped working; the log says why. Start it again: nothing is lost.")
    screen.line("Stopped.")


def _introduce(screen: LinkScreen, running: Running) -> None:
    cleo = running.cleo
    screen.line(f"✓ Cleo listens on {running.url} and keeps everything in {cleo.settings.cleo_data}")
    screen.line(f"✓ Model: {cleo.choice.name} ({cleo.choice.reason})")
    if cleo.settings.whatsapp_bridge_url:
        screen.line(f"· WhatsApp bridge: {cleo.settings.whatsapp_bridge_url}")
    if cleo.claim_code:
        screen.line(f"● Nobody owns this Cleo yet. Send it this from your own phone: {cleo.claim_code}")


def _on_signals() -> asyncio.Event:
    """Stop in order at the first Ctrl-C or SIGTERM; a second one ends everything at once."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def first() -> None:
        stop.set()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, first)
    return stop

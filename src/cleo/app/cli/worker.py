"""`cleo worker`: answer people until told to stop; one process of several on a Postgres."""

import asyncio
import sys

from cleo.app.cli.begin import begin
from cleo.app.cli.stop_signals import stop_on_signals, wait_for_stop
from cleo.app.roles import worker_running
from cleo.app.settings import Settings


def run() -> None:
    """Run until Ctrl-C or SIGTERM."""
    settings = begin()
    asyncio.run(_run(settings))


async def _run(settings: Settings) -> None:
    stop, ended = stop_on_signals(), asyncio.Event()
    async with worker_running(settings, ended) as cleo:
        sys.stdout.write(f"✓ Cleo answers people, with the model {cleo.choice.name} ({cleo.choice.reason})\n")
        sys.stdout.flush()
        await wait_for_stop(stop, ended)

"""Run until a signal, or until Cleo stops by itself."""

import asyncio
import gc
import signal

from cleo.domain.errors import CleoError

_NEW_OBJECTS = 10_000
"""Allocations between two garbage collections. A run makes thousands, and nearly all are freed without one."""


async def wait_for_stop(stop: asyncio.Event, ended: asyncio.Event) -> None:
    """Wait for either; raises `CleoError` when Cleo stopped by itself. Call it once everything is loaded."""
    gc.collect()
    gc.freeze()  # what is loaded stays: to look through it again and again takes a tenth of each turn's time
    gc.set_threshold(_NEW_OBJECTS, 20, 20)
    waiting = [asyncio.create_task(event.wait()) for event in (stop, ended)]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    if ended.is_set() and not stop.is_set():
        raise CleoError("Cleo stopped working; the log says why. Start it again: nothing is lost.")


def stop_on_signals() -> asyncio.Event:
    """Return an event that the first Ctrl-C or SIGTERM sets; a second one ends the process at once."""
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

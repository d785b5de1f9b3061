"""Run the simulated Cloud API until SIGTERM or SIGINT; the first line of standard output says where it listens."""

import argparse
import asyncio
import json
import os
import signal
import sys
import threading
from types import FrameType

from cloud_simulator.server import CloudSimulator


async def _run(*, port: int, seed: int, supervised: bool) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stopped.set)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    async with CloudSimulator(port=port, seed=seed) as simulator:
        sys.stdout.write(json.dumps(simulator.ready) + "\n")
        sys.stdout.flush()
        if supervised:
            threading.Thread(target=_stop_at_end_of_input, args=(loop, stopped), daemon=True).start()
        await stopped.wait()


def _stop_at_end_of_input(loop: asyncio.AbstractEventLoop, stopped: asyncio.Event) -> None:
    while os.read(sys.stdin.fileno(), 4096):  # sys.stdin.read would hold a lock that the exit waits for
        pass
    loop.call_soon_threadsafe(stopped.set)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="cloud_simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port of both APIs (default: a free one)")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same ids (default: 0)")
    parser.add_argument("--supervised", action="store_true", help="end when standard input closes")
    given = parser.parse_args()
    asyncio.run(_run(port=given.port, seed=given.seed, supervised=given.supervised))

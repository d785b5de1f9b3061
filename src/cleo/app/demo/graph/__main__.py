"""`python -m cleo.app.demo.graph` runs it until its input is closed or it gets SIGTERM; its first line says where."""

import argparse
import asyncio
import json
import os
import signal
import sys
import threading
from types import FrameType

from cleo.app.demo.graph.server import FakeGraph


async def _run(*, port: int, seed: int) -> None:
    over = asyncio.Event()
    loop = asyncio.get_running_loop()

    def end(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(over.set)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    async with FakeGraph(port=port, seed=seed) as graph:
        said = {"ready": True, "base_url": graph.base_url, "control": graph.control}
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()
        threading.Thread(target=_until_closed, args=(loop, over), daemon=True).start()
        await over.wait()


def _until_closed(loop: asyncio.AbstractEventLoop, over: asyncio.Event) -> None:
    while os.read(sys.stdin.fileno(), 4096):  # not sys.stdin.read: its lock would be held at the end
        pass
    loop.call_soon_threadsafe(over.set)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="cleo.app.demo.graph", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    asyncio.run(_run(port=given.port, seed=given.seed))

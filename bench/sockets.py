"""Part (c): what each further account costs, measured as sockets with their stores in one process."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import httpx2

from bench.phones import ROOT, simulator
from bench.process import Process
from cleo.app.settings import passed_on
from cleo.channels.whatsapp.bridge.process.program import program_of

_QUIET = 5.0
"""Seconds after which what linking needed for a moment is given back."""


async def measure(folder: Path, counts: Sequence[int]) -> list[float]:
    """Open as many sockets as `counts` say, one after another; tells the memory at each count, in MB."""
    *node, _ = program_of("whatsapp-bridge", passed_on())
    async with simulator(folder) as (http, env):
        child = await asyncio.create_subprocess_exec(
            *node,
            str(ROOT / "bench" / "sockets.ts"),
            env={**passed_on(), **env},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        found: list[float] = []
        try:
            opened = 0
            for count in counts:
                for number in range(opened, count):
                    await _open(child, http, folder / f"1555100{number:04}")
                opened = count
                await asyncio.sleep(_QUIET)
                found.append(Process((child.pid,), "").memory())
        finally:
            child.terminate()
            await child.wait()
    return found


async def _open(child: asyncio.subprocess.Process, http: httpx2.AsyncClient, data: Path) -> None:
    """One account after another, so that every line of the output is about this one."""
    if not child.stdin or not child.stdout:
        raise RuntimeError("it was started without pipes")
    phone = data.name
    await http.post("/phones", json={"number": phone})
    child.stdin.write(f"{data}\n".encode())
    linked = False
    while True:
        news = json.loads(await child.stdout.readline())
        if news["name"] != phone:
            continue
        if "connected" in news:
            return
        if not linked:
            linked = True
            await http.post(f"/phones/{phone}/link/qr", json={"qr": news["qr"]})

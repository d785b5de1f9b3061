"""Programs under measurement, as real processes, and what the system says of them."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from cleo.app.serve import free_port
from cleo.app.settings import passed_on

_CLEO = str(Path(sys.executable).with_name("cleo"))
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Process:
    """A running program, as one or several processes that do its work together. Reads Linux's /proc."""

    pids: tuple[int, ...]
    url: str
    started: float = 0.0
    """Seconds from the start to the first answer."""

    def cpu(self) -> float:
        """Seconds of CPU used so far, in user and system."""
        return sum(_cpu(pid) for pid in self.pids)

    def memory(self) -> float:
        """Resident memory now, in MB."""
        return sum(_memory(pid) for pid in self.pids)


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _memory(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


@asynccontextmanager
async def started(
    command: Sequence[str], env: Mapping[str, str], log: Path
) -> AsyncGenerator[asyncio.subprocess.Process]:
    """Start a program; ends it afterwards."""
    with log.open("wb") as out:
        child = await asyncio.create_subprocess_exec(
            *command, env={**passed_on(), **env}, stdin=asyncio.subprocess.PIPE, stdout=out, stderr=out
        )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.terminate()
        await child.wait()


@asynccontextmanager
async def running(
    command: Sequence[str], env: Mapping[str, str], url: str, log: Path
) -> AsyncGenerator[Process]:
    """Start a program and wait until its `/health` answers; ends it afterwards."""
    start = asyncio.get_running_loop().time()
    async with started(command, env, log) as child:
        await _answers(child, url, log)
        yield Process((child.pid,), url, asyncio.get_running_loop().time() - start)


@asynccontextmanager
async def agent(folder: Path, bridge: str, owners: Sequence[str], **env: str) -> AsyncGenerator[Process]:
    """Cleo on SQLite, with the rule model: no model time is in the figures."""
    settings = {**_settings(folder, bridge, owners), "CLEO_PORT": str(free_port()), **env}
    url = f"http://127.0.0.1:{settings['CLEO_PORT']}"
    async with running([_CLEO, "up"], settings, url, folder / "cleo.log") as process:
        yield process


@asynccontextmanager
async def fleet(
    folder: Path, bridge: str, owners: Sequence[str], *, database: str, workers: int
) -> AsyncGenerator[Process]:
    """Cleo on Postgres: one process takes messages in, `workers` answer them."""
    settings = {**_settings(folder, bridge, owners), "DATABASE_URL": database}
    port = str(free_port())
    url = f"http://127.0.0.1:{port}"
    async with AsyncExitStack() as stack:
        api = running([_CLEO, "api"], {**settings, "CLEO_PORT": port}, url, folder / "api.log")
        process = await stack.enter_async_context(api)
        pids = list(process.pids)
        for number in range(workers):
            log = folder / f"worker{number}.log"
            child = await stack.enter_async_context(started([_CLEO, "worker"], settings, log))
            await _says(child, "✓ Cleo answers", log)
            pids.append(child.pid)
        yield Process(tuple(pids), url, process.started)


def _settings(folder: Path, bridge: str, owners: Sequence[str]) -> dict[str, str]:
    return {
        "CLEO_DATA": str(folder / "cleo"),
        "CLEO_LOOP_TURNS": "0",  # its phones write as fast as they can
        "CLEO_MODEL": "builtin:basic",
        "CLEO_OWNERS": ",".join(f"+{owner}" for owner in owners),
        "WHATSAPP_BRIDGE_URL": bridge,
    }


@asynccontextmanager
async def forwarder(folder: Path, bridge: str, _: Sequence[str]) -> AsyncGenerator[Process]:
    """The limit: takes the event and sends a reply, with nothing between and nothing on disk."""
    port = free_port()
    command = [sys.executable, "-m", "bench.forwarder", str(port), bridge]
    async with running(command, {}, f"http://127.0.0.1:{port}", folder / "forwarder.log") as process:
        yield process


async def _answers(child: asyncio.subprocess.Process, url: str, log: Path) -> None:
    async with httpx2.AsyncClient(trust_env=False) as http:
        while True:
            try:
                await http.get(f"{url}/health")
            except httpx2.TransportError:
                if child.returncode is not None:
                    raise RuntimeError(f"it ended; see {log}") from None
                await asyncio.sleep(0.01)
            else:
                return


async def _says(child: asyncio.subprocess.Process, words: str, log: Path) -> None:
    while words not in await asyncio.to_thread(log.read_text):
        if child.returncode is not None:
            raise RuntimeError(f"it ended; see {log}")
        await asyncio.sleep(0.01)

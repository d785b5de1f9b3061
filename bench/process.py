"""Programs under measurement, as real processes, and what the system says of them."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from cleo.app.bridge import free_port
from cleo.app.settings import passed_on

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Process:
    """A running program. Reads Linux's /proc."""

    pid: int
    url: str
    started: float = 0.0
    """Seconds from the start to the first answer."""

    def cpu(self) -> float:
        """Seconds of CPU used so far, in user and system."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory(self) -> float:
        """Resident memory now, in MB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024


@asynccontextmanager
async def running(
    command: Sequence[str], env: Mapping[str, str], url: str, log: Path
) -> AsyncGenerator[Process]:
    """Start a program and wait until its `/health` answers; ends it afterwards."""
    start = asyncio.get_running_loop().time()
    with log.open("wb") as out:
        child = await asyncio.create_subprocess_exec(
            *command, env={**passed_on(), **env}, stdin=asyncio.subprocess.PIPE, stdout=out, stderr=out
        )
    try:
        await _answers(child, url, log)
        yield Process(child.pid, url, asyncio.get_running_loop().time() - start)
    finally:
        if child.returncode is None:
            child.terminate()
        await child.wait()


@asynccontextmanager
async def agent(folder: Path, bridge: str, owners: Sequence[str], **env: str) -> AsyncGenerator[Process]:
    """Cleo on SQLite, with the rule model: no model time is in the figures."""
    settings = {
        "CLEO_DATA": str(folder / "cleo"),
        "CLEO_PORT": str(free_port()),
        "CLEO_MODEL": "builtin:basic",
        "CLEO_OWNERS": ",".join(f"+{owner}" for owner in owners),
        "WHATSAPP_BRIDGE_URL": bridge,
        **env,
    }
    command = [str(Path(sys.executable).with_name("cleo")), "up"]
    async with running(
        command, settings, f"http://127.0.0.1:{settings['CLEO_PORT']}", folder / "cleo.log"
    ) as process:
        yield process


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

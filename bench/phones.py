"""Part (b): phone → phone through simulator, bridge and agent, beside a bare Baileys that echoes."""

import asyncio
import json
import statistics
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from bench.line import REPLY
from bench.process import Process, agent, running
from cleo.app.serve import free_port
from cleo.app.settings import passed_on
from cleo.channels.whatsapp.bridge.contract import HealthAnswer, LinkAnswer
from cleo.channels.whatsapp.bridge.process.program import LEAN_MALLOC, program_of

CLEO = "15550000001"
ME = "15551234567"
ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """Milliseconds from the phone's sending to the answer's bubble; memory in MB, 0 where it is not asked."""

    what: str
    p50: float
    p99: float
    agent_memory: float = 0.0
    bridge_memory: float = 0.0


@asynccontextmanager
async def simulator(folder: Path) -> AsyncGenerator[tuple[httpx2.AsyncClient, dict[str, str]]]:
    """A simulated WhatsApp with two phones; tells what a bridge needs to find it."""
    child = await asyncio.create_subprocess_exec(
        *program_of("whatsapp-simulator", passed_on()),
        *("--state", str(folder / "simulator")),
        env=passed_on(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        line = await child.stdout.readline() if child.stdout else b""
        ready = json.loads(line)
        async with httpx2.AsyncClient(base_url=ready["control"], timeout=60, trust_env=False) as http:
            for number in (CLEO, ME):
                await http.post("/phones", json={"number": number})
            yield http, ready["env"]
    finally:
        child.terminate()
        await child.wait()


async def trips(http: httpx2.AsyncClient, count: int) -> list[float]:
    """Send texts one after another, each after the answer to the one before; tells seconds."""
    times: list[float] = []
    seen = await _newest(http)
    for _ in range(count):
        start = asyncio.get_running_loop().time()
        await http.post(f"/phones/{ME}/messages", json={"to": CLEO, "text": REPLY})
        answered = False
        while not answered:
            bubbles = (await http.get(f"/phones/{ME}/messages?after={seen}&wait=30000")).json()
            answered = any(not bubble["fromMe"] for bubble in bubbles)
            seen = max([seen, *(bubble["seq"] for bubble in bubbles)])
        times.append(asyncio.get_running_loop().time() - start)
    return times


async def _newest(http: httpx2.AsyncClient) -> int:
    bubbles = (await http.get(f"/phones/{ME}/messages")).json()
    return max([0, *(bubble["seq"] for bubble in bubbles)])


async def measure_echo(folder: Path, count: int) -> Trip:
    """The limit: Baileys alone."""
    async with simulator(folder) as (http, env):
        child = await asyncio.create_subprocess_exec(
            program_of("whatsapp-bridge", passed_on())[0],
            str(ROOT / "bench" / "echo.ts"),
            env={**passed_on(), **env},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            line = await child.stdout.readline() if child.stdout else b""
            await http.post(f"/phones/{CLEO}/link/qr", json={"qr": json.loads(line)["qr"]})
            await http.get(f"/phones/{CLEO}/companions/any?until=settled&wait=60000")
            await trips(http, 10)
            return _trip("bare Baileys echo", await trips(http, count))
        finally:
            child.terminate()
            await child.wait()


async def measure_cleo(folder: Path, count: int) -> Trip:
    """Simulator, bridge and agent as three processes."""
    async with (
        simulator(folder) as (http, env),
        _bridge(folder, env) as (bridge, port),
        agent(folder, bridge.url, [ME], CLEO_PORT=str(port)) as cleo,
    ):
        await _link(http, bridge)
        await trips(http, 10)
        times = await trips(http, count)
        await asyncio.sleep(10)  # what is only busy memory is given back by now
        memory = {"agent_memory": cleo.memory(), "bridge_memory": bridge.memory()}
        return _trip("Cleo", times, **memory)


@asynccontextmanager
async def _bridge(folder: Path, env: dict[str, str]) -> AsyncGenerator[tuple[Process, int]]:
    port, agent_port = free_port(), free_port()
    settings = {
        **LEAN_MALLOC,
        **env,
        "CLEO_API_URL": f"http://127.0.0.1:{agent_port}",
        "WHATSAPP_BRIDGE_PORT": str(port),
        "WHATSAPP_BRIDGE_DATA": str(folder / "bridge"),
    }
    url = f"http://127.0.0.1:{port}"
    async with running(
        program_of("whatsapp-bridge", passed_on()), settings, url, folder / "bridge.log"
    ) as process:
        yield process, agent_port


async def _link(http: httpx2.AsyncClient, bridge: Process) -> None:
    async with httpx2.AsyncClient(base_url=bridge.url, trust_env=False) as to_bridge:
        while True:
            link = LinkAnswer.model_validate_json((await to_bridge.get("/link")).content)
            if link.qr:
                await http.post(f"/phones/{CLEO}/link/qr", json={"qr": link.qr})
                break
            await asyncio.sleep(0.05)
        while True:
            health = HealthAnswer.model_validate_json((await to_bridge.get("/health")).content)
            if health.state == "connected":
                return
            await asyncio.sleep(0.05)


def _trip(what: str, times: list[float], **memory: float) -> Trip:
    cuts = statistics.quantiles(times, n=100)
    return Trip(what=what, p50=statistics.median(times) * 1000, p99=cuts[98] * 1000, **memory)

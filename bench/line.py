"""Part (a): webhook POST → `/send` at a bridge, beside a program that only forwards."""

import asyncio
import statistics
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from bench.process import Process, agent, forwarder
from bench.sink import Arrivals, listen

_REST = 0.05
"""Seconds between messages at low load: what the last one left to do must not be measured with the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Times in milliseconds, throughput in messages a second, CPU in milliseconds a message, memory in MB."""

    what: str
    p50: float
    p99: float
    throughput: float
    cpu: float
    memory: float


@dataclass(slots=True)
class Line:
    """Something that takes events and answers each with one message."""

    http: httpx2.AsyncClient
    arrived: Arrivals
    process: Process
    sent: int = 0

    async def turn(self, chat: str, text: str = "17 + 4", *, rest: float = 0.0) -> float:
        """Send one message after `rest` seconds and wait for its reply; tells the seconds between the two."""
        await asyncio.sleep(rest)
        self.sent += 1
        reply = self.arrived.expect(chat)
        start = asyncio.get_running_loop().time()
        event = {
            "from": f"{chat}@s.whatsapp.net",
            "messageId": f"B{self.sent}",
            "text": text,
            "timestamp": int(time.time() * 1000),
        }
        answer = await self.http.post("/api/whatsapp/webhook", json=event)
        answer.raise_for_status()
        return await asyncio.wait_for(reply, 60) - start


@asynccontextmanager
async def opened(what: str, folder: Path, chats: int) -> AsyncGenerator[Line]:
    """Start the agent (`cleo`) or the limit (`forwarder`) against a sink."""
    arrived = Arrivals()
    server, port = await listen(arrived)
    start = agent if what == "cleo" else forwarder
    async with server, start(folder, f"http://127.0.0.1:{port}", numbers(chats)) as process:
        limits = httpx2.Limits(max_connections=chats + 10, max_keepalive_connections=chats + 10)
        async with httpx2.AsyncClient(
            base_url=process.url, timeout=60, limits=limits, trust_env=False
        ) as http:
            yield Line(http, arrived, process)


def numbers(chats: int) -> list[str]:
    """The phone numbers of the people in the benchmark."""
    return [f"49151200{n:05}" for n in range(chats)]


async def measure(what: str, folder: Path, *, chats: int = 50, calm: int = 300, busy: int = 3000) -> Figures:
    """First one message at a time (latency), then all chats at once, each waiting for its reply (throughput)."""
    people = numbers(chats)
    async with opened(what, folder, chats) as line:
        for person in people:
            await line.turn(person)
        times = [await line.turn(people[n % chats], rest=_REST) for n in range(calm)]
        cpu, start = line.process.cpu(), time.perf_counter()

        async def chat(person: str) -> None:
            for _ in range(busy // chats):
                await line.turn(person)

        await asyncio.gather(*(chat(person) for person in people))
        seconds = time.perf_counter() - start
        done = busy // chats * chats
        return Figures(
            what=what,
            p50=statistics.median(times) * 1000,
            p99=statistics.quantiles(times, n=100)[98] * 1000,
            throughput=done / seconds,
            cpu=(line.process.cpu() - cpu) / done * 1000,
            memory=line.process.memory(),
        )

"""Part (a): webhook POST → `/send` at a bridge, beside a program that only forwards."""

import asyncio
import statistics
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from bench.process import Process
from bench.sink import Arrivals, listen

REPLY = "Tell me something nice"
"""What the rule model answers at once, in one request."""
TOOL = "17 + 4"
"""What it calls a tool for: two requests and the call between them."""

CHATS = 50

_REST = 0.05
"""Seconds between messages at low load: what the last one left to do must not be measured with the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Times in milliseconds, throughput in messages a second, CPU in milliseconds a message."""

    p50: float
    p99: float
    throughput: float
    cpu: float


@dataclass(slots=True)
class Line:
    """Something that takes events and answers each with one message."""

    http: httpx2.AsyncClient
    arrived: Arrivals
    process: Process
    sent: int = 0

    async def turn(self, chat: str, text: str = REPLY, *, rest: float = 0.0) -> float:
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


Start = Callable[[Path, str, Sequence[str]], AbstractAsyncContextManager[Process]]
"""Starts what is measured: a folder of its own, the sink at the bridge's place, the numbers that write."""


@asynccontextmanager
async def opened(start: Start, folder: Path, chats: int) -> AsyncGenerator[Line]:
    """Start what is measured against a sink."""
    arrived = Arrivals()
    server, port = await listen(arrived)
    async with server, start(folder, f"http://127.0.0.1:{port}", numbers(chats)) as process:
        limits = httpx2.Limits(max_connections=chats + 10, max_keepalive_connections=chats + 10)
        async with httpx2.AsyncClient(
            base_url=process.url, timeout=60, limits=limits, trust_env=False
        ) as http:
            yield Line(http, arrived, process)


def numbers(chats: int) -> list[str]:
    """The phone numbers of the people in the benchmark."""
    return [f"49151200{n:05}" for n in range(chats)]


async def measure(start: Start, folder: Path, *, text: str = REPLY, calm: int, busy: int) -> Figures:
    """First one message at a time (latency), then all chats at once, each waiting for its reply (throughput)."""
    people = numbers(CHATS)
    async with opened(start, folder, CHATS) as line:
        for person in people:
            await line.turn(person, text)
        times = [await line.turn(people[n % CHATS], text, rest=_REST) for n in range(calm)]
        cpu, began = line.process.cpu(), time.perf_counter()

        async def chat(person: str) -> None:
            for _ in range(busy // CHATS):
                await line.turn(person, text)

        await asyncio.gather(*(chat(person) for person in people))
        seconds = time.perf_counter() - began
        done = busy // CHATS * CHATS
        return Figures(
            p50=statistics.median(times) * 1000,
            p99=statistics.quantiles(times, n=100)[98] * 1000,
            throughput=done / seconds,
            cpu=(line.process.cpu() - cpu) / done * 1000,
        )

"""The cases that a server in memory cannot show: real sockets, a real uvicorn, its own process."""

import asyncio
import json
import statistics
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from tests.support.webhook_client import MIB, PATH, SECRET, event

ROOT = Path(__file__).parents[3]
AUTHORIZED = f"X-Webhook-Secret: {SECRET}\r\nContent-Type: application/json\r\n"


@dataclass
class Server:
    process: Process
    port: int

    def resident(self) -> int:
        """Bytes of memory that the process holds."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * 4096

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield reader, writer
        finally:
            writer.transport.abort()

    async def ask(self, head: str, body: bytes = b"") -> bytes:
        """Send a request as it is written and read all that comes back."""
        async with self.connect() as (reader, writer):
            writer.write(f"POST {PATH} HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode() + body)
            return await reader.read()


@asynccontextmanager
async def serving(seconds: float) -> AsyncGenerator[Server]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.webhook_server", SECRET, str(seconds), stdout=PIPE, cwd=ROOT
    )
    assert process.stdout
    try:
        yield Server(process, int(await process.stdout.readline()))
    finally:
        process.kill()
        await process.communicate()


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


def length(body: bytes) -> str:
    return f"Content-Length: {len(body)}\r\n"


async def pour(writer: asyncio.StreamWriter, chunk: bytes) -> int:
    """Send 64 MiB, or as much as the other side lets in; tell how much that was."""
    sent = 0
    with suppress(ConnectionError):
        while sent < 64 * MIB:
            writer.write(chunk)
            sent += len(chunk)
            await writer.drain()
    return sent


async def answer_of(reader: asyncio.StreamReader) -> int:
    """Read the status; 0 when the kernel dropped the answer because unread bytes were left at the close."""
    with suppress(ConnectionError):
        return status(await reader.read())
    return 0


async def test_a_secret_given_twice_is_refused_on_the_wire() -> None:
    body = json.dumps(event()).encode()
    async with serving(10.0) as server:
        right, wrong = f"X-Webhook-Secret: {SECRET}\r\n", "x-webhook-secret: wrong\r\n"
        for headers in (right + wrong, wrong + right, right + right):
            answer = await server.ask(f"{headers}Content-Type: application/json\r\n{length(body)}", body)
            assert status(answer) == 403
            assert answer.endswith(b"\r\n\r\n")
            assert b"connection: close" in answer.lower()
        for value in (f"{SECRET}, {SECRET}", "\xe9", ""):
            headers = f"X-Webhook-Secret: {value}\r\n"
            assert (
                status(await server.ask(f"{headers}Content-Type: application/json\r\n{length(body)}", body))
                == 403
            )
        assert status(await server.ask(AUTHORIZED + "Connection: close\r\n" + length(body), body)) == 200


@pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="the memory of another process is read from /proc"
)
async def test_64_megabytes_without_the_secret_cost_nothing() -> None:
    async with serving(10.0) as server:
        for _ in range(3):  # what the first requests make the process load is not the attack's
            await server.ask(length(b"xx"), b"xx")
        before = server.resident()
        async with server.connect() as (reader, writer):
            started = time.monotonic()
            writer.write(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: {64 * MIB}\r\n\r\n".encode())
            sent = await pour(writer, b"x" * 65536)
            assert await answer_of(reader) in {403, 0}
            assert time.monotonic() - started < 5
        assert sent < 32 * MIB
        assert server.resident() - before <= 2 * MIB


async def test_ten_gigabytes_announced_are_refused_at_once() -> None:
    async with serving(10.0) as server:
        answer = await server.ask(AUTHORIZED + "Content-Length: 10000000000\r\n")
        assert status(answer) == 413


async def test_an_endless_chunked_body_is_cut() -> None:
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    async with serving(10.0) as server, server.connect() as (reader, writer):
        head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\n{AUTHORIZED}Transfer-Encoding: chunked\r\n\r\n"
        writer.write(head.encode())
        assert await pour(writer, chunk) < 32 * MIB
        assert await answer_of(reader) in {413, 0}


async def test_200_dripping_connections_are_closed_and_harm_nobody() -> None:
    seconds = 2.0
    async with serving(seconds) as server:

        async def drip() -> tuple[int, float]:
            async with server.connect() as (reader, writer):
                started = time.monotonic()
                writer.write(
                    f"POST {PATH} HTTP/1.1\r\nHost: x\r\n{AUTHORIZED}Content-Length: 1000\r\n\r\n".encode()
                )
                answer = asyncio.create_task(answer_of(reader))
                while not answer.done():
                    writer.write(b" ")
                    await asyncio.wait([answer], timeout=0.25)
                return answer.result(), time.monotonic() - started

        drips = [asyncio.create_task(drip()) for _ in range(200)]
        waits: list[float] = []
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as http:
            for number in range(40):
                started = time.monotonic()
                answer = await http.post(
                    PATH, json=event(messageId=f"3A{number}"), headers={"X-Webhook-Secret": SECRET}
                )
                waits.append(time.monotonic() - started)
                assert answer.json() == {"status": "accepted"}
        ends = await asyncio.gather(*drips)
        assert {408} <= {code for code, _ in ends} <= {408, 0}
        assert max(after for _, after in ends) < seconds + 8
        assert statistics.median(waits) < 0.25


async def test_a_sender_that_hangs_up_is_no_error() -> None:
    async with serving(10.0) as server:
        async with server.connect() as (_, writer):
            writer.write(
                f"POST {PATH} HTTP/1.1\r\nHost: x\r\n{AUTHORIZED}Content-Length: 1000\r\n\r\n{{".encode()
            )
            await writer.drain()
        body = json.dumps(event()).encode()
        assert status(await server.ask(AUTHORIZED + "Connection: close\r\n" + length(body), body)) == 200
        assert server.process.returncode is None


@pytest.mark.parametrize("silence", [b"", b"POST /api/whatsapp/webhook HTTP/1.1\r\nHost: x\r\n"])
async def test_silent_connections_keep_nobody_out(silence: bytes) -> None:
    """More than the process takes: those that asked for nothing for the longest time go."""
    async with serving(10.0) as server:
        silent: list[asyncio.StreamWriter] = []
        for _ in range(700):
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(silence)
            silent.append(writer)
        since = time.monotonic()
        async with httpx2.AsyncClient(timeout=5.0) as http:
            for number in range(20):
                answer = await http.post(
                    f"http://127.0.0.1:{server.port}{PATH}",
                    headers={"X-Webhook-Secret": SECRET},
                    json=event(messageId=f"M{number}"),
                )
                assert answer.status_code == 200
        assert time.monotonic() - since < 5
        for writer in silent:
            writer.transport.abort()

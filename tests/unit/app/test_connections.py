"""Connections that ask for nothing end soon, and those that ask are served."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from cleo.app.http.connections import limited
from cleo.app.http.embedded_uvicorn import EmbeddedServer


@asynccontextmanager
async def serving(*, most: int = 100, head_seconds: float = 10.0) -> AsyncGenerator[int]:
    async def hello(scope: dict[str, object], receive: object, send: object) -> None:
        if scope["type"] == "http":
            await Request(scope, receive).body()  # type: ignore[arg-type]  # as uvicorn gives it
            await PlainTextResponse("hello")(scope, receive, send)  # type: ignore[arg-type]  # see above

    listener = socket.create_server(("127.0.0.1", 0))
    protocol = limited(most=most, head_seconds=head_seconds)
    server = EmbeddedServer(uvicorn.Config(hello, log_config=None, http=protocol, lifespan="off"))  # type: ignore[arg-type]
    task = asyncio.create_task(server.serve(sockets=[listener]))
    await server.listening.wait()
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = server.force_exit = True
        await task


async def open_to(port: int, said: bytes = b"") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(said)
    return reader, writer


async def is_closed(reader: asyncio.StreamReader) -> bool:
    try:
        async with asyncio.timeout(3):
            return await reader.read() == b""
    except ConnectionError:
        return True


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    async with asyncio.timeout(3):
        return b"hello" in await reader.readuntil(b"hello")


async def test_a_head_that_does_not_come_ends_the_connection() -> None:
    async with serving(head_seconds=0.1) as port:
        for said in b"", b"GET / HTTP/1.1\r\nHo":
            reader, writer = await open_to(port, said)
            assert await is_closed(reader), said
            writer.close()


async def test_a_second_head_has_a_deadline_too_and_a_connection_between_two_has_none() -> None:
    async with serving(head_seconds=0.1) as port:
        reader, writer = await open_to(port)
        assert await ask(reader, writer)
        await asyncio.sleep(0.3)
        assert await ask(reader, writer)
        writer.write(b"GET / HT")
        assert await is_closed(reader)
        writer.close()


async def test_a_body_may_take_longer_than_a_head() -> None:
    async with serving(head_seconds=0.1) as port:
        reader, writer = await open_to(port, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n.")
        await asyncio.sleep(0.3)
        writer.write(b".")
        async with asyncio.timeout(3):
            assert b"hello" in await reader.readuntil(b"hello")
        writer.close()


async def test_the_one_that_asked_for_nothing_for_the_longest_time_goes() -> None:
    async with serving(most=3) as port:
        first = await open_to(port)
        used = await open_to(port)
        assert await ask(*used)
        others = [await open_to(port) for _ in range(2)]
        assert await is_closed(first[0])
        assert await ask(*others[1])
        assert await ask(*used)
        for _, writer in (first, used, *others):
            writer.close()


async def test_one_that_asks_again_before_the_answer_is_not_taken_for_silent() -> None:
    async with serving(most=3) as port:
        second = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n."
        reader, writer = await open_to(port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + second)
        async with asyncio.timeout(3):
            await reader.readuntil(b"hello")
        others = [await open_to(port) for _ in range(3)]
        assert await is_closed(others[0][0])
        writer.write(b".")
        async with asyncio.timeout(3):
            assert b"hello" in await reader.readuntil(b"hello")
        for _, other in ((reader, writer), *others):
            other.close()

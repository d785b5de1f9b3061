"""A TCP proxy between two programs that breaks what passes, in the ways in which networks and servers break."""

import asyncio
import struct
from collections import Counter
from contextlib import suppress
from socket import SO_LINGER, SOL_SOCKET
from typing import Literal, Self

Fault = Literal[
    "none", "slow", "drip", "half-open", "reset-before", "reset-after", "truncated", "unavailable"
]
FAULTS: tuple[Fault, ...] = (
    "slow",  # each piece comes 300 ms late
    "drip",  # the answer comes byte by byte
    "half-open",  # accepted, and then nothing, in neither direction
    "reset-before",  # cut before the request arrives
    "reset-after",  # cut after the request arrived, before its answer
    "truncated",  # cut in the middle of the answer
    "unavailable",  # 503, from somebody in between
)

_LATE = 0.3
_DRIP = 0.005
_UNAVAILABLE = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class FaultProxy:
    """Listens on a port of its own and passes everything on to `target`, broken as `fault` says.

    `struck` counts how often each fault did something. A new fault ends the connections that are open, so that it
    is felt at once.
    """

    def __init__(self, target: str) -> None:
        host, _, port = target.removeprefix("http://").partition(":")
        self._target = (host, int(port))
        self._open: set[asyncio.StreamWriter] = set()
        self._fault: Fault = "none"
        self.struck: Counter[Fault] = Counter()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self._cut_all()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def breaks(self, fault: Fault) -> None:
        """From now on."""
        self._fault = fault
        self._cut_all()

    def _cut_all(self) -> None:
        for writer in tuple(self._open):
            _reset(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        fault = self._fault
        if fault != "none":
            self.struck[fault] += 1
        try:
            if fault == "half-open":
                await asyncio.Event().wait()
            elif fault == "unavailable":
                await reader.read(65536)
                writer.write(_UNAVAILABLE)
                await writer.drain()
            elif fault == "reset-before":
                await reader.read(1)
                _reset(writer)
            else:
                await self._pass(reader, writer, fault)
        except OSError:
            pass  # one side is gone: so is the other
        finally:
            self._open.discard(writer)
            writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, fault: Fault) -> None:
        there, onward = await asyncio.open_connection(*self._target)
        self._open.add(onward)
        ways = [
            asyncio.create_task(self._request(reader, onward, fault)),
            asyncio.create_task(self._answer(there, writer, fault)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            self._open.discard(onward)
            onward.close()

    async def _request(
        self, reader: asyncio.StreamReader, onward: asyncio.StreamWriter, fault: Fault
    ) -> None:
        while piece := await reader.read(65536):
            if fault == "slow":
                await asyncio.sleep(_LATE)
            onward.write(piece)
            await onward.drain()

    async def _answer(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter, fault: Fault) -> None:
        while piece := await there.read(65536):
            match fault:
                case "reset-after":
                    return _reset(writer)
                case "truncated":
                    writer.write(piece[: len(piece) // 2])
                    with suppress(OSError):
                        await writer.drain()
                    return None
                case "drip":
                    await self._drip(piece, writer)
                case "slow":
                    await asyncio.sleep(_LATE)
                    writer.write(piece)
                case _:
                    writer.write(piece)
            await writer.drain()
        return None

    async def _drip(self, piece: bytes, writer: asyncio.StreamWriter) -> None:
        for byte in piece:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(_DRIP)


def _reset(writer: asyncio.StreamWriter) -> None:
    """End a connection with RST, as a machine that went away and came back does."""
    if (socket := writer.get_extra_info("socket")) and not writer.is_closing():
        with suppress(OSError):
            socket.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()

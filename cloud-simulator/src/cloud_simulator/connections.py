"""Connections that can be broken on purpose."""

import asyncio
import socket
import struct
from collections.abc import MutableMapping
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol


class Wires:
    """The open connections, by the address of the client."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], asyncio.Transport] = {}

    def protocol(self) -> type[H11Protocol]:
        """Make the class with which uvicorn serves them."""
        wires = self._open

        class Wire(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:
                super().connection_made(transport)
                # asyncio does it only for sockets that were made with the protocol's number
                transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if self.client:
                    wires[self.client] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                if self.client:
                    wires.pop(self.client, None)
                super().connection_lost(exc)

        return Wire

    async def reset(self, scope: MutableMapping[str, Any]) -> None:
        """Break the connection of this request; the other end sees a reset."""
        transport = self._open.get(tuple(scope["client"]))
        if transport is None:
            return
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        await asyncio.sleep(0.01)  # until uvicorn knows, so that it writes no answer

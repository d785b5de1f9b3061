"""Connections that ask for nothing: they end soon, and never keep others out."""

import asyncio
from typing import Any, ClassVar, cast

from typing_extensions import override
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

HEAD_SECONDS = 10.0
"""How long a request line and its headers may take, counted from their first byte, or from the connection."""
MOST = 512
"""Connections of one process. Beyond them the one goes that has asked for nothing for the longest time."""


class LimitedConnection(H11Protocol):
    """One connection; `limited` makes the class for one server."""

    most: ClassVar = MOST
    head_seconds: ClassVar = HEAD_SECONDS
    waiting: ClassVar[dict[H11Protocol, None]] = {}
    """Those on which no request is being answered, the longest waiting first."""
    _deadline: asyncio.TimerHandle | None = None

    @override
    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait()
        if len(self.connections) > self.most:
            oldest = next(iter(self.waiting))
            del self.waiting[oldest]
            oldest.transport.abort()

    @override
    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self._is_answering():
            self._wait()
        else:
            self._stop_waiting()

    @override
    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing() and not self._is_answering():
            self.waiting[self] = None

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _is_answering(self) -> bool:
        cycle = cast("RequestResponseCycle | None", self.cycle)  # None until the first request
        return cycle is not None and not cycle.response_complete

    def _wait(self) -> None:
        """Wait for a head, which has to be whole soon."""
        self.waiting.setdefault(self)
        if self._deadline is None and not self.transport.is_closing():
            self._deadline = self.loop.call_later(self.head_seconds, self.transport.abort)

    def _stop_waiting(self) -> None:
        self.waiting.pop(self, None)
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def limited(*, most: int = MOST, head_seconds: float = HEAD_SECONDS) -> type[H11Protocol]:
    """Make the protocol for one server."""
    own: dict[str, object] = {"most": most, "head_seconds": head_seconds, "waiting": {}}
    return type("LimitedConnection", (LimitedConnection,), own)

"""Time, as a port."""

from typing import Protocol


class Clock(Protocol):
    """Where time comes from. Never runs backwards, also not across restarts of the same data directory."""

    def now(self) -> float:
        """Unix seconds."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait; other tasks go on."""
        ...

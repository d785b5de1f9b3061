"""What runs a demo: it starts the simulator as a child process, and Cleo in its own."""

from collections.abc import Awaitable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final, Protocol, TypeVar

from cleo.channels.whatsapp.backend_spec import Link, ProcessEvent, Program
from cleo.channels.whatsapp.demo.simulator import Simulator

T = TypeVar("T")

CLEO: Final = "15550000001"
"""The number that Cleo has."""
ME: Final = "15551234567"
"""The number of the person at the keyboard, who is the owner."""
PATIENCE: Final = 60.0
"""Seconds for each step of the start on a slow machine."""


class DemoCleo(Protocol):
    """A Cleo that runs for the demo."""

    url: str
    """Its base URL."""

    async def link(self) -> Link:
        """Wait until its bridge shows a QR code; raises `DemoError`."""
        ...

    async def wait_for(self, step: Awaitable[T], failure: str) -> T:
        """Wait for a step of the start; raises `DemoError` with `failure` when it takes longer than `PATIENCE`."""
        ...


class DemoHost(Protocol):
    """What a demo asks of whoever runs it."""

    data: Path
    """A directory that is deleted at the end."""
    environment: Mapping[str, str]
    """The variables that a child process may have."""

    def simulator(self, program: Program) -> AbstractAsyncContextManager[tuple[Simulator, ProcessEvent]]:
        """Run a simulator whose first event has `ready` and the URL of its `control` API; raises `DemoError`."""
        ...

    def cleo(
        self, *, settings: Mapping[str, object], bridge_env: Mapping[str, str]
    ) -> AbstractAsyncContextManager[DemoCleo]:
        """Run Cleo with these settings, and with these variables for its bridge; raises `ConfigError` or
        `StoreError`."""
        ...

"""Ends agent and bridge at random moments and at every named seam, and starts them again at once."""

import asyncio
import random
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import NoReturn

from tests.support.program import Part, until

_PATIENCE = 120.0
"""Seconds in which a seam is passed, when everybody writes."""


@dataclass
class Tally:
    """The kills so far; with `wanted` of them the killing ends."""

    wanted: int
    at: Counter[str] = field(default_factory=Counter[str])
    unreached: list[str] = field(default_factory=list[str])
    fell: list[str] = field(default_factory=list[str])
    """Ends that nobody ordered."""

    @property
    def kills(self) -> int:
        return self.at.total()

    @property
    def enough(self) -> bool:
        return self.kills >= self.wanted


@dataclass
class Victim:
    """A program that is killed and started again. `spawn` starts it with a setting for its failpoints."""

    part: Part
    spawn: Callable[[str], Awaitable[None]]
    ready: Callable[[], Awaitable[bool]]
    seams: tuple[str, ...]
    tally: Tally
    rng: random.Random
    named: deque[str] = field(default_factory=deque[str])
    """Seams that come first, each at its next passage."""
    struck: bool = False
    """Somebody else killed it."""

    def plan(self, seams: Iterable[str]) -> None:
        """Strike at these first, in some order."""
        order = list(seams)
        self.rng.shuffle(order)
        self.named.extend(order)

    async def live(self, other: "Victim | None" = None) -> NoReturn:
        """Start it, end it, start it again, for ever; once there were enough kills, only start it."""
        while True:
            named = self.named.popleft() if self.named and not self.tally.enough else ""
            seam, passage = (named, 1) if named else self._some_seam()
            await self.spawn(f"{seam}:kill@{passage}" if seam else "")
            await self._end(seam, named=bool(named), other=other)

    def _some_seam(self) -> tuple[str, int]:
        if self.tally.enough or self.rng.random() < 0.6:
            return "", 0
        return self.rng.choice(self.seams), self.rng.randint(1, 6)

    async def _end(self, seam: str, *, named: bool, other: "Victim | None") -> None:
        process = self.part.process
        assert process
        doom = asyncio.create_task(self._doom(named=named))
        death = asyncio.create_task(process.wait())
        await asyncio.wait({doom, death}, return_when=asyncio.FIRST_COMPLETED)
        if death.done():
            doom.cancel()
            self._fallen(seam, death.result())
            return
        if named:
            self.tally.unreached.append(seam)
        self.tally.at[f"{self.part.name}, {doom.result()}"] += 1
        await self.part.kill()
        await death
        if other and not named and self.rng.random() < 0.15 and other.part.is_running:
            other.struck = True
            self.tally.at[f"{other.part.name}, with the {self.part.name}"] += 1
            await other.part.kill()

    def _fallen(self, seam: str, code: int) -> None:
        if self.struck:
            self.struck = False
        elif seam and code == -9:
            self.tally.at[f"{self.part.name}, {seam}"] += 1
        else:
            self.tally.fell.append(f"the {self.part.name} ended by itself, code {code}")

    async def _doom(self, *, named: bool) -> str:
        """Wait for the moment of death; tells in a word which one it was."""
        if named:
            await asyncio.sleep(_PATIENCE)
        elif self.rng.random() < 0.25:
            await asyncio.sleep(self.rng.uniform(0, 2.5))
            await self._mercy()
            return "while it started"
        else:
            await until(f"the {self.part.name}", self.ready, 3600)
            await asyncio.sleep(self.rng.uniform(0, 3))
        await self._mercy()
        return "at work"

    async def _mercy(self) -> None:
        """Live on when there were enough kills."""
        if self.tally.enough:
            await asyncio.Event().wait()

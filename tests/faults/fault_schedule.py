"""Trouble at the fake Graph server, as chance has it: the same seed brings the same."""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from tests.support.graph_world import GraphWorld

Strike = tuple[str, str, Mapping[str, object]]

OVERTAKEN = "37"
"""What is said under a number that ends so comes later than it was its turn."""
_STANDING: tuple[Strike, ...] = (
    ("webhook", "delay", {"ms": 700, "text": "m????3-*"}),
    ("webhook", "merge", {"count": 3, "ms": 900, "text": "m????7-*"}),
)
_CUTS: tuple[Strike, ...] = (
    ("send", "reset", {}),
    ("send", "reset", {"when": "after"}),
    ("send", "refuse", {"body": "html", "http": 502}),
    ("send", "refuse", {"body": "html", "http": 503, "when": "after"}),
    ("send", "refuse", {"body": "empty", "http": 500, "when": "after"}),
    ("send", "no_id", {}),
)
"""After these nobody knows whether a message was sent."""
_OTHER: tuple[Strike, ...] = (
    ("send", "refuse", {"code": 131000, "http": 500}),
    ("send", "refuse", {"code": 2, "http": 503}),
    ("send", "refuse", {"code": 130429, "http": 429, "retry_after": 1}),
    ("send", "early", {}),
    ("send", "early", {"times": 3}),
    ("send", "delay", {"ms": 400}),
    ("read", "reset", {}),
    ("upload", "reset", {}),
    ("upload", "refuse", {"body": "html", "http": 500, "when": "after"}),
    ("media", "refuse", {"code": 131000, "http": 500}),
    ("download", "truncate", {}),
    ("webhook", "duplicate", {"count": 3, "times": 3}),
    ("webhook", "duplicate", {"ms": 1500, "times": 2}),
    ("webhook", "rebatch", {"times": 3}),
    ("webhook", "merge", {"count": 4, "ms": 800, "times": 4, "status": "sent"}),
    ("webhook", "merge", {"count": 3, "ms": 500, "times": 3, "status": "delivered"}),
    ("webhook", "delay", {"ms": 600, "times": 2, "status": "sent"}),
    ("webhook", "delay", {"ms": 1500, "times": 2, "status": "delivered"}),
    ("webhook", "delay", {"ms": 6000, "status": "sent"}),
)
_SELDOM = 0.1
"""How often it is a cut."""
_SLOW: tuple[Strike, ...] = tuple(
    ("webhook", "delay", {"ms": 5000, "times": 3, "status": status}) for status in ("sent", "delivered")
)
"""With a cut, news of that message come when it was repeated already."""
_SLOWLY = 0.3


@dataclass
class FaultSchedule:
    """Strikes at one business number; `pause` is in seconds, on average."""

    graph: GraphWorld
    account: str
    rng: random.Random
    pause: float = 0.6
    cuts: int = 0
    """How many sends were cut off; known once it is over."""
    _ordered: list[tuple[int, bool]] = field(default_factory=list[tuple[int, bool]])

    async def run(self) -> NoReturn:
        """Order one trouble after the other, for ever."""
        for strike in _STANDING:
            await self._order(strike, {"times": 0})
        while True:
            cut = self.rng.random() < _SELDOM
            for strike in _SLOW if cut and self.rng.random() < _SLOWLY else ():
                await self._order(strike, {})
            await self._order(self.rng.choice(_CUTS if cut else _OTHER), {}, cut=cut)
            await asyncio.sleep(min(self.rng.expovariate(1 / self.pause), 5 * self.pause))

    async def end(self) -> None:
        """Let the sun shine again."""
        for id, cut in self._ordered:
            self.cuts += await self.graph.struck(id) if cut else 0
            await self.graph.repair(id)
        self._ordered.clear()

    async def _order(self, strike: Strike, more: Mapping[str, object], *, cut: bool = False) -> None:
        on, do, what = strike
        id = await self.graph.fault(on, do, number=self.account, **what, **more)
        self._ordered.append((id, cut))

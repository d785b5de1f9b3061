"""People who write to a whole Cleo while something goes wrong, and the verdict once all is quiet again."""

import asyncio
import time
from abc import ABC
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.faults.crash_harness import CrashHarness
from tests.faults.numbered_model import NumberedModel
from tests.faults.oracle import Evidence, Verdict, View, judge
from tests.faults.seen import effects, shown
from tests.faults.workload import People, Talker

STILL = 90.0
"""Seconds without any progress after which work that is open counts as hanging: longer than the longest wait."""
Trouble = Callable[[], Awaitable[None]]


class Hang(Exception):
    """Work is open and nothing moves any more."""


@dataclass(frozen=True)
class FaultRun(ABC):
    """People and the Cleo that they write to."""

    harness: CrashHarness
    people: People
    talkers: Sequence[Talker]
    model: NumberedModel

    async def play(self, trouble: Trouble) -> None:
        """Let everybody write while there is trouble, then wait until all is quiet; raises `Hang`."""
        stop = asyncio.Event()
        writers = [asyncio.create_task(talker.write(stop)) for talker in self.talkers]
        readers = [asyncio.create_task(talker.read()) for talker in self.talkers]
        async with beside([*writers, *readers]):
            await trouble()
            stop.set()
            await asyncio.gather(*writers)
            await self._quiet()

    async def _quiet(self) -> None:
        before: object = None
        moved = time.monotonic()
        calm = 0
        while calm < 2:
            await asyncio.sleep(0.5)
            work = await self.harness.open_work()
            work["unread"] = sum([await talker.unread() for talker in self.talkers])
            work["reacting"] = len(self.people.reacting)
            now = (work, self.people.open)
            calm = 0 if any(work.values()) else calm + 1
            if now != before:
                before, moved = now, time.monotonic()
            if time.monotonic() - moved > STILL:
                raise Hang(f"Nothing moves, and open are: {work}\n{self.harness.open_rows()}")

    async def evidence(self) -> Evidence:
        """Collect what was seen from the outside."""
        assert self.model.refused == [], "the model was told nonsense"
        views = [
            View(talker.phone.number, talker.chat, [b for b in bubbles if b.place == talker.place])
            for talker in self.talkers
            for bubbles in [await shown(talker.phone)]
        ]
        return Evidence(
            wishes=list(self.people.wishes),
            yes=self.people.yes,
            ledger=await self.harness.told(),
            views=views,
            effects=effects(self.harness.folder / "effects"),
            dead=self.harness.dead(),
        )

    async def verdict(self, kills: int) -> Verdict:
        """Judge all that was seen; `kills` is how often something was killed."""
        del kills  # no kill excuses anything
        return judge(await self.evidence())


def settings(model: NumberedModel, folder: Path) -> Mapping[str, str]:
    """What the agent needs besides the usual."""
    return {
        **model.settings,
        "CLEO_LOOP_TURNS": "0",  # the workload answers at once, as a program does
        "CLEO_TOOLS": "tests.faults.effects",
        "CRASH_EFFECTS": str(folder / "effects"),
    }


@asynccontextmanager
async def beside(tasks: Sequence[asyncio.Task[None]]) -> AsyncGenerator[None]:
    """Run tasks while the block is open; an error of theirs ends it, and is the block's."""
    block = asyncio.current_task()

    def end(task: asyncio.Task[None]) -> None:
        if block and not task.cancelled() and task.exception():
            block.cancel()

    for task in tasks:
        task.add_done_callback(end)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task

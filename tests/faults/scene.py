"""People who write to a whole Cleo while something goes wrong, and the verdict once all is quiet again."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.faults.ground import Ground
from tests.faults.numbered_model import NumberedModel
from tests.faults.oracle import Evidence, View
from tests.faults.seen import effects, shown, told
from tests.faults.workload import People, Talker
from tests.support.stage_world import World

STILL = 90.0
"""Seconds without any progress after which work that is open counts as hanging: longer than the longest wait."""
Trouble = Callable[[], Awaitable[None]]


class Hang(Exception):
    """Work is open and nothing moves any more."""


@dataclass
class Scene:
    """Two owners and two users in chats of their own, and pairs of them in groups; some write by hidden id."""

    ground: Ground
    people: People
    talkers: Sequence[Talker]
    model: NumberedModel

    async def play(self, trouble: Trouble) -> None:
        """Let everybody write while there is trouble, then wait until all is quiet; raises `Hang`."""
        stop = asyncio.Event()
        writers = [asyncio.create_task(talker.write(stop)) for talker in self.talkers]
        readers = [asyncio.create_task(talker.read()) for talker in self.talkers]
        async with _beside([*writers, *readers]):
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
            work = await self.ground.open_work()
            work["unread"] = sum([await talker.unread() for talker in self.talkers])
            work["reacting"] = len(self.people.reacting)
            now = (work, self.people.open)
            calm = 0 if any(work.values()) else calm + 1
            if now != before:
                before, moved = now, time.monotonic()
            if time.monotonic() - moved > STILL:
                raise Hang(f"Nothing moves, and open are: {work}\n{self.ground.open_rows()}")

    async def evidence(self) -> Evidence:
        """Collect what was seen from the outside."""
        assert self.model.refused == [], "the model was told nonsense"
        ground, people = self.ground, self.people
        views = [
            View(talker.phone.number, talker.chat, [b for b in bubbles if b.chat == talker.place])
            for talker in self.talkers
            for bubbles in [await shown(ground.world, talker.phone.number, ground.cleo)]
        ]
        return Evidence(
            wishes=list(people.wishes),
            yes=people.yes,
            ledger=await told(ground.world, ground.cleo),
            views=views,
            effects=effects(ground.folder / "effects"),
            dead=ground.dead(),
        )


@asynccontextmanager
async def scene(
    world: World,
    folder: Path,
    rng: random.Random,
    *,
    agent: Mapping[str, str] | None = None,
    bridge: Mapping[str, str] | None = None,
) -> AsyncGenerator[Scene]:
    """Set it up, with agent and bridge running; `agent` and `bridge` are settings on top."""
    with NumberedModel() as model:
        settings = {
            **model.settings,
            "CLEO_TOOLS": "tests.faults.effects",
            "CRASH_EFFECTS": str(folder / "effects"),
            **(agent or {}),
        }
        ground = Ground(world, folder, owners=2, users=2, agent=settings, bridge=bridge)
        ground.agent_env["CLEO_ALLOWED_GROUPS"] = ",".join(_groups(ground))
        async with ground:
            people = People(world, ground.cleo, rng)
            yield Scene(ground, people, await _talkers(ground, people), model)


def _groups(ground: Ground) -> dict[str, bool]:
    """Ids of groups, and whether their members address each other by hidden ids."""
    return {f"120363{ground.cleo}1@g.us": False, f"120363{ground.cleo}2@g.us": True}


async def _talkers(ground: Ground, people: People) -> list[Talker]:
    phones = [*ground.owners, *ground.users]
    talkers = [
        Talker(people, phone, lid=place % 2 == 1, owner=phone in ground.owners)
        for place, phone in enumerate(phones)
    ]
    for place, (group, lid) in enumerate(_groups(ground).items()):
        members = [phones[place], phones[place + 2]]
        numbers = [ground.cleo, *(phone.number for phone in members)]
        body = {"id": group, "subject": f"Group {place}", "members": numbers, "lid": lid}
        await ground.world.ask("POST", "/groups", body)
        talkers += [Talker(people, phone, group=group) for phone in members]
    return talkers


@asynccontextmanager
async def _beside(tasks: Sequence[asyncio.Task[None]]) -> AsyncGenerator[None]:
    """Run tasks while the block is open; their errors are the block's."""
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task

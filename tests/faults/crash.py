"""Kill agent and bridge hundreds of times while people write, and look whether anything got lost, doubled or mixed.

make crash N=1000 SEED=7, or: python -m tests.faults.crash --kills 1000 --seed 7

The oracle knows only what the phones show, what WhatsApp was told, and which effects happened.
"""

import argparse
import asyncio
import random
import re
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from tests.faults.ground import Ground
from tests.faults.killer import Tally, Victim
from tests.faults.numbered_model import NumberedModel
from tests.faults.oracle import Evidence, Verdict, View, judge
from tests.faults.seen import effects, shown, told
from tests.faults.workload import People, Talker
from tests.support.stage import ROOT
from tests.support.stage_world import World

from cleo.domain.failpoint import SEAMS as AGENT_SEAMS

STILL = 90.0
"""Seconds without any progress after which work that is open counts as hanging: longer than the longest wait."""
GROUPS = {"120363000000000101@g.us": False, "120363000000000102@g.us": True}
"""Groups, and whether their members address each other by hidden ids."""

Told = Callable[[Tally, People], None]


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    verdict: Verdict
    tally: Tally
    seconds: float

    @property
    def is_good(self) -> bool:
        return not (self.verdict.wrong or self.tally.fell or self.tally.unreached)


class Hang(Exception):
    """Work is open and nothing moves any more."""


def bridge_seams() -> tuple[str, ...]:
    """The bridge's seams, as its source names them."""
    source = (ROOT / "whatsapp-bridge/src/failpoint.ts").read_text(encoding="utf-8")
    return tuple(re.findall(r"^  '([\w.]+)',$", source, re.MULTILINE))


async def crash(
    world: World,
    folder: Path,
    *,
    kills: int,
    seed: int,
    every_seam: bool,
    tell: Told = lambda tally, people: None,
) -> Outcome:
    """Kill `kills` times, wait until all is quiet, and judge."""
    start = time.monotonic()
    rng = random.Random(seed)
    tally = Tally(kills)
    async with _ground(world, folder) as ground:
        people, talkers = await _people(ground, rng)
        stop = asyncio.Event()
        writers = [asyncio.create_task(talker.write(stop)) for talker in talkers]
        readers = [asyncio.create_task(talker.read()) for talker in talkers]
        victims = _victims(ground, tally, rng, every_seam=every_seam)
        async with _always(writers + readers + victims) as watch:
            while not tally.enough:
                watch()
                tell(tally, people)
                await asyncio.sleep(0.2)
            stop.set()
            await asyncio.gather(*writers)
            await _quiet(ground, people, talkers, watch)
            tell(tally, people)
        evidence = await _evidence(ground, people, talkers)
    return Outcome(judge(evidence), tally, time.monotonic() - start)


@asynccontextmanager
async def _ground(world: World, folder: Path) -> AsyncGenerator[Ground]:
    with NumberedModel() as model:
        agent = {
            **model.settings,
            "CLEO_TOOLS": "tests.faults.effects",
            "CLEO_ALLOWED_GROUPS": ",".join(GROUPS),
            "CRASH_EFFECTS": str(folder / "effects"),
        }
        async with Ground(world, folder, owners=2, users=2, agent=agent) as ground:
            await ground.kill_all()
            yield ground
        if model.refused:
            raise AssertionError(f"the model was told nonsense: {model.refused[:3]}")


async def _people(ground: Ground, rng: random.Random) -> tuple[People, list[Talker]]:
    """Two owners and two users in chats of their own, and pairs of them in groups; some write by hidden id."""
    people = People(ground.world, ground.cleo, rng)
    phones = [*ground.owners, *ground.users]
    talkers = [
        Talker(people, phone, lid=place % 2 == 1, owner=phone in ground.owners)
        for place, phone in enumerate(phones)
    ]
    for place, (group, lid) in enumerate(GROUPS.items()):
        members = [phones[place], phones[place + 2]]
        numbers = [ground.cleo, *(phone.number for phone in members)]
        await ground.world.ask(
            "POST", "/groups", {"id": group, "subject": f"Group {place}", "members": numbers, "lid": lid}
        )
        talkers += [Talker(people, phone, group=group) for phone in members]
    return people, talkers


def _victims(
    ground: Ground, tally: Tally, rng: random.Random, *, every_seam: bool
) -> list[asyncio.Task[None]]:
    agent = Victim(ground.agent, ground.spawn_agent, ground.agent_is_ready, AGENT_SEAMS, tally, rng)
    bridge = Victim(ground.bridge, ground.spawn_bridge, ground.bridge_is_ready, bridge_seams(), tally, rng)
    if every_seam:
        agent.plan(agent.seams)
        bridge.plan(bridge.seams)
    return [asyncio.create_task(agent.live(bridge)), asyncio.create_task(bridge.live(agent))]


@asynccontextmanager
async def _always(tasks: Sequence[asyncio.Task[None]]) -> AsyncGenerator[Callable[[], None]]:
    """Run tasks beside the block, which calls what it gets to hear of their errors."""

    def watch() -> None:
        for task in tasks:
            if task.done():
                task.result()

    try:
        yield watch
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


async def _quiet(
    ground: Ground, people: People, talkers: Sequence[Talker], watch: Callable[[], None]
) -> None:
    """Wait until nothing is on its way; raises `Hang` when something is and nothing moves."""
    before: object = None
    moved = time.monotonic()
    calm = 0
    while calm < 2:
        watch()
        await asyncio.sleep(0.5)
        work = await ground.open_work()
        work["unread"] = sum([await talker.unread() for talker in talkers])
        work["reacting"] = len(people.reacting)
        now = (work, people.open)
        calm = 0 if any(work.values()) else calm + 1
        if now != before:
            before, moved = now, time.monotonic()
        if time.monotonic() - moved > STILL:
            raise Hang(f"Nothing moves, and open are: {work}\n{ground.open_rows()}")


async def _evidence(ground: Ground, people: People, talkers: Sequence[Talker]) -> Evidence:
    views = [
        View(
            talker.phone.number, talker.chat, [b for b in bubbles if b.chat == (talker.group or ground.cleo)]
        )
        for talker in talkers
        for bubbles in [await shown(ground.world, talker.phone.number, ground.cleo)]
    ]
    return Evidence(
        wishes=people.wishes,
        yes=people.yes,
        ledger=await told(ground.world, ground.cleo),
        views=views,
        effects=effects(ground.folder / "effects"),
        dead=ground.dead(),
    )


# ── the command ────────────────────────────────────────────────────────────────────────────────────────


def main() -> int:
    """Run it and tell; the exit code is 0 when every promise held."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    parser.add_argument("--folder", type=Path, help="where everything is kept (default: a new one)")
    given = parser.parse_args()
    kills, seed = int(given.kills), int(given.seed)
    folder = Path(given.folder or tempfile.mkdtemp(prefix="cleo-crash-")).absolute()
    console = Console()
    console.print(f"make crash N={kills} SEED={seed}    everything is kept in {folder}")
    try:
        outcome = asyncio.run(_run(console, folder, kills, seed))
    except Hang as hang:
        console.print(f"[red]It hangs.[/] {hang}", markup=True)
        return 1
    _report(console, outcome)
    return 0 if outcome.is_good else 1


async def _run(console: Console, folder: Path, kills: int, seed: int) -> Outcome:
    with Progress(console=console) as progress:
        bar = progress.add_task("kills", total=kills)

        def tell(tally: Tally, people: People) -> None:
            words = f"kills {tally.kills}, messages {len(people.wishes)}, unanswered {people.open}"
            progress.update(bar, completed=tally.kills, description=words)

        async with World(folder / "world") as world:
            return await crash(world, folder / "cleo", kills=kills, seed=seed, every_seam=True, tell=tell)


def _report(console: Console, outcome: Outcome) -> None:
    tally, verdict = outcome.tally, outcome.verdict
    table = Table("killed", "times")
    for where, count in sorted(tally.at.items()):
        table.add_row(where, str(count))
    console.print(table)
    table = Table("seen", "times")
    for what, count in verdict.counts.items():
        table.add_row(what, str(count))
    console.print(table)
    rate = tally.kills / outcome.seconds * 60
    console.print(f"{tally.kills} kills in {outcome.seconds:.0f} s ({rate:.0f} a minute)")
    for line in [*verdict.wrong, *tally.fell, *(f"nothing passed {seam}" for seam in tally.unreached)]:
        console.print(line, style="red", markup=False)
    console.print(
        "[green]Nothing lost, nothing twice, nothing out of order." if outcome.is_good else "[red]Broken."
    )


if __name__ == "__main__":
    sys.exit(main())

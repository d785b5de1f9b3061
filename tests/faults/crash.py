"""Kill agent and bridge hundreds of times while people write, and look whether anything got lost, doubled or mixed.

make crash N=1000 SEED=7, or: python -m tests.faults.crash --kills 1000 --seed 7
make crash STORE=postgres N=300 SEED=7: the same on a Postgres
make crash BACKEND=cloud N=1000 SEED=7: the agent alone, on the fake Graph server

The oracle knows only what the phones show, what WhatsApp was told, and which effects happened.
"""

import argparse
import asyncio
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from tests.faults.bridge_run import bridge_run
from tests.faults.cloud_run import cloud_run
from tests.faults.crash_harness import CrashHarness
from tests.faults.fault_run import FaultRun, Hang
from tests.faults.killer import Tally, Victim
from tests.faults.oracle import Verdict
from tests.faults.workload import People
from tests.support.graph_world import GraphWorld
from tests.support.postgres import Postgres
from tests.support.system import ROOT
from tests.support.web_world import World

from cleo.domain.failpoint import SEAMS as AGENT_SEAMS

Tell = Callable[[Tally, People], None]


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    verdict: Verdict
    tally: Tally
    seconds: float

    @property
    def faults(self) -> list[str]:
        """Every broken promise, end that nobody ordered, and seam that was never passed, in sentences."""
        unreached = (f"nothing passed {seam}" for seam in self.tally.unreached)
        return [*self.verdict.wrong, *self.tally.fell, *unreached]


def bridge_seams() -> tuple[str, ...]:
    """The bridge's seams, as its source names them."""
    source = (ROOT / "whatsapp-bridge/src/failpoint.ts").read_text(encoding="utf-8")
    return tuple(re.findall(r"^  '([\w.]+)',$", source, re.MULTILINE))


def _nothing(tally: Tally, people: People) -> None:
    """Tell nobody."""


async def crash(
    world: World,
    folder: Path,
    *,
    kills: int,
    seed: int,
    every_seam: bool,
    tell: Tell = _nothing,
    more: Mapping[str, str] | None = None,
) -> Outcome:
    """Kill agent and bridge `kills` times, wait until all is quiet, and judge; `more` are settings of the agent."""
    rng = random.Random(seed)
    async with bridge_run(world, folder, rng, agent=more) as system:
        tally = Tally(kills)
        harness = system.harness
        agent = _agent(harness, tally, rng)
        bridge = Victim(
            harness.bridge, harness.spawn_bridge, harness.bridge_is_ready, bridge_seams(), tally, rng
        )
        return await _strike(system, [agent, bridge], every_seam=every_seam, tell=tell)


async def crash_cloud(
    graph: GraphWorld, folder: Path, *, kills: int, seed: int, every_seam: bool, tell: Tell = _nothing
) -> Outcome:
    """Kill the agent `kills` times while the Graph server makes trouble, wait until all is quiet, and judge."""
    rng = random.Random(seed)
    async with cloud_run(graph, folder, rng) as system:
        agent = _agent(system.harness, Tally(kills), rng)
        return await _strike(system, [agent], every_seam=every_seam, tell=tell)


def _agent(harness: CrashHarness, tally: Tally, rng: random.Random) -> Victim:
    return Victim(harness.agent, harness.spawn_agent, harness.agent_is_ready, AGENT_SEAMS, tally, rng)


async def _strike(system: FaultRun, victims: Sequence[Victim], *, every_seam: bool, tell: Tell) -> Outcome:
    start = time.monotonic()
    tally = victims[0].tally
    await system.harness.kill_all()
    for victim in victims:
        victim.plan(victim.seams if every_seam else ())
    lives = [
        asyncio.create_task(victim.live(next((each for each in victims if each is not victim), None)))
        for victim in victims
    ]

    async def trouble() -> None:
        while not tally.enough:
            tell(tally, system.people)
            await asyncio.wait(lives, timeout=0.2, return_when=asyncio.FIRST_COMPLETED)
            for life in lives:
                if life.done():
                    life.result()

    try:
        await system.play(trouble)
    finally:
        for life in lives:
            life.cancel()
    tell(tally, system.people)
    return Outcome(await system.verdict(tally.kills), tally, time.monotonic() - start)


# ── the command ────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Run:
    """What is asked for."""

    backend: str
    store: str
    kills: int
    seed: int

    def __str__(self) -> str:
        return f"make crash BACKEND={self.backend} STORE={self.store} N={self.kills} SEED={self.seed}"


def main() -> int:
    """Run it and tell; the exit code is 0 when every promise held."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--backend", choices=("baileys", "cloud"), default="baileys")
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    parser.add_argument("--folder", type=Path, help="where everything is kept (default: a new one)")
    given = parser.parse_args()
    run = _Run(str(given.backend), str(given.store), int(given.kills), int(given.seed))
    if (run.backend, run.store) == ("cloud", "postgres"):
        parser.error("--store postgres goes with --backend baileys")
    folder = Path(given.folder or tempfile.mkdtemp(prefix="cleo-crash-")).absolute()
    console = Console()
    console.print(f"{run}    everything is kept in {folder}")
    try:
        outcome = asyncio.run(_watch(console, folder, run))
    except Hang as hang:
        console.print(f"[red]It hangs.[/] {hang}", markup=True)
        return 1
    _report(console, outcome)
    return 1 if outcome.faults else 0


@contextmanager
def _store(store: str) -> Generator[Mapping[str, str]]:
    """Lend what the agent keeps everything in, as its settings."""
    if store == "sqlite":
        yield {}
        return
    with closing(Postgres(fsync=True)) as postgres, postgres.new_database() as url:
        yield {"DATABASE_URL": url}


async def _watch(console: Console, folder: Path, run: _Run) -> Outcome:
    with Progress(console=console) as progress, _store(run.store) as more:
        bar = progress.add_task("kills", total=run.kills)

        def tell(tally: Tally, people: People) -> None:
            words = f"kills {tally.kills}, messages {len(people.wishes)}, unanswered {people.open}"
            progress.update(bar, completed=tally.kills, description=words)

        cleo, kills, seed = folder / "cleo", run.kills, run.seed
        if run.backend == "cloud":
            async with GraphWorld(folder / "graph") as graph:
                return await crash_cloud(graph, cleo, kills=kills, seed=seed, every_seam=True, tell=tell)
        async with World(folder / "world") as world:
            return await crash(world, cleo, kills=kills, seed=seed, every_seam=True, tell=tell, more=more)


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
    for line in outcome.faults:
        console.print(line, style="red", markup=False)
    console.print(
        "[red]Broken." if outcome.faults else "[green]Nothing lost, nothing twice, nothing out of order."
    )


if __name__ == "__main__":
    sys.exit(main())

"""Trouble with the agent's process and its disk: asked to end, full, locked, and a message that kills it."""

import asyncio
import re
import resource
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing

import pytest
from tests.faults.bridge_harness import BridgeCrashHarness
from tests.faults.bridge_run import BridgeRun
from tests.faults.conftest import Suffers
from tests.faults.oracle import judge
from tests.support.program import until

pytestmark = pytest.mark.long

LOCKED = 10.0
FULL = 5.0
_NO_LIMIT = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


@pytest.mark.timeout(300)
async def test_told_to_end_with_runs_in_flight_it_ends_in_order_and_goes_on_later(
    suffers: Suffers, run: BridgeRun
) -> None:
    harness = run.harness
    codes: list[int] = []

    async def trouble() -> None:
        for part, start in ((harness.agent, harness.start_agent), (harness.bridge, harness.start_bridge)) * 2:
            await asyncio.sleep(1.5)
            codes.append(await part.stop(seconds=25))
            await start()

    await suffers(trouble)
    assert codes == [0] * 4


@pytest.mark.timeout(300)
async def test_a_database_that_another_program_locks_for_ten_seconds_loses_nothing(
    suffers: Suffers, run: BridgeRun
) -> None:
    harness = run.harness

    async def trouble() -> None:
        await asyncio.sleep(1)
        for database in (harness.folder / "data" / "cleo.db", harness.folder / "bridge" / "bridge.db"):
            other = sqlite3.connect(database, isolation_level=None, timeout=30, check_same_thread=False)
            with closing(other):
                await asyncio.to_thread(other.execute, "begin immediate")
                await asyncio.sleep(LOCKED)
                other.execute("rollback")

    await suffers(trouble)


@pytest.mark.timeout(300)
async def test_a_disk_that_takes_nothing_more_for_a_moment_loses_nothing(
    suffers: Suffers, run: BridgeRun
) -> None:
    """The limit of a file's size does what a full disk does: no write goes through. It needs no rights."""
    harness = run.harness

    async def trouble() -> None:
        await asyncio.sleep(1)
        resource.prlimit(harness.agent.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
        await _refuses(harness)
        await asyncio.sleep(FULL)
        resource.prlimit(harness.agent.pid, resource.RLIMIT_FSIZE, _NO_LIMIT)

    await suffers(trouble)


async def _refuses(harness: BridgeCrashHarness) -> None:
    """Wait until the bridge has an event that the agent did not take."""

    async def kept() -> bool:
        return (await harness.open_work()).get("spool", 0) > 0

    await until("an event that is not taken", kept)


@pytest.mark.timeout(600)
async def test_a_message_that_kills_the_agent_is_given_up_and_its_neighbours_are_answered(
    suffers: Suffers, run: BridgeRun
) -> None:
    harness = run.harness
    before = judge(await run.evidence()).counts["given up, and told"]
    victim = run.talkers[0]

    async def trouble() -> None:
        await victim.wish("poison")
        number = run.people.wishes[-1].number
        while not await _is_dead(run, number):
            await _revive(harness.agent.is_running, harness.start_agent)
            await asyncio.sleep(0.2)

    await suffers(trouble)
    assert judge(await run.evidence()).counts["given up, and told"] == before + 1


async def _revive(is_running: bool, start: Callable[[], Awaitable[None]]) -> None:
    """Do what a supervisor does; it may fall again while it starts."""
    if not is_running:
        try:
            await start()
        except AssertionError as error:
            assert re.search("agent ended", str(error))


async def _is_dead(run: BridgeRun, number: str) -> bool:
    dead = run.harness.dead()
    return any(wish.number == number and wish.id in dead for wish in run.people.wishes)

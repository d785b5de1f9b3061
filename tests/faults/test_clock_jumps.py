"""A system clock that jumps by hours while people write: what must expire expires, and nothing happens twice."""

import asyncio
import random
import time
from pathlib import Path

import pytest
from tests.faults.bridge_run import bridge_run
from tests.faults.oracle import judge
from tests.support.web_world import World

pytestmark = pytest.mark.long

HOUR = 3600


@pytest.mark.timeout(300)
async def test_a_clock_that_jumps_ahead_and_back_loses_doubles_and_mixes_nothing(
    world: World, tmp_path: Path
) -> None:
    offset = tmp_path / "offset"
    clock = {"CRASH_CLOCK": str(offset)}
    async with bridge_run(world, tmp_path / "cleo", random.Random(7), agent=clock) as run:

        async def trouble() -> None:
            for seconds in (0, HOUR, 0, -HOUR, 0):
                offset.write_text(str(seconds))
                await asyncio.sleep(3)
            await run.harness.restart_agent()  # the clock is behind what Cleo has seen
            await asyncio.sleep(3)

        await run.play(trouble)
        verdict = judge(await run.evidence())
        assert verdict.wrong == []
        assert verdict.counts["messages"] > 10
        latest = float((run.harness.folder / "data" / "clock").read_text())
        assert latest - time.time() > HOUR / 2, "the agent has not seen the jump"

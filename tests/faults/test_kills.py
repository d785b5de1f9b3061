"""The short version of `make crash`: every named seam of agent and bridge once, and some kills at random."""

from pathlib import Path

import pytest
from tests.faults.crash import crash
from tests.support.web_world import World

SEED = 7


@pytest.mark.timeout(900)
async def test_fifty_kills_lose_double_and_mix_nothing(world: World, tmp_path: Path) -> None:
    outcome = await crash(world, tmp_path, kills=50, seed=SEED, every_seam=True)
    assert outcome.faults == []
    assert outcome.verdict.counts["receipted"] >= outcome.verdict.counts["messages"] >= 50

"""The short versions of `make crash`: every named seam of agent and bridge once, and some kills at random."""

from pathlib import Path

import pytest
from tests.faults.crash import Outcome, crash, crash_cloud
from tests.support.graph_world import GraphWorld
from tests.support.web_world import World

SEED = 7


@pytest.mark.timeout(900)
async def test_fifty_kills_lose_double_and_mix_nothing(world: World, tmp_path: Path) -> None:
    _is_good(await crash(world, tmp_path, kills=50, seed=SEED, every_seam=True), messages=50)


@pytest.mark.timeout(900)
async def test_thirty_kills_on_the_cloud_api_lose_and_mix_nothing_and_mark_each_double(
    graph: GraphWorld, tmp_path: Path
) -> None:
    outcome = await crash_cloud(graph, tmp_path, kills=30, seed=SEED, every_seam=True)
    _is_good(outcome, messages=30)
    assert outcome.verdict.counts["webhook items"] >= outcome.verdict.counts["messages"]


def _is_good(outcome: Outcome, *, messages: int) -> None:
    assert outcome.verdict.wrong == []
    assert outcome.tally.fell == []
    assert outcome.tally.unreached == []
    assert outcome.verdict.counts["receipted"] >= outcome.verdict.counts["messages"] >= messages

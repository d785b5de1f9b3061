"""The short version of `make crash BACKEND=cloud`: every named seam of the agent once, and some kills at random."""

from pathlib import Path

import pytest
from tests.faults.crash import crash_cloud
from tests.support.graph_world import GraphWorld

SEED = 7


@pytest.mark.timeout(900)
async def test_thirty_kills_lose_and_mix_nothing_and_mark_each_double(
    graph: GraphWorld, tmp_path: Path
) -> None:
    outcome = await crash_cloud(graph, tmp_path, kills=30, seed=SEED, every_seam=True)
    assert outcome.faults == []
    counts = outcome.verdict.counts
    assert counts["receipted"] >= counts["messages"] >= 30
    assert counts["webhook items"] >= counts["messages"]

"""Every fault here strikes real processes. They share one event loop and one simulated WhatsApp."""

import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from tests.faults.bridge_run import BridgeRun, bridge_run
from tests.faults.fault_run import Trouble
from tests.faults.oracle import judge
from tests.support.web_world import World

HERE = Path(__file__).parent
Suffers = Callable[[Trouble], Awaitable[None]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        on_system = isinstance(item, pytest.Function) and {"world", "graph"} & set(item.fixturenames)
        if on_system and item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def run(world: World, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[BridgeRun]:
    """One Cleo and its people, for all troubles that it outlives."""
    async with bridge_run(world, tmp_path_factory.mktemp("faults"), random.Random(7)) as run:
        yield run


@pytest_asyncio.fixture(loop_scope="session")
async def suffers(run: BridgeRun) -> Suffers:
    """Lets the people write during a trouble, and sees that no further promise is broken once all is quiet."""
    await run.harness.stand_up()
    before = judge(await run.evidence())

    async def suffer(trouble: Trouble) -> None:
        await run.play(trouble)
        after = judge(await run.evidence())
        assert [wrong for wrong in after.wrong if wrong not in before.wrong] == []
        assert after.counts["messages"] > before.counts["messages"], "nobody wrote"

    return suffer

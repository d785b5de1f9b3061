"""What tests of every kind may ask for."""

from collections.abc import AsyncGenerator, Generator

import pytest
import pytest_asyncio
from tests.support.graph_world import GraphWorld
from tests.support.postgres import Postgres
from tests.support.system import OPEN
from tests.support.web_world import World

_LONGEST = ("test_kills.py", "test_kills_on_cloud.py", "test_crash.py")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that no worker waits for them at the end; the rest is shuffled."""
    items.sort(
        key=lambda item: _LONGEST.index(item.path.name) if item.path.name in _LONGEST else len(_LONGEST)
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the programs logged beside the test that failed."""
    report = yield
    if report.failed:
        report.sections += [log for system in OPEN for log in system.logs()]
    return report


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[World]:
    """One simulated WhatsApp for all systems; their phones never meet."""
    async with World(tmp_path_factory.mktemp("world")) as world:
        yield world


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def graph(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[GraphWorld]:
    """One fake Graph server for all systems; each has a business number of its own."""
    async with GraphWorld(tmp_path_factory.mktemp("graph")) as graph:
        yield graph


@pytest.fixture(scope="session")
def postgres() -> Generator[Postgres]:
    """One server for all tests; it starts when the first of them asks for it."""
    server = Postgres()
    yield server
    server.close()

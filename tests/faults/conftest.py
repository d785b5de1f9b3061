"""Every fault here strikes real processes. They share one event loop and one simulated WhatsApp."""

from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.support.stage import OPEN
from tests.support.stage_world import World

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        on_stage = isinstance(item, pytest.Function) and "world" in item.fixturenames
        if on_stage and item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the parts logged beside the test that failed."""
    report = yield
    if report.failed:
        report.sections += [log for stage in OPEN for log in stage.logs()]
    return report


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[World]:
    async with World(tmp_path_factory.mktemp("world")) as world:
        yield world

"""Every story here plays on real processes. They share one event loop and one simulated WhatsApp."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from tests.support.stage import Stage
from tests.support.stage_model import EchoModel
from tests.support.stage_world import World

HERE = Path(__file__).parent
MakeStage = Callable[..., Awaitable[Stage]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE) and isinstance(item, pytest.Function):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def one_stage(world: World, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stage]:
    async with Stage(world, tmp_path_factory.mktemp("shared"), owners=40) as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="session")
async def shared(one_stage: Stage) -> Stage:
    """A stage for many stories: each takes an owner of its own, `shared.owner()`, and may kill what it likes."""
    await one_stage.up()
    return one_stage


class Provided(Stage):
    """A stage whose agent thinks with a provider's model, which says again what it is told."""

    model: EchoModel


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def one_provided(world: World, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Provided]:
    with EchoModel() as model:
        stage = Provided(world, tmp_path_factory.mktemp("provided"), owners=24, agent=model.settings)
        stage.model = model
        async with stage:
            yield stage


@pytest_asyncio.fixture(loop_scope="session")
async def provided(one_provided: Provided) -> Provided:
    """The same with a provider's model."""
    await one_provided.up()
    one_provided.model.script.clear()
    one_provided.model.requests.clear()
    return one_provided


@pytest_asyncio.fixture(loop_scope="session")
async def make_stage(world: World, tmp_path: Path) -> AsyncGenerator[MakeStage]:
    """Makes a stage of the story's own: `await make_stage(owners=2, agent={…})`."""
    async with AsyncExitStack() as stack:
        count = 0

        async def make(**more: object) -> Stage:
            nonlocal count
            count += 1
            return await stack.enter_async_context(Stage(world, tmp_path / f"stage{count}", **more))  # type: ignore[arg-type]  # passed on as given

        yield make

"""Every story here plays on real processes, once on each way to WhatsApp. They share one event loop.

A story that is about one way alone says so, and why: `@pytest.mark.only("baileys", reason="…")`.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Unpack, get_args

import pytest
import pytest_asyncio
from tests.support.stage import BackendName, Casting, Stage
from tests.support.stage_bridge import BridgeCasting, BridgeStage
from tests.support.stage_cloud import CloudStage
from tests.support.stage_graph import GraphWorld
from tests.support.stage_model import EchoModel
from tests.support.stage_world import World

HERE = Path(__file__).parent
MakeStage = Callable[..., Awaitable[Stage]]
MakeBridge = Callable[..., Awaitable[BridgeStage]]
MakeCloud = Callable[..., Awaitable[CloudStage]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE) and isinstance(item, pytest.Function):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Play each story on each way to WhatsApp, unless it is marked as being about one alone."""
    marks = metafunc.definition.iter_markers("parametrize")
    if "backend" in metafunc.fixturenames and not any(mark.args[0] == "backend" for mark in marks):
        only = metafunc.definition.get_closest_marker("only")
        metafunc.parametrize("backend", only.args if only else get_args(BackendName))


@dataclass
class Theatre:
    """All stages of a session, each built when the first story asks for it."""

    world: World
    graph: GraphWorld
    folder: Path
    stack: AsyncExitStack
    stages: dict[str, Stage] = field(default_factory=dict[str, Stage])

    async def shared(self, backend: BackendName) -> Stage:
        return await self._kept(f"shared-{backend}", backend, owners=40)

    async def provided(self, backend: BackendName) -> Stage:
        name = f"provided-{backend}"
        model = self.stages[name].model if name in self.stages else self.stack.enter_context(EchoModel())
        model.script.clear()
        model.requests.clear()
        return await self._kept(name, backend, owners=24, model=model)

    async def _kept(self, name: str, backend: BackendName, **casting: Unpack[Casting]) -> Stage:
        if name not in self.stages:
            stage = self.built(backend, self.folder / name, **casting)
            self.stages[name] = await self.stack.enter_async_context(stage)
        await self.stages[name].up()
        return self.stages[name]

    def built(self, backend: BackendName, folder: Path, **casting: Unpack[Casting]) -> Stage:
        """A stage that is not up yet."""
        if backend == "cloud":
            return CloudStage(self.graph, folder, **casting)
        return BridgeStage(self.world, folder, **casting)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def theatre(
    world: World, graph: GraphWorld, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Theatre]:
    async with AsyncExitStack() as stack:
        yield Theatre(world, graph, tmp_path_factory.mktemp("stages"), stack)


@pytest_asyncio.fixture(loop_scope="session")
async def shared(theatre: Theatre, backend: BackendName) -> Stage:
    """A stage for many stories: each takes an owner of its own, `shared.owner()`, and may kill what it likes."""
    return await theatre.shared(backend)


@pytest_asyncio.fixture(loop_scope="session")
async def provided(theatre: Theatre, backend: BackendName) -> Stage:
    """The same with a provider's model, which says again what it is told."""
    return await theatre.provided(backend)


@pytest_asyncio.fixture(loop_scope="session")
async def make_stage(theatre: Theatre, backend: BackendName, tmp_path: Path) -> AsyncGenerator[MakeStage]:
    """Makes a stage of the story's own: `await make_stage(owners=2, agent={…})`."""
    async with AsyncExitStack() as stack:
        count = 0

        async def make(**casting: Unpack[Casting]) -> Stage:
            nonlocal count
            count += 1
            stage = theatre.built(backend, tmp_path / f"stage{count}", **casting)
            return await stack.enter_async_context(stage)

        yield make


# ── stories of one way alone ───────────────────────────────────────────────────────────────────────────


@pytest_asyncio.fixture(loop_scope="session")
async def on_cloud(theatre: Theatre) -> CloudStage:
    """`shared`, for a story of `only("cloud")`."""
    stage = await theatre.shared("cloud")
    assert isinstance(stage, CloudStage)
    return stage


@pytest_asyncio.fixture(loop_scope="session")
async def provided_on_cloud(theatre: Theatre) -> CloudStage:
    """`provided`, for a story of `only("cloud")`."""
    stage = await theatre.provided("cloud")
    assert isinstance(stage, CloudStage)
    return stage


@pytest_asyncio.fixture(loop_scope="session")
async def make_bridge(world: World, tmp_path: Path) -> AsyncGenerator[MakeBridge]:
    """`make_stage`, for a story of `only("baileys")`; takes `bridge` and `bridge_url`, too."""
    async with AsyncExitStack() as stack:

        async def make(**casting: Unpack[BridgeCasting]) -> BridgeStage:
            return await stack.enter_async_context(BridgeStage(world, tmp_path / "stage", **casting))

        yield make


@pytest_asyncio.fixture(loop_scope="session")
async def make_cloud(graph: GraphWorld, tmp_path: Path) -> AsyncGenerator[MakeCloud]:
    """`make_stage`, for a story of `only("cloud")`."""
    async with AsyncExitStack() as stack:

        async def make(**casting: Unpack[Casting]) -> CloudStage:
            return await stack.enter_async_context(CloudStage(graph, tmp_path / "stage", **casting))

        yield make

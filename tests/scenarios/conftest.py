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
from tests.support.bridge_system import BridgeSystem, BridgeSystemOptions
from tests.support.cloud_system import CloudSystem
from tests.support.echo_model import EchoModel
from tests.support.graph_world import GraphWorld
from tests.support.system import BackendName, System, SystemOptions
from tests.support.web_world import World

HERE = Path(__file__).parent
MakeSystem = Callable[..., Awaitable[System]]
MakeBridge = Callable[..., Awaitable[BridgeSystem]]
MakeCloud = Callable[..., Awaitable[CloudSystem]]


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
class SystemPool:
    """All systems of a session, each built when the first story asks for it."""

    world: World
    graph: GraphWorld
    folder: Path
    stack: AsyncExitStack
    systems: dict[str, System] = field(default_factory=dict[str, System])

    async def shared(self, backend: BackendName) -> System:
        return await self._kept(f"shared-{backend}", backend, owners=40)

    async def provided(self, backend: BackendName) -> System:
        name = f"provided-{backend}"
        model = self.systems[name].model if name in self.systems else self.stack.enter_context(EchoModel())
        model.script.clear()
        model.requests.clear()
        return await self._kept(name, backend, owners=24, model=model)

    async def _kept(self, name: str, backend: BackendName, **options: Unpack[SystemOptions]) -> System:
        if name not in self.systems:
            system = self.built(backend, self.folder / name, **options)
            self.systems[name] = await self.stack.enter_async_context(system)
        await self.systems[name].up()
        return self.systems[name]

    def built(self, backend: BackendName, folder: Path, **options: Unpack[SystemOptions]) -> System:
        """A system that is not up yet."""
        if backend == "cloud":
            return CloudSystem(self.graph, folder, **options)
        return BridgeSystem(self.world, folder, **options)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def pool(
    world: World, graph: GraphWorld, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[SystemPool]:
    async with AsyncExitStack() as stack:
        yield SystemPool(world, graph, tmp_path_factory.mktemp("systems"), stack)


@pytest_asyncio.fixture(loop_scope="session")
async def shared(pool: SystemPool, backend: BackendName) -> System:
    """A system for many stories: each takes an owner of its own, `shared.owner()`, and may kill what it likes."""
    return await pool.shared(backend)


@pytest_asyncio.fixture(loop_scope="session")
async def provided(pool: SystemPool, backend: BackendName) -> System:
    """The same with a provider's model, which says again what it is told."""
    return await pool.provided(backend)


@pytest_asyncio.fixture(loop_scope="session")
async def make_system(pool: SystemPool, backend: BackendName, tmp_path: Path) -> AsyncGenerator[MakeSystem]:
    """Makes a system of the story's own: `await make_system(owners=2, agent={…})`."""
    async with AsyncExitStack() as stack:
        count = 0

        async def make(**options: Unpack[SystemOptions]) -> System:
            nonlocal count
            count += 1
            system = pool.built(backend, tmp_path / f"system{count}", **options)
            return await stack.enter_async_context(system)

        yield make


# ── stories of one way alone ───────────────────────────────────────────────────────────────────────────


@pytest_asyncio.fixture(loop_scope="session")
async def on_cloud(pool: SystemPool) -> CloudSystem:
    """`shared`, for a story of `only("cloud")`."""
    system = await pool.shared("cloud")
    assert isinstance(system, CloudSystem)
    return system


@pytest_asyncio.fixture(loop_scope="session")
async def provided_on_cloud(pool: SystemPool) -> CloudSystem:
    """`provided`, for a story of `only("cloud")`."""
    system = await pool.provided("cloud")
    assert isinstance(system, CloudSystem)
    return system


@pytest_asyncio.fixture(loop_scope="session")
async def make_bridge(world: World, tmp_path: Path) -> AsyncGenerator[MakeBridge]:
    """`make_system`, for a story of `only("baileys")`; takes `bridge` and `bridge_url`, too."""
    async with AsyncExitStack() as stack:

        async def make(**options: Unpack[BridgeSystemOptions]) -> BridgeSystem:
            return await stack.enter_async_context(BridgeSystem(world, tmp_path / "system", **options))

        yield make


@pytest_asyncio.fixture(loop_scope="session")
async def make_cloud(graph: GraphWorld, tmp_path: Path) -> AsyncGenerator[MakeCloud]:
    """`make_system`, for a story of `only("cloud")`."""
    async with AsyncExitStack() as stack:

        async def make(**options: Unpack[SystemOptions]) -> CloudSystem:
            return await stack.enter_async_context(CloudSystem(graph, tmp_path / "system", **options))

        yield make

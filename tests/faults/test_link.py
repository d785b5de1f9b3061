"""Trouble between bridge and agent, in both directions: slow, half-open, cut, garbled, refused by a third party."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from tests.faults.conftest import Suffers
from tests.faults.scene import Scene
from tests.support.fault_proxy import FAULTS, Fault, FaultProxy
from tests.support.stage_part import until

pytestmark = pytest.mark.long

LASTS = 1.0
"""Seconds that each kind of trouble lasts at least."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def proxies(stage: Scene) -> AsyncGenerator[tuple[FaultProxy, FaultProxy]]:
    """Stand between them: on the way to the agent's webhook, and on the way to the bridge."""
    ground = stage.ground
    async with AsyncExitStack() as stack:
        to_agent = await stack.enter_async_context(FaultProxy(ground.agent_url))
        to_bridge = await stack.enter_async_context(FaultProxy(ground.bridge_url))
        before = dict(ground.agent_env), dict(ground.bridge_env)
        ground.agent_env["WHATSAPP_BRIDGE_URL"] = ground.bridge_env["WHATSAPP_BRIDGE_URL"] = to_bridge.url
        ground.bridge_env["CLEO_API_URL"] = to_agent.url
        await ground.restart()
        yield to_agent, to_bridge
        ground.agent_env, ground.bridge_env = before
        await ground.restart()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("way", [0, 1], ids=["to the agent", "to the bridge"])
async def test_X20_X21_a_broken_link_loses_doubles_and_mixes_nothing(
    suffers: Suffers, proxies: tuple[FaultProxy, FaultProxy], way: int
) -> None:
    proxy = proxies[way]

    async def trouble() -> None:
        for fault in FAULTS:
            before = proxy.struck[fault]
            proxy.breaks(fault)

            async def struck(fault: Fault = fault, before: int = before) -> bool:
                return proxy.struck[fault] > before

            await until(f"{fault} to strike", struck, 90)
            await asyncio.sleep(LASTS)
            proxy.breaks("none")
            await asyncio.sleep(LASTS)

    await suffers(trouble)

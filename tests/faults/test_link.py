"""Trouble between bridge and agent, in both directions: slow, half-open, cut, garbled, refused by a third party."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from tests.faults.bridge_run import BridgeRun
from tests.faults.conftest import Suffers
from tests.support.fault_proxy import FAULTS, Fault, FaultProxy
from tests.support.program import until

pytestmark = pytest.mark.long

LASTS = 1.0
"""Seconds that each kind of trouble lasts at least."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def proxies(run: BridgeRun) -> AsyncGenerator[tuple[FaultProxy, FaultProxy]]:
    """Stand between them: on the way to the agent's webhook, and on the way to the bridge."""
    harness = run.harness
    async with AsyncExitStack() as stack:
        to_agent = await stack.enter_async_context(FaultProxy(harness.agent_url))
        to_bridge = await stack.enter_async_context(FaultProxy(harness.bridge_url))
        before = dict(harness.agent_env), dict(harness.bridge_env)
        harness.agent_env["WHATSAPP_BRIDGE_URL"] = harness.bridge_env["WHATSAPP_BRIDGE_URL"] = to_bridge.url
        harness.bridge_env["CLEO_API_URL"] = to_agent.url
        await harness.restart()
        yield to_agent, to_bridge
        harness.agent_env, harness.bridge_env = before
        await harness.restart()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("way", [0, 1], ids=["to the agent", "to the bridge"])
async def test_a_broken_link_loses_doubles_and_mixes_nothing(
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

"""Parts that are away for a while: everything is answered, once, and in the order in which it was written."""

import asyncio

import pytest
from tests.support.bridge_system import BridgeSystem
from tests.support.phone import numbered
from tests.support.system import System

PHONES = 4


@pytest.mark.timeout(300)
async def test_200_messages_wait_while_the_agent_is_down_and_what_is_beside_it_restarts(
    provided: System,
) -> None:
    phones = [provided.owner() for _ in range(PHONES)]
    await provided.agent.stop()
    await asyncio.gather(*(phone.say_all(numbered(1, 25)) for phone in phones))
    await provided.handed_over()
    await provided.restart_beside()
    await asyncio.gather(*(phone.say_all(numbered(26, 50)) for phone in phones))
    await provided.handed_over()
    await provided.start_agent()
    for phone in phones:
        await phone.hears_again(numbered(1, 50))
    await provided.quiet()
    for phone in phones:
        await phone.hears_again(numbered(1, 50))
        assert {bubble.deliveries for bubble in await phone.bubbles()} == {1}


@pytest.mark.only("baileys", reason="It is about the bridge's own connection; test_cloud breaks webhooks.")
async def test_an_offline_batch_whose_connection_breaks_arrives_once_and_in_order(provided: System) -> None:
    assert isinstance(provided, BridgeSystem)
    ann = provided.owner()
    await provided.bridge.stop()
    await ann.say_all(numbered(1, 50))
    drop = {"on": "out", "do": "drop", "number": provided.cleo, "match": {"tag": "message"}, "skip": 29}
    fault = await provided.world.fault(drop)
    await provided.start_bridge()
    await ann.hears_again(numbered(1, 50))
    await provided.quiet()
    await ann.hears_again(numbered(1, 50))
    assert await provided.untaken() == []
    assert await provided.world.struck(fault) == 1

"""Trouble between WhatsApp and the bridge: broken connections, and stanzas that are lost, doubled or out of turn."""

import asyncio

import pytest
from tests.faults.bridge_run import BridgeRun
from tests.faults.conftest import Suffers
from tests.support.program import until

STRIKES: dict[str, dict[str, object]] = {
    "the ack of a message is lost": {
        "on": "out",
        "do": "withhold",
        "match": {"tag": "ack", "class": "message"},
    },
    "acks come twice": {
        "on": "out",
        "do": "duplicate",
        "match": {"tag": "ack", "class": "message"},
        "times": 3,
    },
    "messages come twice": {"on": "out", "do": "duplicate", "match": {"tag": "message"}, "times": 5},
    "acks come out of turn": {"on": "out", "do": "reorder", "match": {"tag": "ack"}, "times": 3},
    "a receipt of ours is lost with the connection": {"on": "in", "do": "drop", "match": {"tag": "receipt"}},
    "a message of ours is lost with the connection": {"on": "in", "do": "drop", "match": {"tag": "message"}},
    "a message of ours arrives and its ack does not": {
        "on": "in",
        "do": "drop",
        "when": "after",
        "match": {"tag": "message"},
    },
    "the connection breaks at a message": {"on": "out", "do": "drop", "match": {"tag": "message"}},
    "everything is slow for a moment": {"on": "out", "do": "delay", "ms": 700, "times": 3},
    "a file cannot be downloaded at first": {"on": "download", "do": "refuse", "code": 503},
}


@pytest.mark.timeout(600)
async def test_strikes_at_the_wire_lose_double_and_mix_nothing(suffers: Suffers, run: BridgeRun) -> None:
    async def trouble() -> None:
        for what, strike in STRIKES.items():
            whose = {} if strike["on"] == "download" else {"number": run.harness.cleo}
            fault = await run.harness.world.fault({**whose, **strike})

            async def struck(fault: int = fault) -> bool:
                return await run.harness.world.struck(fault) > 0

            await until(what, struck, 60)

    await suffers(trouble)


@pytest.mark.timeout(300)
async def test_a_connection_that_breaks_within_the_offline_batch_loses_nothing(
    suffers: Suffers, run: BridgeRun
) -> None:
    harness = run.harness

    async def trouble() -> None:
        await harness.bridge.kill()
        await harness.world.ask("POST", "/offline", {"number": harness.cleo, "action": "hold"})
        await asyncio.sleep(2)
        for _ in range(3):
            await harness.start_bridge_unsettled()
            await harness.world.ask(
                "POST", "/offline", {"number": harness.cleo, "action": "flush", "count": 3}
            )
            await harness.world.ask("POST", "/connections/drop", {"number": harness.cleo})
            await harness.bridge.kill()
        await harness.start_bridge_unsettled()
        await harness.world.ask("POST", "/offline", {"number": harness.cleo, "action": "release"})

    await suffers(trouble)

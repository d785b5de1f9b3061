"""A run of faults with a bridge: owners and users in chats of their own and in groups."""

import random
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.bridge_harness import BridgeCrashHarness
from tests.faults.fault_run import FaultRun, settings
from tests.faults.numbered_model import NumberedModel
from tests.faults.workload import People, Talker
from tests.support.web_world import World


@dataclass(frozen=True)
class BridgeRun(FaultRun):
    """Two owners and two users in chats of their own, and pairs of them in groups; some write by hidden id."""

    harness: BridgeCrashHarness


@asynccontextmanager
async def bridge_run(
    world: World,
    folder: Path,
    rng: random.Random,
    *,
    agent: Mapping[str, str] | None = None,
    bridge: Mapping[str, str] | None = None,
) -> AsyncGenerator[BridgeRun]:
    """Set it up, with agent and bridge running; `agent` and `bridge` are settings on top."""
    with NumberedModel() as model:
        more = {**settings(model, folder), **(agent or {})}
        harness = BridgeCrashHarness(world, folder, owners=2, users=2, agent=more, bridge=bridge)
        harness.agent_env["CLEO_ALLOWED_GROUPS"] = ",".join(_groups(harness))
        async with harness:
            people = People(rng)
            yield BridgeRun(harness, people, await _talkers(harness, people), model)


def _groups(harness: BridgeCrashHarness) -> dict[str, bool]:
    """Ids of groups, and whether their members address each other by hidden ids."""
    return {f"120363{harness.cleo}1@g.us": False, f"120363{harness.cleo}2@g.us": True}


async def _talkers(harness: BridgeCrashHarness, people: People) -> list[Talker]:
    phones = [*harness.owners, *harness.users]
    talkers = [
        Talker(people, phone, lid=place % 2 == 1, owner=phone in harness.owners)
        for place, phone in enumerate(phones)
    ]
    for place, (group, lid) in enumerate(_groups(harness).items()):
        members = [phones[place], phones[place + 2]]
        numbers = [harness.cleo, *(phone.number for phone in members)]
        body = {"id": group, "subject": f"Group {place}", "members": numbers, "lid": lid}
        await harness.world.ask("POST", "/groups", body)
        talkers += [Talker(people, phone, group=group) for phone in members]
    return talkers

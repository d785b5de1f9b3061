"""The stage of the faults with a bridge: owners and users in chats of their own and in groups."""

import random
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.ground import Ground
from tests.faults.numbered_model import NumberedModel
from tests.faults.play import Play, settings
from tests.faults.workload import People, Talker
from tests.support.stage_world import World


@dataclass(frozen=True)
class Scene(Play):
    """Two owners and two users in chats of their own, and pairs of them in groups; some write by hidden id."""

    ground: Ground


@asynccontextmanager
async def scene(
    world: World,
    folder: Path,
    rng: random.Random,
    *,
    agent: Mapping[str, str] | None = None,
    bridge: Mapping[str, str] | None = None,
) -> AsyncGenerator[Scene]:
    """Set it up, with agent and bridge running; `agent` and `bridge` are settings on top."""
    with NumberedModel() as model:
        more = {**settings(model, folder), **(agent or {})}
        ground = Ground(world, folder, owners=2, users=2, agent=more, bridge=bridge)
        ground.agent_env["CLEO_ALLOWED_GROUPS"] = ",".join(_groups(ground))
        async with ground:
            people = People(rng)
            yield Scene(ground, people, await _talkers(ground, people), model)


def _groups(ground: Ground) -> dict[str, bool]:
    """Ids of groups, and whether their members address each other by hidden ids."""
    return {f"120363{ground.cleo}1@g.us": False, f"120363{ground.cleo}2@g.us": True}


async def _talkers(ground: Ground, people: People) -> list[Talker]:
    phones = [*ground.owners, *ground.users]
    talkers = [
        Talker(people, phone, lid=place % 2 == 1, owner=phone in ground.owners)
        for place, phone in enumerate(phones)
    ]
    for place, (group, lid) in enumerate(_groups(ground).items()):
        members = [phones[place], phones[place + 2]]
        numbers = [ground.cleo, *(phone.number for phone in members)]
        body = {"id": group, "subject": f"Group {place}", "members": numbers, "lid": lid}
        await ground.world.ask("POST", "/groups", body)
        talkers += [Talker(people, phone, group=group) for phone in members]
    return talkers

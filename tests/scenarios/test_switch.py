"""Moving between the bridge and the Cloud API, on the data of a Cleo that people know already."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio
from tests.scenarios.test_confirm import ask, one_press
from tests.support.bridge_system import BridgeSystem
from tests.support.cloud_system import CloudSystem
from tests.support.graph_world import GraphPhone, GraphWorld
from tests.support.phone import Bubble, Phone
from tests.support.system import System
from tests.support.web_world import World

pytestmark = pytest.mark.only("baileys", "cloud", reason="It goes from one way to the other, and back.")


@dataclass
class Moving:
    """One Cleo with two ways, of which one is in use; Ann has the same number on both."""

    bridge: BridgeSystem
    cloud: CloudSystem
    stack: AsyncExitStack
    now: System | None = None
    known: list[System] = field(default_factory=list[System])

    @property
    def by_bridge(self) -> Phone:
        return self.bridge.owners[0]

    @property
    def by_cloud(self) -> GraphPhone:
        return self.cloud.phones[0]

    async def move(self, to: System) -> None:
        """Stop Cleo as its operator does, and start it with the other setting."""
        if self.now:
            await self.now.quiet()
            await asyncio.gather(*(part.stop() for part in (self.now.agent, *self.now.beside)))
        if to in self.known:
            await to.start()
        else:
            self.known.append(await self.stack.enter_async_context(to))
        self.now = to


@pytest_asyncio.fixture(loop_scope="session")
async def moving(world: World, graph: GraphWorld, tmp_path: Path) -> AsyncGenerator[Moving]:
    """On the bridge, to begin with."""
    number = world.number()
    template = {"WHATSAPP_CLOUD_FALLBACK_TEMPLATE": "hello_world:en_US"}
    bridge = BridgeSystem(world, tmp_path, numbers=[number])
    cloud = CloudSystem(graph, tmp_path, numbers=[number], agent=template)
    async with AsyncExitStack() as stack:
        moving = Moving(bridge, cloud, stack)
        await moving.move(bridge)
        yield moving


async def asked_again(system: System, phone: Phone, button: str) -> Bubble:
    """See that the question is put anew, and that no old answer has done anything."""
    again = await phone.hears(f"Confirm: press a button.*{button}")
    await system.quiet()
    assert button not in system.pressed
    return again


async def test_what_is_known_and_what_is_to_come_move_along(moving: Moving) -> None:
    ann = moving.by_bridge
    await ann.say("note: the gate code is 4711")
    await ann.hears("4711")
    await ann.say("remind me in 10 seconds to stretch")
    await ann.hears("stretch")

    await moving.move(moving.cloud)
    ann = moving.by_cloud
    assert (await ann.hears(kind="template")).template == "hello_world"
    await ann.say("my notes")
    await ann.sees(lambda bubble: "stretch" in bubble.words, "the reminder")
    await moving.cloud.quiet()
    assert sum("gate code is 4711" in text for text in await ann.texts()) == 1
    await ann.say("remind me in 10 seconds to drink")
    await ann.hears("drink")

    await moving.move(moving.bridge)
    ann = moving.by_bridge
    await ann.hears("drink")
    await ann.say("my notes")
    await ann.hears("gate code is 4711")
    await moving.bridge.quiet()
    assert sum("stretch" in text for text in await ann.texts()) == 1
    for phone in (moving.by_bridge, moving.by_cloud):
        assert moving.bridge.conversations(phone) == moving.cloud.conversations(moving.by_cloud)
    assert any("gate code" in body for body in moving.bridge.history(ann))


async def test_open_questions_are_asked_again_and_answers_to_the_old_ones_do_nothing(moving: Moving) -> None:
    by_bridge = moving.by_bridge
    old = await ask(by_bridge, "red")

    await moving.move(moving.cloud)
    by_cloud = moving.by_cloud
    await by_bridge.react(old.id, "👍")  # which the bridge hears when it is back
    await by_cloud.hears(kind="template")
    await by_cloud.say("hello")
    again = await asked_again(moving.cloud, by_cloud, "red")
    await by_cloud.react(again.id, "👍")
    await one_press(moving.cloud, by_cloud, "red")
    old = await ask(by_cloud, "blue")

    await moving.move(moving.bridge)
    await by_cloud.react(old.id, "👍")  # which Meta brings when the Cloud API is in use again
    await asked_again(moving.bridge, by_bridge, "blue")
    assert moving.bridge.pressed == ["red"]

    await moving.move(moving.cloud)
    again = await asked_again(moving.cloud, by_cloud, "blue")
    await by_cloud.react(again.id, "👍")
    await one_press(moving.cloud, by_cloud, "blue")
    assert moving.cloud.pressed == ["red", "blue"]

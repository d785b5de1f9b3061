"""Another number behind an account is noticed while Cleo runs, and what was open is taken along."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.agent_house import ACCOUNT, FakeChannel, House

from cleo.agent import AccountWatch
from cleo.domain.content import Reaction
from cleo.ports import Tool


async def wipe() -> str:
    """Wipe the disk."""
    return "wiped"


class LinkedChannel(FakeChannel):
    """A channel that tells which number is linked."""

    linked: str | None = None

    async def number(self) -> str | None:
        return self.linked


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    house = House(tmp_path, [Tool(name="wipe", function=wipe, requires_confirmation=True)])
    house.channel = LinkedChannel()
    await house.restart()
    yield house
    await house.store.close()


async def look(house: House, number: str | None) -> list[str]:
    """Look once at the linked number; tells what was said meanwhile."""
    assert isinstance(house.channel, LinkedChannel)
    house.channel.linked = number
    before = len(house.channel.delivered)
    watch = AccountWatch(
        channels={ACCOUNT: house.channel},
        store=house.store,
        engine=house.engine,
        clock=house.clock,
        asker=house.asker,
        delivery=house.delivery,
    )
    await watch.note(ACCOUNT, "baileys")  # as each start does, which does not know the number yet
    await watch.look()
    await house.settle()
    return [message.text for message in house.channel.delivered[before:]]


async def test_a_number_that_becomes_known_changes_nothing(house: House) -> None:
    await house.say("do wipe {}")
    assert await look(house, None) == []
    assert await look(house, "4915100000009@s.whatsapp.net") == []
    assert await look(house, None) == []
    assert await look(house, "4915100000009@s.whatsapp.net") == []


async def test_another_number_asks_open_questions_anew(house: House) -> None:
    await house.say("do wipe {}")
    old = house.question()
    await look(house, "4915100000009@s.whatsapp.net")
    assert await look(house, "4915100000010@s.whatsapp.net") == [old.text]
    await house.hear(Reaction(emoji="👍", to=old.id))
    await house.settle()
    assert "wiped" not in house.channel.delivered[-1].text, "the old message asks nothing any more"
    assert await house.react("👍", house.question().id) == ["wiped"]

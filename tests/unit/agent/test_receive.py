"""What is taken in: each message once, in the chat that it belongs to."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.support.agent_house import FRIEND, OWNER, STRANGER, House

from cleo.domain.access import Access
from cleo.domain.content import MessageId
from cleo.domain.identity import Address

GROUP = Address("group:120363000000000001")
ONE = MessageId("ONE")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    access = Access(owners=frozenset({OWNER}), users=frozenset({FRIEND}), groups=frozenset({GROUP}))
    house = House(tmp_path, access=access)
    yield house
    await house.store.close()


def kept(house: House) -> list[tuple[str, str]]:
    """Every message that was taken in: its chat, and what is done with it."""
    with closing(sqlite3.connect(house.root / "cleo.db")) as database:
        return database.execute("SELECT conversation, state FROM inbox ORDER BY seq").fetchall()


@pytest.mark.parametrize("restart", [False, True])
async def test_a_message_that_comes_again_is_known_and_starts_nothing(house: House, restart: bool) -> None:
    assert await house.hear("hello", id=ONE) == "accepted"
    assert await house.hear("hello", id=ONE) == "duplicate"
    await house.settle()
    if restart:
        await house.restart()
    assert await house.hear("hello", id=ONE) == "duplicate"
    await house.settle()
    assert [each.text for each in house.channel.delivered] == ["you said: hello"]
    assert len(kept(house)) == 1


async def test_the_same_id_of_somebody_else_or_in_another_chat_is_another_message(house: House) -> None:
    assert await house.hear("one", id=ONE) == "accepted"
    assert await house.hear("two", FRIEND, id=ONE) == "accepted"
    assert await house.hear("three", id=ONE, chat=GROUP, is_group=True) == "accepted"
    assert await house.hear("four", FRIEND, id=ONE, chat=GROUP, is_group=True) == "accepted"
    await house.later(5)
    assert len(kept(house)) == 4


async def test_a_message_of_a_stranger_is_known_when_it_comes_again(house: House) -> None:
    assert await house.hear("hello", STRANGER, id=ONE) == "ignored"
    assert await house.hear("hello", STRANGER, id=ONE) == "duplicate"
    assert house.engine.waiting == []


async def test_a_message_belongs_to_the_chat_with_its_writer_or_to_its_group(house: House) -> None:
    await house.hear("one", FRIEND)
    await house.hear("two", FRIEND, chat=GROUP, is_group=True)
    assert kept(house) == [(f"whatsapp/default/{FRIEND}", "new"), (f"whatsapp/default/{GROUP}", "new")]
    assert house.engine.waiting == [f"whatsapp/default/{FRIEND}", f"whatsapp/default/{GROUP}"]


async def test_what_somebody_wrote_in_cleos_name_is_noted_in_the_chat_it_went_to(house: House) -> None:
    cleo = Address("phone:+4915100000077")
    assert await house.hear("I take over", cleo, chat=FRIEND, from_me=True) == "ignored"
    assert await house.hear("thanks", FRIEND) == "accepted"
    assert kept(house) == [(f"whatsapp/default/{FRIEND}", "noted"), (f"whatsapp/default/{FRIEND}", "new")]

"""What nobody answers is acknowledged and counted, and only so much of it is kept."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.support.agent_harness import FRIEND, OWNER, STRANGER, AgentHarness

from cleo.agent import ClaimCode
from cleo.domain.access import Access
from cleo.domain.content import MessageId
from cleo.domain.identity import Address

GROUP = Address("group:120363000000000009")
DAY = 86_400


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AgentHarness]:
    harness = AgentHarness(tmp_path)
    yield harness
    await harness.store.close()


def kept(harness: AgentHarness) -> tuple[int, int]:
    """How many messages, and how many bytes of them."""
    with closing(sqlite3.connect(harness.root / "cleo.db")) as database:
        return database.execute("SELECT count(*), coalesce(sum(length(body)), 0) FROM inbox").fetchone()


async def test_a_flood_of_long_messages_is_counted_and_not_kept(harness: AgentHarness) -> None:
    for _ in range(400):
        assert await harness.hear("x" * 60_000, STRANGER) == "ignored"
    assert kept(harness)[1] <= 64 * 1024
    [unknown] = await harness.store.read(lambda tx: tx.access.unknown(10))
    assert unknown.messages == 400


async def test_many_strangers_together_have_a_quota(harness: AgentHarness) -> None:
    for number in range(60):
        await harness.hear("x" * 60_000, Address(f"phone:+49152{number:08}"))
    assert kept(harness)[1] <= 1024 * 1024


async def test_short_messages_are_limited_by_number_and_the_next_day_has_room(harness: AgentHarness) -> None:
    for _ in range(60):
        await harness.hear("hi", STRANGER)
    assert kept(harness)[0] == 50
    harness.clock.advance(DAY)
    await harness.hear("hi", STRANGER)
    assert kept(harness)[0] == 51


async def test_a_group_that_is_not_listed_has_the_same_quota(harness: AgentHarness) -> None:
    for _ in range(60):
        await harness.hear("hi", FRIEND, chat=GROUP, is_group=True)
    assert kept(harness)[0] == 50


@pytest.mark.parametrize("sender", [OWNER, FRIEND])
async def test_those_who_are_answered_have_none(harness: AgentHarness, sender: Address) -> None:
    for _ in range(60):
        await harness.hear("x" * 10_000, sender)
    assert kept(harness)[0] == 60


async def test_a_message_that_was_not_kept_is_known_when_it_comes_again(harness: AgentHarness) -> None:
    for _ in range(50):
        await harness.hear("hi", STRANGER)
    for answer in "ignored", "duplicate":
        assert await harness.hear("hi", STRANGER, id=MessageId("one more")) == answer
    assert await harness.hear("hi", STRANGER, id=MessageId("M1")) == "duplicate"
    [unknown] = await harness.store.read(lambda tx: tx.access.unknown(10))
    assert unknown.messages == 51


async def test_the_claim_code_counts_however_much_its_sender_wrote(tmp_path: Path) -> None:
    harness = AgentHarness(tmp_path, access=Access())
    harness.receiver._claim = ClaimCode("ABCD-2345")  # pyright: ignore[reportPrivateUsage]
    for _ in range(60):
        await harness.hear("hi", STRANGER)
    [welcome] = await harness.say("ABCD-2345", STRANGER)
    assert "my owner" in welcome
    await harness.store.close()

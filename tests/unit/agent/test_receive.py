"""What is taken in: each message once, in the chat that it belongs to."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.support.agent_harness import FRIEND, OWNER, STRANGER, AgentHarness

from cleo.domain.access import Access
from cleo.domain.content import MessageId, Other
from cleo.domain.identity import Address

GROUP = Address("group:120363000000000001")
ONE = MessageId("ONE")


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AgentHarness]:
    access = Access(owners=frozenset({OWNER}), users=frozenset({FRIEND}), groups=frozenset({GROUP}))
    harness = AgentHarness(tmp_path, access=access)
    yield harness
    await harness.store.close()


def kept(harness: AgentHarness) -> list[tuple[str, str]]:
    """Every message that was taken in: its chat, and what is done with it."""
    with closing(sqlite3.connect(harness.root / "cleo.db")) as database:
        return database.execute("SELECT conversation, state FROM inbox ORDER BY seq").fetchall()


@pytest.mark.parametrize("restart", [False, True])
async def test_a_message_that_comes_again_is_known_and_starts_nothing(
    harness: AgentHarness, restart: bool
) -> None:
    assert await harness.hear("hello", id=ONE) == "accepted"
    assert await harness.hear("hello", id=ONE) == "duplicate"
    await harness.settle()
    if restart:
        await harness.restart()
    assert await harness.hear("hello", id=ONE) == "duplicate"
    await harness.settle()
    assert [each.text for each in harness.channel.delivered] == ["you said: hello"]
    assert len(kept(harness)) == 1


async def test_a_thousand_messages_that_come_again_start_nothing(harness: AgentHarness) -> None:
    ids = [MessageId(f"AGAIN{number}") for number in range(1000)]
    for id in ids:
        assert await harness.hear("hello", STRANGER, id=id) == "ignored"
    assert await harness.hear("hello", id=ONE) == "accepted"
    await harness.settle()
    answers = [await harness.hear("hello", STRANGER, id=id) for id in ids]
    assert set(answers) == {"duplicate"}
    assert await harness.hear("hello", id=ONE) == "duplicate"
    assert (harness.engine.waiting, len(harness.model.seen)) == ([], 1)


async def test_the_same_id_of_somebody_else_or_in_another_chat_is_another_message(
    harness: AgentHarness,
) -> None:
    assert await harness.hear("one", id=ONE) == "accepted"
    assert await harness.hear("two", FRIEND, id=ONE) == "accepted"
    assert await harness.hear("three", id=ONE, chat=GROUP, is_group=True) == "accepted"
    assert await harness.hear("four", FRIEND, id=ONE, chat=GROUP, is_group=True) == "accepted"
    await harness.later(5)
    assert len(kept(harness)) == 4


async def test_a_message_of_a_stranger_is_known_when_it_comes_again(harness: AgentHarness) -> None:
    assert await harness.hear("hello", STRANGER, id=ONE) == "ignored"
    assert await harness.hear("hello", STRANGER, id=ONE) == "duplicate"
    assert harness.engine.waiting == []


async def test_a_message_belongs_to_the_chat_with_its_writer_or_to_its_group(harness: AgentHarness) -> None:
    await harness.hear("one", FRIEND)
    await harness.hear("two", FRIEND, chat=GROUP, is_group=True)
    assert kept(harness) == [(f"whatsapp/default/{FRIEND}", "new"), (f"whatsapp/default/{GROUP}", "new")]
    assert harness.engine.waiting == [f"whatsapp/default/{FRIEND}", f"whatsapp/default/{GROUP}"]


async def test_what_somebody_wrote_in_cleos_name_is_noted_in_the_chat_it_went_to(
    harness: AgentHarness,
) -> None:
    cleo = Address("phone:+4915100000077")
    assert await harness.hear("I take over", cleo, chat=FRIEND, from_me=True) == "ignored"
    assert await harness.hear("thanks", FRIEND) == "accepted"
    assert kept(harness) == [(f"whatsapp/default/{FRIEND}", "noted"), (f"whatsapp/default/{FRIEND}", "new")]


@pytest.mark.parametrize(
    ("kind", "speaks"),
    [
        ("group_participant_add", False),
        ("group_subject", False),
        ("call_missed_voice", False),
        ("poll_vote", False),
        ("pin_in_chat", False),
        ("change_ephemeral_setting", False),
        ("group_invite", True),
        ("poll", True),
        ("a_kind_of_tomorrow", True),
    ],
)
async def test_what_nobody_said_is_kept_and_starts_nothing(
    harness: AgentHarness, kind: str, speaks: bool
) -> None:
    said = await harness.say(Other(kind=kind, body="words"))
    assert bool(said) is speaks
    assert [state for _, state in kept(harness)] == ["done" if speaks else "change"]

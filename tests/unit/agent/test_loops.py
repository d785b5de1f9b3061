"""Cleo does not talk to itself, nor for long to another program."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from tests.support.agent_harness import FRIEND, OWNER, AgentHarness

from cleo.domain.access import Access
from cleo.domain.content import MessageId, Reaction
from cleo.domain.errors import SendUncertain
from cleo.domain.failpoint import arm
from cleo.domain.identity import Address
from cleo.ports import Refused

GROUP = Address("group:120363000000000001")


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AgentHarness]:
    access = Access(owners=frozenset({OWNER}), users=frozenset({FRIEND}), groups=frozenset({GROUP}))
    harness = AgentHarness(tmp_path, access=access)
    yield harness
    await harness.store.close()


async def answers(
    harness: AgentHarness, turns: int, *, after: float, sender: Address = FRIEND, **more: object
) -> int:
    """Write again `after` seconds whenever Cleo has answered; tells how often it did."""
    before = len(said(harness))
    for turn in range(turns):
        harness.clock.advance(after)
        await harness.hear(f"and {turn}?", sender, **more)
        await harness.settle()
    return len(said(harness)) - before


def said(harness: AgentHarness) -> list[str]:
    return [message.text for message in harness.channel.delivered if message.text.startswith("you said")]


def notices(harness: AgentHarness) -> list[str]:
    return [message.text for message in harness.channel.delivered if message.text.startswith("⚠️")]


@pytest.mark.parametrize("chat", ["direct", "group", "owner"])
async def test_what_cleo_said_and_what_comes_back_starts_nothing(harness: AgentHarness, chat: str) -> None:
    sender = OWNER if chat == "owner" else FRIEND
    where: dict[str, object] = {"chat": GROUP, "is_group": True} if chat == "group" else {}
    await harness.say("hello", sender, **where)
    own = harness.channel.delivered[-1]
    assert await harness.hear(own.content, sender, id=own.id, **where) == "ignored"
    assert await harness.hear("made into something else", sender, id=own.id, **where) != "accepted"
    await harness.settle()
    assert len(said(harness)) == 1


async def test_a_message_that_comes_back_answers_no_question(harness: AgentHarness) -> None:
    await harness.say("yes")
    own = harness.channel.delivered[-1]
    await harness.restart()
    with capture_logs() as logs:
        assert await harness.hear("yes", id=own.id) == "ignored"
    assert [log["outcome"] for log in logs if "outcome" in log] == [
        "not answered: Cleo sent it itself, and it came back"
    ]


async def test_a_reaction_under_the_id_of_its_target_is_heard(harness: AgentHarness) -> None:
    await harness.say("hello")
    own = harness.channel.delivered[-1].id
    assert await harness.hear(Reaction(emoji="👍", to=own), id=own) == "accepted"


async def unanswered_send(harness: AgentHarness, how: str) -> MessageId:
    """Let a send to FRIEND be cut off on its way, or Cleo be killed just after it; tells the message's id."""
    harness.channel.foresees = False
    if how == "cut off":
        harness.channel.trouble = [SendUncertain("cut off")]
        await harness.say("hello", FRIEND)
    else:
        arm("deliver.after_send", die)
        with pytest.raises(PowerFailure):
            await harness.say("hello", FRIEND)
        arm("deliver.after_send", None)
        await harness.store.close()
        harness.open()
    [waiting] = await harness.store.read(lambda tx: tx.outbox_lookup.recent(1))
    assert waiting.message_id is None
    return MessageId(f"ID-{waiting.key}")


class PowerFailure(Exception):
    """The process is gone."""


def die() -> None:
    raise PowerFailure


UNANSWERED = pytest.mark.parametrize("how", ["cut off", "killed"])


@UNANSWERED
async def test_a_message_that_comes_back_before_its_send_was_answered_starts_nothing(
    harness: AgentHarness, how: str
) -> None:
    own = await unanswered_send(harness, how)
    await harness.hear("you said: hello", FRIEND, id=own)
    await harness.settle()
    await harness.later(60)
    await harness.later(60)
    assert said(harness) == ["you said: hello"]
    assert len(harness.model.seen) == 1


@UNANSWERED
async def test_a_person_who_says_what_is_just_being_sent_is_answered_when_the_send_is(
    harness: AgentHarness, how: str
) -> None:
    await unanswered_send(harness, how)
    await harness.hear("you said: hello", FRIEND)
    await harness.hear("and who are you?", FRIEND)
    await harness.settle()
    await harness.later(60)
    await harness.later(60)
    answers = said(harness)
    assert answers[0] == "you said: hello"
    assert "you said: hello" in answers[1], "the words of a person"
    assert "and who are you?" in answers[-1]


async def test_a_person_is_answered_when_the_send_of_the_same_words_fails_for_good(
    harness: AgentHarness,
) -> None:
    await unanswered_send(harness, "cut off")
    harness.channel.trouble = [Refused(reason="never")]
    await harness.hear("you said: hello", FRIEND)
    await harness.later(60)
    await harness.later(60)
    [answer] = harness.channel.delivered
    assert "you said: hello" in answer.text


async def test_a_program_that_answers_at_once_is_left_alone_and_the_owner_told_once(
    harness: AgentHarness,
) -> None:
    with capture_logs() as logs:
        assert await answers(harness, 60, after=0.4) == 20
    [notice] = notices(harness)
    assert "+4915100000002" in notice
    assert len([log for log in logs if log["event"].startswith("chat paused")]) == 1
    await harness.restart()
    assert await answers(harness, 5, after=0.4) == 0
    await harness.later(600)
    assert len(notices(harness)) == 1
    assert len(said(harness)) > 20, "what waited is answered"


async def test_a_program_that_thinks_before_it_answers_is_found_too(harness: AgentHarness) -> None:
    assert await answers(harness, 200, after=6) == 120
    assert len(notices(harness)) == 1


async def test_others_are_answered_while_a_chat_is_paused(harness: AgentHarness) -> None:
    await answers(harness, 30, after=0.4)
    assert await answers(harness, 1, after=0.4, sender=OWNER) == 1
    assert await answers(harness, 1, after=0.4, chat=GROUP, is_group=True) == 1


async def test_an_owner_who_writes_like_a_person_is_answered_at_once(harness: AgentHarness) -> None:
    assert await answers(harness, 30, after=0.4, sender=OWNER) == 20
    assert await answers(harness, 1, after=20, sender=OWNER) > 0, "with what waited"
    assert await answers(harness, 1, after=20, sender=FRIEND) == 1


@pytest.mark.parametrize("after", [3, 30])
async def test_a_person_who_reads_before_they_write_is_never_stopped(
    harness: AgentHarness, after: float
) -> None:
    assert await answers(harness, 100, after=after) == 100


async def test_twenty_messages_typed_quickly_are_answered(harness: AgentHarness) -> None:
    assert await answers(harness, 20, after=0.7) == 20
    assert notices(harness) == []


async def test_what_waited_for_an_hour_is_answered(harness: AgentHarness) -> None:
    for number in range(300):
        await harness.hear(f"old {number}", FRIEND, offline=True)
    await harness.settle()
    assert "old 299" in said(harness)[-1]
    assert notices(harness) == []

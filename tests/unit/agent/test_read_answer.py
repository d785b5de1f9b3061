"""Answers to questions, one by one: whose count, where and when, and what is kept of them."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.support.agent_harness import FRIEND, OWNER, AgentHarness

from cleo.agent.approval.read_answer import CLOSED, EXPIRED, TOO_LATE
from cleo.domain.access import Access
from cleo.domain.confirmation import EXPIRY, Confirmation
from cleo.domain.content import Choices, Chosen, MessageId, Reaction, Text
from cleo.domain.identity import Address
from cleo.domain.message import Quoted
from cleo.ports import Tool

SECOND = Address("phone:+4915100000003")
GROUP = Address("group:120363000000000001")

effects: list[str] = []
meanwhile: list[AgentHarness] = []


async def wipe(name: str) -> str:
    """Wipe something; somebody says no while it runs, when a test wants that."""
    effects.append(name)
    for harness in meanwhile:
        await harness.hear(Reaction(emoji="👎", to=harness.question().id))
    return f"wiped {name}"


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AgentHarness]:
    effects.clear()
    meanwhile.clear()
    access = Access(owners=frozenset({OWNER, SECOND}), users=frozenset({FRIEND}), groups=frozenset({GROUP}))
    harness = AgentHarness(
        tmp_path, [Tool(name="wipe", function=wipe, requires_confirmation=True)], access=access
    )
    yield harness
    await harness.store.close()


async def row(harness: AgentHarness, number: int = -1) -> Confirmation:
    found = await harness.store.read(lambda tx: tx.confirmations.get(harness.ref(number)))
    assert found is not None
    return found


def trail(harness: AgentHarness) -> list[tuple[str, str | None, str]]:
    """What was kept of each step, by whom, and how."""
    with closing(sqlite3.connect(harness.root / "cleo.db")) as database:
        return database.execute(
            'SELECT kind, "by", detail FROM confirmation_events ORDER BY at, rowid'
        ).fetchall()


async def asked(harness: AgentHarness, *names: str, sender: Address = OWNER) -> None:
    await harness.say("\n".join(f'do wipe {{"name": "{name}"}}' for name in names or ("disk",)), sender)


def question_to(harness: AgentHarness, who: Address) -> MessageId:
    return [each for each in harness.channel.delivered if each.key.startswith("ask:") and who in each.to][
        -1
    ].id


# ── what is kept ───────────────────────────────────────────────────────────────────────────────────────


async def test_who_said_yes_how_and_when_is_kept_with_every_step(harness: AgentHarness) -> None:
    await asked(harness)
    await harness.react("👍", harness.question().id)
    kept = await row(harness)
    assert (kept.state, kept.decided_by, kept.decided_via) == ("succeeded", kept.asked_by, "reaction")
    assert kept.decided_at == harness.clock.now()
    assert trail(harness) == [
        ("asked", None, "pending"),
        ("yes", kept.decided_by, "reaction"),
        ("executing", None, ""),
        ("succeeded", None, ""),
    ]


async def test_a_typed_answer_and_a_button_are_kept_as_such(harness: AgentHarness) -> None:
    await asked(harness, "disk")
    await harness.say("no")
    assert ((await row(harness)).state, (await row(harness)).decided_via) == ("denied", "text")
    await asked(harness, "tape")
    await harness.say(Chosen(id=f"yes:{harness.ref()}", title="👍"), quoted=Quoted(id=harness.question().id))
    assert ((await row(harness)).state, (await row(harness)).decided_via) == ("succeeded", "button")
    assert [(kind, how) for kind, by, how in trail(harness) if by] == [("no", "text"), ("yes", "button")]


async def test_an_answer_that_comes_too_late_is_kept_as_one_without_effect(harness: AgentHarness) -> None:
    await asked(harness)
    await harness.react("👍", harness.question().id)
    await harness.react("👎", harness.question().id)
    assert trail(harness)[-1][::2] == ("no without effect", "reaction")
    assert (await row(harness)).state == "succeeded"


async def test_a_question_that_nobody_answered_is_kept_as_expired(harness: AgentHarness) -> None:
    await asked(harness)
    await harness.later(EXPIRY + 1)
    assert trail(harness)[-1] == ("expired", None, "")


async def test_what_was_taken_back_or_replaced_is_kept(harness: AgentHarness) -> None:
    await asked(harness, "disk", "tape")
    await harness.react("👍", harness.question(0).id)
    await harness.react("", harness.question(0).id)
    await harness.say("rather the drum", quoted=Quoted(id=harness.question(1).id))
    assert [kind for kind, by, _ in trail(harness) if by] == ["yes", "taken back", "superseded"]


# ── whose answers count ────────────────────────────────────────────────────────────────────────────────


async def test_an_owner_cannot_take_back_the_yes_of_another_owner(harness: AgentHarness) -> None:
    await asked(harness, "disk", "tape", sender=FRIEND)
    first = [each for each in harness.channel.delivered if "disk" in each.text]
    ids = {("phone:" + each.to.partition("phone:")[2]): each.id for each in first}
    await harness.hear(Reaction(emoji="👍", to=ids[SECOND]), SECOND)
    await harness.hear(Reaction(emoji="", to=ids[OWNER]), OWNER)
    await harness.later(60)
    assert effects == ["disk"]


async def test_an_owner_can_say_no_after_another_owner_said_yes(harness: AgentHarness) -> None:
    await asked(harness, "disk", "tape", sender=FRIEND)
    first = [each for each in harness.channel.delivered if "disk" in each.text]
    ids = {("phone:" + each.to.partition("phone:")[2]): each.id for each in first}
    await harness.hear(Reaction(emoji="👍", to=ids[SECOND]), SECOND)
    await harness.hear(Reaction(emoji="👎", to=ids[OWNER]), OWNER)
    await harness.later(60)
    assert effects == []


@pytest.mark.parametrize(
    ("said", "in_reply", "refused"),
    [
        (Reaction(emoji="👍", to=MessageId("")), False, 1),
        (Reaction(emoji="👎", to=MessageId("")), False, 1),
        (Reaction(emoji="", to=MessageId("")), False, 1),
        (Text(body="yes"), True, 1),
        (Text(body="no, because I say so"), True, 1),
        (Text(body="do something else"), True, 1),
        (Text(body="no all"), False, 1),
        (Text(body="yes"), False, 0),
    ],
)
async def test_somebody_who_was_asked_and_is_no_owner_any_more_cannot_answer(
    harness: AgentHarness, said: Reaction | Text, in_reply: bool, refused: int
) -> None:
    await asked(harness, sender=FRIEND)
    to = question_to(harness, SECOND)
    harness.access = Access(owners=frozenset({OWNER}), users=frozenset({FRIEND, SECOND}))
    await harness.restart()
    content = Reaction(emoji=said.emoji, to=to) if isinstance(said, Reaction) else said
    await harness.say(content, SECOND, quoted=Quoted(id=to) if in_reply else None)
    assert (await row(harness)).state == "pending"
    kept = [(kind, how) for kind, by, how in trail(harness) if by]
    assert kept == [("answer refused", "not an approver")] * refused
    await harness.react("👍", question_to(harness, OWNER))
    assert effects == ["disk"]


# ── where and when they count ──────────────────────────────────────────────────────────────────────────


async def test_a_forwarded_yes_is_no_answer(harness: AgentHarness) -> None:
    await asked(harness)
    await harness.say(Text(body="yes"), forwarded=True)
    await harness.say(Text(body=f"yes {harness.ref()}"), forwarded=True)
    assert effects == []


async def test_a_yes_in_reply_to_something_else_is_no_answer(harness: AgentHarness) -> None:
    await harness.say("hello")
    other = harness.channel.delivered[-1].id
    await asked(harness)
    await harness.say("yes", quoted=Quoted(id=other))
    assert effects == []
    await harness.say("yes", quoted=Quoted(id=harness.question().id))
    assert effects == ["disk"]


async def test_a_bare_yes_in_a_group_is_no_answer(harness: AgentHarness) -> None:
    await harness.say('do wipe {"name": "disk"}', chat=GROUP, is_group=True)
    await harness.say("yes", chat=GROUP, is_group=True)
    assert effects == []
    await harness.hear(Reaction(emoji="👍", to=question_to(harness, OWNER)))
    await harness.settle()
    assert effects == ["disk"]


async def test_a_question_that_is_answered_does_not_stand_in_the_way_of_a_bare_yes(
    harness: AgentHarness,
) -> None:
    await asked(harness, "disk", "tape")
    await harness.react("👎", harness.question(0).id)
    await harness.say("yes")
    assert effects == ["tape"]


async def test_a_hint_names_the_open_questions_and_an_answer_that_works(harness: AgentHarness) -> None:
    await asked(harness, "disk", "tape")
    [hint] = await harness.say("no")
    refs = harness.ref(0), harness.ref(1)
    assert hint == (
        f"Several questions are open ({refs[0]}, {refs[1]}). React to the one you mean, or write: no {refs[1]}"
    )
    await harness.say(hint.rpartition(": ")[2])
    assert (await row(harness)).state == "denied"


async def test_a_no_while_it_runs_is_told_that_it_is_too_late(harness: AgentHarness) -> None:
    await asked(harness)
    meanwhile.append(harness)
    texts = await harness.react("👍", harness.question().id)
    assert sorted(texts) == sorted([TOO_LATE, "wiped disk"])
    assert effects == ["disk"]


async def test_a_yes_while_it_runs_is_passed_over_in_silence(harness: AgentHarness) -> None:
    await asked(harness)
    await harness.hear(Reaction(emoji="👍", to=harness.question().id))
    await harness.hear(Reaction(emoji="👍", to=harness.question().id))
    await harness.settle()
    assert [each.text for each in harness.channel.delivered if each.text][-1] == "wiped disk"
    assert effects == ["disk"]


@pytest.mark.parametrize("seconds", [EXPIRY - 20, EXPIRY])
async def test_a_question_is_good_until_the_last_second(harness: AgentHarness, seconds: float) -> None:
    await asked(harness)
    at = (await row(harness)).asked_at
    assert at is not None
    harness.clock.time = at + seconds
    await harness.hear(Reaction(emoji="👍", to=harness.question().id))
    await harness.settle()
    assert effects == ([] if seconds == EXPIRY else ["disk"])
    assert [each.text for each in harness.channel.delivered].count(EXPIRED) == (seconds == EXPIRY)


async def test_a_question_offers_both_answers_as_buttons_and_in_words(harness: AgentHarness) -> None:
    await asked(harness)
    shown, ref = harness.question().content, harness.ref()
    assert isinstance(shown, Choices)
    assert [(option.id, option.title) for option in shown.options] == [
        (f"yes:{ref}", "👍 Do it"),
        (f"no:{ref}", "👎 Don't"),
    ]
    assert shown.words == shown.body


async def test_a_button_of_a_closed_question_says_so_and_starts_no_answer_of_the_model(
    harness: AgentHarness,
) -> None:
    await asked(harness)
    await harness.react("👎", harness.question().id)
    seen = len(harness.model.seen)
    tap = Chosen(id=f"yes:{harness.ref()}", title="👍")
    assert await harness.say(tap, quoted=Quoted(id=harness.question().id)) == [CLOSED]
    assert len(harness.model.seen) == seen


async def test_a_button_that_is_of_no_question_is_a_message_like_any_other(harness: AgentHarness) -> None:
    await asked(harness)
    assert "NOT RUN YET" in (await harness.say(Chosen(id="menu:1", title="The first")))[0]
    assert effects == []


async def test_a_button_without_its_message_counts_by_the_ref_that_it_carries(harness: AgentHarness) -> None:
    await asked(harness, "disk", "tape")
    await harness.say(Chosen(id=f"yes:{harness.ref(1)}", title="👍"))
    await harness.later(60)
    assert effects == ["tape"]

"""A bare yes answers what Cleo said last, if this person's own run asked that; else Cleo asks which one is meant."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.agent_harness import FRIEND, OWNER, AgentHarness

from cleo.agent import Asker
from cleo.domain.access import Access
from cleo.domain.confirmation import MAX_OPEN, State
from cleo.domain.content import Chosen, Reaction, Text
from cleo.domain.errors import SendFailed, SendUncertain
from cleo.domain.identity import Address
from cleo.domain.message import Quoted
from cleo.ports import Reminder, Tool

SECOND = Address("phone:+4915100000003")
GROUP = Address("group:120363000000000001")

effects: list[str] = []


async def pay(who: str) -> str:
    """Pay somebody."""
    effects.append(who)
    return f"paid {who}"


async def breaks(who: str) -> str:
    """Have an effect and die."""
    effects.append(who)
    raise OSError("connection lost")


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AgentHarness]:
    effects.clear()
    access = Access(owners=frozenset({OWNER, SECOND}), users=frozenset({FRIEND}), groups=frozenset({GROUP}))
    tools = [
        Tool(name="pay", function=pay, requires_confirmation=True, title="pay somebody"),
        Tool(name="breaks", function=breaks, requires_confirmation=True),
    ]
    harness = AgentHarness(tmp_path, tools, access=access)
    yield harness
    await harness.store.close()


async def states(harness: AgentHarness) -> list[State]:
    refs = dict.fromkeys(each.ref for each in harness.questions())
    rows = await harness.store.read(lambda tx: [tx.confirmations.get(ref) for ref in refs])
    return [row.state for row in rows if row]


def asks_back(texts: list[str], ref: str) -> bool:
    return len(texts) == 1 and texts[0].startswith("Which question do you mean?") and ref in texts[0]


WORDS = ["yes", "Yes.", "y", "ja", "👍", "👍🏽", "✅", "do it", "oui"]


# ── somebody else's question ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("word", WORDS)
async def test_a_word_that_answers_the_model_pays_nobody(harness: AgentHarness, word: str) -> None:
    await harness.say('do pay {"who": "mallory"}', FRIEND)
    await harness.say("Shall I tell you?")  # it says that again
    assert asks_back(await harness.say(word), harness.ref())
    assert effects == []
    assert await states(harness) == ["pending"]


@pytest.mark.parametrize("word", WORDS)
async def test_a_word_to_somebody_elses_question_pays_nobody_although_it_was_said_last(
    harness: AgentHarness, word: str
) -> None:
    await harness.say('do pay {"who": "mallory"}', FRIEND)
    assert asks_back(await harness.say(word), harness.ref())
    assert effects == []
    assert await states(harness) == ["pending"]


async def test_the_question_that_is_meant_may_be_named_then(harness: AgentHarness) -> None:
    await harness.say('do pay {"who": "anna"}', FRIEND)
    [hint] = await harness.say("yes")
    answer = hint.partition("write: ")[2].partition("\n")[0]
    await harness.say(answer)
    assert effects == ["anna"]


async def test_a_question_of_another_owner_is_somebody_elses(harness: AgentHarness) -> None:
    await harness.say('do pay {"who": "mallory"}', SECOND, chat=GROUP, is_group=True)
    for owner in (OWNER, SECOND):
        assert asks_back(await harness.say("yes", owner), harness.ref())
    assert effects == []


async def test_a_question_that_the_owner_asked_for_in_a_group_is_not_of_this_chat(
    harness: AgentHarness,
) -> None:
    """Somebody of the group may have written in the same moment, and be the one who wants it."""
    await harness.say('do pay {"who": "mallory"}', OWNER, chat=GROUP, is_group=True)
    assert asks_back(await harness.say("yes"), harness.ref())
    assert effects == []


# ── the own question, but something came after it ──────────────────────────────────────────────────────


async def test_a_yes_right_after_the_own_question_counts(harness: AgentHarness) -> None:
    await harness.say('do pay {"who": "anna"}')
    await harness.say("yes")
    assert effects == ["anna"]


async def test_a_yes_after_an_answer_of_the_model_asks_back(harness: AgentHarness) -> None:
    await harness.say('do pay {"who": "anna"}')
    await harness.say("Is it far?")
    assert asks_back(await harness.say("yes"), harness.ref())
    assert effects == []


async def test_a_yes_after_a_hint_of_cleo_asks_back_again(harness: AgentHarness) -> None:
    await harness.say('do pay {"who": "anna"}')
    await harness.say("Is it far?")
    for _ in range(3):
        assert asks_back(await harness.say("yes"), harness.ref())
    assert effects == []


async def test_a_yes_after_a_reminder_asks_back(harness: AgentHarness) -> None:
    await harness.say('do pay {"who": "anna"}')
    due = Reminder(
        id="1/r",
        conversation=harness.question().to,
        text="Shall I tell Bob?",
        next_at=harness.clock.now() + 60,
        rule="",
        zone="Europe/Berlin",
    )
    await harness.store.write(lambda tx: tx.reminders.add(due))
    await harness.later(61)
    assert "Shall I tell Bob?" in harness.channel.delivered[-1].text
    assert asks_back(await harness.say("yes"), harness.ref())
    assert effects == []


async def test_a_yes_after_the_question_of_a_tool_asks_back(harness: AgentHarness) -> None:
    await harness.say('do pay {"who": "anna"}')
    chat = await harness.store.read(lambda tx: tx.conversations.get(harness.question().to))
    await harness.store.write(
        lambda tx: harness.queue.put(tx, chat, Text(body="Tea?"), key="say:x", purpose="tool")
    )
    await harness.settle()
    assert asks_back(await harness.say("yes"), harness.ref())
    assert effects == []


async def test_a_yes_after_something_that_may_have_arrived_asks_back(harness: AgentHarness) -> None:
    await harness.say('do pay {"who": "anna"}')
    harness.channel.trouble = [SendUncertain("cut off")]
    await harness.say("Is it far?")
    assert asks_back((await harness.say("yes"))[-1:], harness.ref())
    assert effects == []


async def test_what_did_not_go_out_yet_is_not_what_cleo_said_last(harness: AgentHarness) -> None:
    await harness.say('do pay {"who": "anna"}')
    harness.channel.trouble = [SendFailed("away", retry_after=3600)]
    await harness.say("Is it far?")
    await harness.hear("yes")
    await harness.settle()
    assert effects == ["anna"]


async def test_a_sign_on_another_question_is_not_what_cleo_said_last(harness: AgentHarness) -> None:
    await harness.say('do pay {"who": "anna"}\ndo pay {"who": "bob"}')
    await harness.react("👎", harness.question(0).id)
    await harness.say("yes")
    assert effects == ["bob"]


@pytest.mark.parametrize("way", ["react", "reply", "named", "tap"])
async def test_answers_that_name_their_question_count_whatever_was_said_since(
    harness: AgentHarness, way: str
) -> None:
    await harness.say('do pay {"who": "anna"}', FRIEND)
    await harness.say("Is it far?")
    ask = next(each for each in harness.questions() if OWNER in each.to)
    if way == "react":
        await harness.say(Reaction(emoji="👍", to=ask.id))
    elif way == "reply":
        await harness.say("yes", quoted=Quoted(id=ask.id))
    elif way == "named":
        await harness.say(f"yes {ask.ref}")
    else:
        await harness.say(Chosen(id=f"yes:{ask.ref}", title="👍"), quoted=Quoted(id=ask.id))
    assert effects == ["anna"]


# ── who asked, where, and from what text ───────────────────────────────────────────────────────────────


async def test_a_question_says_who_asked_and_where(harness: AgentHarness) -> None:
    await harness.say('do pay {"who": "mallory"}', FRIEND, sender_name="Mum")
    assert "Asked by `+4915100000002 (“Mum”)`, in their own chat with me" in harness.question().text


async def test_a_question_from_a_group_names_everybody_who_may_have_asked(harness: AgentHarness) -> None:
    group = {"chat": GROUP, "is_group": True}
    await harness.hear('do pay {"who": "mallory"}', FRIEND, sender_name="Mal", **group)
    await harness.hear("hello", OWNER, sender_name="Tom", **group)
    harness.clock.advance(5)
    await harness.settle()
    text = harness.question().text
    assert "Asked by `+4915100000002 (“Mal”)`, `+4915100000001 (“Tom”)`" in text
    assert "in the group 120363000000000001" in text


async def test_ones_own_question_does_not_say_what_one_knows(harness: AgentHarness) -> None:
    await harness.say('do pay {"who": "anna"}')
    assert "Asked by" not in harness.question().text
    assert "words of others" not in harness.question().text


async def test_a_name_cannot_pretend_to_be_a_line_of_the_question(harness: AgentHarness) -> None:
    name = "Tom`\n👍 do it\nAsked by `you"
    await harness.say('do pay {"who": "mallory"}', FRIEND, sender_name=name)
    [line] = [line for line in harness.question().text.split("\n") if line.startswith("Asked by")]
    assert line.startswith("Asked by `+4915100000002 (“Tom[U+0060 GRAVE ACCENT]⏎")


async def test_a_question_made_anew_says_who_asked_as_well(harness: AgentHarness) -> None:
    await harness.say('do breaks {"who": "mallory"}', FRIEND)
    ask = next(each for each in harness.questions() if OWNER in each.to)
    await harness.react("👍", ask.id)
    await harness.settle()
    again = [each.text for each in harness.questions() if "I may already have done this" in each.text]
    assert again and all("Asked by `+4915100000002`" in text for text in again)


# ── five at most ───────────────────────────────────────────────────────────────────────────────────────


async def open_in(harness: AgentHarness, owner: Address) -> int:
    chat = next(each.to for each in harness.questions() if owner in each.to)
    rows = await harness.store.read(lambda tx: tx.confirmation_lookup.asked_in(chat))
    return sum(row.state in ("pending", "approved") for row in rows)


def calls(number: int) -> str:
    return "\n".join(f'do pay {{"who": "w{number}-{each}"}}' for each in range(5))


async def test_five_questions_are_open_at_most_however_many_turns_ask(harness: AgentHarness) -> None:
    for turn in range(8):
        await harness.say(calls(turn))
    assert await open_in(harness, OWNER) == MAX_OPEN


async def test_five_questions_are_open_at_most_however_many_chats_ask(tmp_path: Path) -> None:
    users = [Address(f"phone:+49151000001{number:02}") for number in range(8)]
    access = Access(owners=frozenset({OWNER}), users=frozenset(users), groups=frozenset({GROUP}))
    harness = AgentHarness(
        tmp_path, [Tool(name="pay", function=pay, requires_confirmation=True)], access=access
    )
    for turn, user in enumerate(users):
        await harness.say(calls(turn), user)
    await harness.say(calls(9), OWNER, chat=GROUP, is_group=True)
    await harness.say(calls(10), OWNER)
    assert await open_in(harness, OWNER) == MAX_OPEN
    await harness.store.close()


async def test_five_questions_are_open_at_most_although_two_chats_ask_at_once(
    harness: AgentHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both looked for room before one of them asked."""
    monkeypatch.setattr(Asker, "room", _plenty)
    await harness.say(calls(1), FRIEND)
    await harness.say(calls(2), OWNER)
    assert await open_in(harness, OWNER) == MAX_OPEN


def _plenty(self: object, *of: object) -> int:
    return 100


async def test_an_answered_question_makes_room(harness: AgentHarness) -> None:
    await harness.say(calls(1))
    await harness.say("no all")
    await harness.say(calls(2))
    assert await open_in(harness, OWNER) == MAX_OPEN
    assert (await states(harness)).count("denied") == MAX_OPEN


async def test_a_sixth_call_is_refused_in_words_that_the_model_understands(harness: AgentHarness) -> None:
    await harness.say(calls(1))
    [said] = await harness.say('do pay {"who": "late"}')
    assert "NOT DONE: there are 5 open questions already" in said

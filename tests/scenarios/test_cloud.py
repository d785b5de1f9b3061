"""What only Meta's Cloud API does: webhooks out of order, windows, doubt, buttons, people without a number."""

import re
import time
from collections.abc import Mapping

import pytest
from tests.scenarios.conftest import MakeCloud
from tests.scenarios.test_confirm import ask, chatter, nothing_more, one_press
from tests.support.cloud_system import CloudSystem
from tests.support.graph_world import GraphPhone
from tests.support.openai_mock import Hangs
from tests.support.phone import Bubble, numbered
from tests.support.program import until

pytestmark = pytest.mark.only("cloud", reason="It is about what Meta's Cloud API alone does.")

TEMPLATE = {"WHATSAPP_CLOUD_FALLBACK_TEMPLATE": "hello_world:en_US"}


def states(system: CloudSystem, phone: GraphPhone) -> list[str]:
    """What became of what Cleo wrote to somebody, in order."""
    rows = system.rows(
        """select state from outbox join conversations on conversations.id = outbox.conversation
           join aliases using (person) where aliases.address = ? order by outbox.seq""",
        phone.address,
    )
    return [str(state) for (state,) in rows]


async def becomes(system: CloudSystem, phone: GraphPhone, state: str) -> None:
    """Wait until the newest of them has got so far."""

    async def check() -> bool:
        return states(system, phone)[-1:] == [state]

    await until(f"a message to be {state}", check)


# ── webhooks ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("on", "do", "more", "ends"),
    [
        ("send", "early", {}, "delivered"),
        ("send", "statuses", {"statuses": ["read", "sent", "delivered"]}, "read"),
        ("send", "statuses", {"statuses": ["sent", {"status": "failed", "code": 131026}, "read"]}, "read"),
        ("webhook", "duplicate", {"count": 3}, "delivered"),
        ("webhook", "rebatch", {}, "delivered"),
        ("webhook", "signature", {"signature": "wrong"}, "delivered"),
        ("webhook", "signature", {"signature": "non-ascii"}, "delivered"),
        ("webhook", "truncate", {}, "delivered"),
        ("webhook", "poison", {}, "delivered"),
        ("webhook", "strip", {"keys": ["contacts", "profile"]}, "delivered"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_however_meta_tells_it_each_message_is_answered_once(
    on_cloud: CloudSystem, on: str, do: str, more: Mapping[str, object], ends: str
) -> None:
    ann = on_cloud.owner()
    fault = await ann.fault(on, do, times=0, **more)
    await ann.say("what is 17 * 3?")
    await ann.hears("51")
    await on_cloud.quiet()
    assert await on_cloud.graph.struck(fault)
    await on_cloud.graph.repair(fault)
    assert len(await ann.bubbles()) == 1
    assert states(on_cloud, ann) == [ends]
    assert await on_cloud.untaken() == []


async def test_one_post_with_three_people_and_a_leaf_that_is_none(on_cloud: CloudSystem) -> None:
    people = [on_cloud.owner() for _ in range(3)]
    merge = await on_cloud.graph.fault("webhook", "merge", number=on_cloud.cleo, count=3, times=3, ms=5000)
    poison = await people[1].fault("webhook", "poison")
    for ann in people:
        await ann.say("what is 17 * 3?")
    for ann in people:
        await ann.hears("51")
    await on_cloud.quiet()
    assert [await on_cloud.graph.struck(fault) for fault in (merge, poison)] == [3, 1]
    assert [len(await ann.bubbles()) for ann in people] == [1, 1, 1]


async def test_a_burst_is_answered_in_few_turns(provided_on_cloud: CloudSystem) -> None:
    ann = provided_on_cloud.owner()
    await ann.say_all(numbered(1, 12))
    await ann.hears_again(numbered(1, 12))
    await provided_on_cloud.quiet()
    assert len(provided_on_cloud.model.requests) <= 4
    assert len(await ann.bubbles()) <= 4


async def test_who_writes_sees_that_it_was_read_and_that_an_answer_comes(
    provided_on_cloud: CloudSystem,
) -> None:
    ann = provided_on_cloud.owner()
    provided_on_cloud.model.script = [Hangs(1.0)]
    asked = await ann.say("hello")
    await ann.hears()
    await provided_on_cloud.quiet()
    assert await ann.receipts() == [asked]
    assert [sign.state for sign in await ann.typing()] == ["composing", "paused"]


# ── failures, and what the model knows of them ─────────────────────────────────────────────────────────


async def test_a_message_that_failed_later_is_told_to_the_model_with_the_reason(
    provided_on_cloud: CloudSystem,
) -> None:
    ann = provided_on_cloud.owner()
    await ann.fault("send", "fail", code=131026)
    await ann.say("one")
    await until("the answer", lambda: answered(ann))
    await becomes(provided_on_cloud, ann, "failed")
    await ann.say("two")
    await ann.hears("two$")
    told = str(provided_on_cloud.model.requests[-1]["messages"][0])  # its instructions
    assert re.search(r"did not reach this chat: .*no WhatsApp.* \(131026\)", told)


async def answered(phone: GraphPhone) -> bool:
    return bool(await phone.accepted())


async def test_a_token_that_is_refused_for_a_while_loses_nothing(make_cloud: MakeCloud) -> None:
    system = await make_cloud(owners=2)
    ann, ben = system.phones
    refused = await system.graph.fault("any", "refuse", number=system.cleo, code=190, times=0)
    await ann.say("what is 17 * 3?")
    await ben.say("what is 6 * 7?")

    async def noticed() -> bool:
        return "token" in await system.command("status")

    await until("the status to name the token", noticed)
    assert await ann.bubbles() == await ben.bubbles() == []
    await system.graph.repair(refused)
    await ann.hears("51", seconds=60)
    await ben.hears("42", seconds=60)
    await system.quiet(60)
    assert [len(await phone.bubbles()) for phone in (ann, ben)] == [1, 1]


# ── sends that nobody knows of ─────────────────────────────────────────────────────────────────────────


async def test_an_answer_that_got_lost_is_known_by_the_news_of_it(on_cloud: CloudSystem) -> None:
    ann = on_cloud.owner()
    lost = await ann.fault("send", "reset", when="after")
    await ann.say("what is 17 * 3?")
    await ann.hears("51")
    await on_cloud.quiet()
    assert await on_cloud.graph.struck(lost) == 1
    assert states(on_cloud, ann) == ["delivered"]
    assert len(await ann.accepted()) == len(await ann.bubbles()) == 1


async def test_a_send_that_broke_before_is_repeated_once_and_marked(on_cloud: CloudSystem) -> None:
    ann = on_cloud.owner()
    await ann.fault("send", "reset", when="before")
    await ann.say("what is 17 * 3?")
    async with chatter(on_cloud.owner()):  # whose news show that WhatsApp would have told
        await ann.hears("51")
    await on_cloud.quiet()
    (sent,) = await ann.accepted()
    assert sent.ref.endswith("#2")
    assert len(await ann.bubbles()) == 1
    assert "It was sent once more in doubt" in await on_cloud.command("outbox", "--limit=200")


async def test_without_any_news_it_stays_unknown_and_is_shown(on_cloud: CloudSystem) -> None:
    ann = on_cloud.owner()
    await ann.fault("send", "reset", when="after")
    await ann.fault("send", "statuses", statuses=[])
    await ann.say("what is 17 * 3?")
    await ann.hears("51")
    await becomes(on_cloud, ann, "unknown")
    assert "Nobody knows whether it arrived" in await on_cloud.command("outbox", "--limit=200")
    await ann.say("what is 6 * 7?")
    await ann.hears("42")
    await on_cloud.quiet()
    assert len(await ann.bubbles()) == 2


# ── the 24-hour window ─────────────────────────────────────────────────────────────────────────────────


async def test_an_owner_who_never_wrote_cannot_be_asked_and_the_requester_is_told(
    make_cloud: MakeCloud,
) -> None:
    system = await make_cloud(users=1)
    ann, bob = system.owners[0], system.users[0]
    await bob.say("/press red")
    await bob.hears("could not be delivered|not done|NOT DONE")
    await system.quiet()
    assert await ann.bubbles() == []
    assert system.pressed == []
    assert "WHATSAPP_CLOUD_FALLBACK_TEMPLATE" in await system.command("outbox")


async def test_with_a_template_the_owner_is_asked_to_write_and_then_gets_the_question(
    make_cloud: MakeCloud,
) -> None:
    system = await make_cloud(users=1, agent=TEMPLATE)
    ann, bob = system.owners[0], system.users[0]
    for button in ("red", "blue"):
        await bob.say(f"/press {button}")
        await bob.hears("I asked my owner")
    await system.quiet()
    assert [bubble.template for bubble in await ann.bubbles()] == ["hello_world"]
    await ann.say("hello")
    red = await ann.hears("Confirm: press a button.*red")
    await ann.hears("Confirm: press a button.*blue")
    await ann.react(red.id, "👍")
    await bob.hears("^Pressed red")
    await system.quiet()
    assert system.pressed == ["red"]


async def test_what_was_written_two_days_ago_is_too_old_to_be_answered(on_cloud: CloudSystem) -> None:
    ann = on_cloud.owner()
    await ann.say("what is 17 * 3?", timestamp=int(time.time()) - 2 * 24 * 3600)
    await becomes(on_cloud, ann, "failed")
    await on_cloud.quiet()
    assert await ann.bubbles() == []
    await ann.say("what is 6 * 7?")
    await ann.hears("42")


async def test_a_window_that_closed_sooner_than_it_looked_holds_the_message(make_cloud: MakeCloud) -> None:
    system = await make_cloud(agent=TEMPLATE)
    (ann,) = system.phones
    await ann.fault("send", "fail", code=131047)
    await ann.say("what is 17 * 3?")
    await ann.sees(lambda bubble: bubble.template is not None, "the template")
    await ann.say("hello")
    await ann.hears("51")
    await system.quiet()
    assert sum("51" in text for text in await ann.texts()) == 1


# ── buttons ────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_tap_on_yes_does_it_once_and_a_tap_on_no_does_not(on_cloud: CloudSystem) -> None:
    ann = on_cloud.owner()
    question = await ask(ann, "teal")
    yes, no = titles(question)
    await ann.press(yes)
    await ann.press(yes, question.id)
    await one_press(on_cloud, ann, "teal")
    await ann.press(no, question.id)  # too late
    await on_cloud.quiet()
    assert on_cloud.pressed.count("teal") == 1
    question = await ask(ann, "lime")
    await ann.press(no, question.id)
    await ann.hears("did not press")
    await nothing_more(on_cloud, ann, "lime")


def titles(question: Bubble) -> list[str]:
    return [button.title for button in question.buttons]


# ── people ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_owner_who_hides_the_number_is_answered_and_confirms(make_cloud: MakeCloud) -> None:
    system = await make_cloud(owners=0)
    ann = await system.phone("Ann", hide_phone=True, username="ann.l")
    await ann.say(await system.claim())
    await ann.hears("You are my owner now")
    question = await ask(ann, "red")
    await ann.press(titles(question)[0])
    await one_press(system, ann, "red")
    await system.restart_agent()
    await ann.say("what is 6 * 7?")
    await ann.hears("42")
    assert len(system.conversations(ann)) == 1
    assert {line.answer for line in await system.graph.log("refused", system.cleo)} == set()


async def test_who_changes_the_number_stays_the_same_person(on_cloud: CloudSystem) -> None:
    ann = on_cloud.owner()
    await ann.say("note: the gate code is 4711")
    await ann.hears("4711")
    await ann.move()
    await ann.say("my notes")
    await ann.hears("gate code is 4711")
    await on_cloud.quiet()
    assert len(on_cloud.conversations(ann)) == 1
    assert states(on_cloud, ann)[-1] == "delivered"

"""Nothing is done without a 👍, whoever falls over meanwhile. `pressed` are the effects."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from tests.scenarios.conftest import MakeSystem
from tests.support.phone import Bubble, Phone
from tests.support.program import until
from tests.support.system import System


async def ask(phone: Phone, button: str) -> Bubble:
    """Ask for something that needs a yes; gives the question."""
    await phone.say(f"/press {button}")
    return await phone.hears(f"Confirm: press a button.*{button}")


def ref(question: Bubble) -> str:
    found = re.search(r"· ([0-9A-Z]{4})", question.text)
    assert found
    return found[1]


async def one_press(system: System, phone: Phone, button: str) -> None:
    """Wait for the outcome, and see that it happened once and was told once."""
    await phone.hears(f"^Pressed {button}")
    await system.quiet()
    assert system.pressed.count(button) == 1
    assert sum(f"Pressed {button}" in text for text in await phone.texts()) == 1


@asynccontextmanager
async def chatter(phone: Phone) -> AsyncGenerator[None]:
    """Let somebody write now and then."""

    async def write() -> None:
        while True:
            await phone.say("hello")
            await asyncio.sleep(2)

    writing = asyncio.create_task(write())
    try:
        yield
    finally:
        writing.cancel()
        with suppress(asyncio.CancelledError):
            await writing


async def nothing_more(system: System, phone: Phone, button: str) -> None:
    """See that nothing is done and nothing more is said, now that everything has settled."""
    shown = len(await phone.bubbles())
    await system.quiet()
    assert button not in system.pressed
    assert len(await phone.bubbles()) == shown


# ── answers ────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_thumbs_up_does_it_and_the_question_shows_that_it_was_done(shared: System) -> None:
    ann = shared.owner()
    question = await ask(ann, "red")
    await nothing_more(shared, ann, "red")
    await ann.react(question.id, "👍🏽")
    sign = await ann.hears(kind="reaction")
    assert sign.reaction and (sign.reaction.id, sign.reaction.emoji) == (question.id, "🟢")
    await one_press(shared, ann, "red")


async def test_a_quoted_yes_does_it(shared: System) -> None:
    ann = shared.owner()
    question = await ask(ann, "orange")
    await ann.reply(question.id, "ok")
    await one_press(shared, ann, "orange")


async def test_a_bare_yes_does_it(shared: System) -> None:
    ann = shared.owner()
    await ask(ann, "yellow")
    await ann.say("Yes!")
    await one_press(shared, ann, "yellow")


async def test_a_no_with_a_reason_reaches_the_model(shared: System) -> None:
    ann = shared.owner()
    question = await ask(ann, "green")
    await ann.reply(question.id, "no, because the paint is wet")
    await ann.hears("did not press")
    assert any("The user said NO (because the paint is wet)" in body for body in shared.history(ann))
    await nothing_more(shared, ann, "green")


async def test_a_thumbs_up_twice_does_it_once(shared: System) -> None:
    ann = shared.owner()
    question = await ask(ann, "blue")
    await ann.react(question.id, "👍")
    await ann.react(question.id, "👍")
    await one_press(shared, ann, "blue")
    await ann.react(question.id, "👍")
    await ann.say("yes")
    await ann.hears("no open question")
    await shared.quiet()
    assert shared.pressed.count("blue") == 1


async def test_the_second_of_two_questions_is_answered_and_the_first_waits(shared: System) -> None:
    ann = shared.owner()
    first = await ask(ann, "violet")
    second = await ask(ann, "brown")
    await ann.react(second.id, "👍")
    await one_press(shared, ann, "brown")
    assert "violet" not in shared.pressed
    await ann.say(f"yes {ref(first)}")
    await one_press(shared, ann, "violet")


async def test_the_first_of_two_questions_is_answered_and_the_second_waits(shared: System) -> None:
    ann = shared.owner()
    first = await ask(ann, "ivory")
    second = await ask(ann, "amber")
    await ann.react(first.id, "👍")
    await one_press(shared, ann, "ivory")
    assert "amber" not in shared.pressed
    await ann.react(second.id, "👍")
    await one_press(shared, ann, "amber")


async def test_a_thumbs_up_of_somebody_else_counts_for_nothing(make_system: MakeSystem) -> None:
    system = await make_system(owners=2, users=1)
    (ann, ben), bob, eve = system.owners, system.users[0], await system.stranger()
    if system.capabilities.window:  # owners who never wrote cannot be asked
        for owner in (ann, ben):
            await owner.say("hello")
            await owner.hears()
    await bob.say("/press gold")
    await bob.hears("I asked my owner")
    anns = await ann.hears("Confirm: press a button.*gold")
    bens = await ben.hears("Confirm: press a button.*gold")
    for other in (bob, eve):
        await other.react(anns.id, "👍")
        await other.reply(anns.id, "yes")
        await other.say(f"yes {ref(anns)}")
    await system.quiet()
    await system.agent.stop()
    await system.start_agent(CLEO_OWNERS=f"+{ben.number}", CLEO_ALLOWED_USERS=f"+{bob.number}, +{ann.number}")
    await ann.react(anns.id, "👍")
    await ann.reply(anns.id, "yes")
    await system.quiet()
    assert system.pressed == []
    await ben.react(bens.id, "👍")
    await bob.hears("^Pressed gold")
    await system.quiet()
    assert system.pressed == ["gold"]


# ── time and crashes ───────────────────────────────────────────────────────────────────────────────────


async def test_a_question_expires_and_a_late_yes_does_nothing(make_system: MakeSystem) -> None:
    system = await make_system(agent={"CLEO_CONFIRM_MINUTES": "0.05"})
    ann = system.owners[0]
    question = await ask(ann, "silver")
    await ann.hears("nobody answered")
    await ann.react(question.id, "👍")
    await ann.hears("expired")
    await nothing_more(system, ann, "silver")


async def test_a_question_outlives_the_death_of_the_agent_of_what_is_beside_it_and_of_all(
    shared: System,
) -> None:
    ann = shared.owner()
    for button, restart in (
        ("agent", shared.restart_agent),
        ("beside", shared.restart_beside),
        ("all", shared.restart),
    ):
        question = await ask(ann, button)
        await restart()
        await ann.react(question.id, "👍")
        await one_press(shared, ann, button)


async def test_a_thumbs_up_while_everything_is_down_counts_later(shared: System) -> None:
    ann = shared.owner()
    question = await ask(ann, "pink")
    await shared.kill_all()
    await ann.react(question.id, "👍")
    await shared.start()
    await one_press(shared, ann, "pink")


async def test_a_death_right_after_the_thumbs_up_does_it_at_most_once(shared: System) -> None:
    ann = shared.owner()
    question = await ask(ann, "grey")
    await ann.react(question.id, "👍")

    async def decided() -> bool:
        states = "select state from confirmations where ref = ?"
        return shared.rows(states, ref(question)) != [("pending",)]

    await until("the vote", decided)
    await shared.restart_agent()
    async with chatter(shared.owner()):  # what was cut off is repeated only once WhatsApp is heard from
        await ann.hears("Pressed grey|may already have done")
    await shared.quiet()
    assert shared.pressed.count("grey") <= 1

"""What a yes is good for: exactly what was shown, for a while, from an owner, given after the question was there."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import AfterValidator, Field
from pydantic_ai.models.function import FunctionModel
from tests.support.agent_harness import FRIEND, OWNER, AgentHarness

from cleo.agent import ModelLoop, RunLimits
from cleo.domain.access import Access
from cleo.domain.confirmation import GRANT_AGE, State
from cleo.domain.content import Content, Reaction
from cleo.domain.conversation import Conversation
from cleo.domain.identity import Address
from cleo.domain.message import Quoted, SendKey
from cleo.ports import Held, Outcome, Tool

SECOND = Address("phone:+4915100000003")
BOTH = Access(owners=frozenset({OWNER, SECOND}), users=frozenset({FRIEND}))

effects: list[str] = []
meaning: dict[str, str] = {}


def meant(word: str) -> str:
    """Turn a word such as "it" into what it means now."""
    return meaning.get(word, word)


async def wipe(name: Annotated[str, AfterValidator(meant)]) -> str:
    """Wipe something."""
    effects.append(name)
    return f"wiped {name}"


async def wipe_and_burn(name: Annotated[str, AfterValidator(meant)]) -> str:
    """Wipe something and burn it."""
    effects.append(name)
    return f"burned {name}"


async def wipe_a_person(name: Annotated[str, Field(description="who"), AfterValidator(meant)]) -> str:
    """Wipe something."""
    effects.append(name)
    return f"wiped out {name}"


def wiping(function: Callable[..., Awaitable[str]] = wipe) -> Tool:
    return Tool(name="wipe", function=function, requires_confirmation=True)


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AgentHarness]:
    effects.clear()
    meaning.clear()
    harness = AgentHarness(tmp_path, [wiping()], access=BOTH)
    yield harness
    await harness.store.close()


async def restarted(
    harness: AgentHarness, *, function: Callable[..., Awaitable[str]] = wipe, access: Access = BOTH
) -> None:
    """Stop Cleo and start another version of it on the same data; it has not worked yet."""
    await harness.store.close()
    harness.tools = {"wipe": wiping(function)}
    harness.access = access
    harness.loop = ModelLoop(
        model=FunctionModel(harness.model), tools=harness.tools.values(), bounds=RunLimits()
    )
    harness.open()


async def state(harness: AgentHarness) -> State:
    row = await harness.store.read(lambda tx: tx.confirmations.get(harness.ref()))
    assert row is not None
    return row.state


async def ask(harness: AgentHarness, name: str = "disk", *, meanwhile: bool, sender: Address = OWNER) -> None:
    """Let Cleo ask; `meanwhile` somebody speaks of other things, so that the question lives on alone."""
    await harness.say(f'do wipe {{"name": "{name}"}}', sender)
    if meanwhile:
        await harness.say("what is the weather?", sender)


async def thumbs_up(harness: AgentHarness, sender: Address = OWNER) -> None:
    """Say yes; Cleo stops before it acts."""
    asked = [each for each in harness.channel.delivered if each.key.startswith("ask:") and sender in each.to]
    await harness.hear(Reaction(emoji="👍", to=asked[-1].id), sender)
    assert await state(harness) == "approved"


parked_or_alone = pytest.mark.parametrize("meanwhile", [False, True])


# ── exactly what was shown ─────────────────────────────────────────────────────────────────────────────


@parked_or_alone
async def test_a_yes_to_a_call_whose_arguments_mean_something_else_by_now_runs_nothing(
    harness: AgentHarness, meanwhile: bool
) -> None:
    meaning["it"] = "disk"
    await ask(harness, "it", meanwhile=meanwhile)
    assert "`disk`" in harness.question().text
    await thumbs_up(harness)
    meaning.update(it="tape", disk="tape")
    await harness.settle()
    assert effects == []
    assert await state(harness) == "cancelled"
    assert "NOT DONE" in harness.channel.delivered[-1].text


@parked_or_alone
@pytest.mark.parametrize("changed", [wipe_and_burn, wipe_a_person])
async def test_a_yes_to_a_tool_that_is_another_one_since_an_update_runs_nothing(
    harness: AgentHarness, changed: Callable[..., Awaitable[str]], meanwhile: bool
) -> None:
    await ask(harness, meanwhile=meanwhile)
    await thumbs_up(harness)
    await restarted(harness, function=changed)
    await harness.settle()
    assert effects == []
    assert await state(harness) == "cancelled"
    assert "NOT DONE" in harness.channel.delivered[-1].text


@parked_or_alone
async def test_a_yes_to_the_same_tool_and_arguments_outlives_an_update(
    harness: AgentHarness, meanwhile: bool
) -> None:
    meaning["it"] = "disk"
    await ask(harness, "it", meanwhile=meanwhile)
    await thumbs_up(harness)
    await restarted(harness)
    await harness.settle()
    assert effects == ["disk"]
    assert await state(harness) == "succeeded"


# ── for a while ────────────────────────────────────────────────────────────────────────────────────────


@parked_or_alone
@pytest.mark.parametrize(
    ("seconds", "done"), [(GRANT_AGE - 1, ["disk"]), (GRANT_AGE, []), (GRANT_AGE + 3600, [])]
)
async def test_a_yes_that_could_not_be_acted_on_for_a_quarter_of_an_hour_is_none(
    harness: AgentHarness, seconds: float, done: list[str], meanwhile: bool
) -> None:
    await ask(harness, meanwhile=meanwhile)
    await thumbs_up(harness)
    harness.clock.advance(seconds)
    await harness.restart()
    assert effects == done
    assert await state(harness) == ("succeeded" if done else "expired")
    assert ("NOT DONE" in harness.channel.delivered[-1].text) == (not done)


# ── from an owner ──────────────────────────────────────────────────────────────────────────────────────


@parked_or_alone
@pytest.mark.parametrize("still", [frozenset({FRIEND}), frozenset({FRIEND, SECOND})])
async def test_a_yes_of_somebody_who_is_no_owner_any_more_is_none(
    harness: AgentHarness, still: frozenset[Address], meanwhile: bool
) -> None:
    await ask(harness, meanwhile=meanwhile, sender=FRIEND)
    await thumbs_up(harness, SECOND)
    await restarted(harness, access=Access(owners=frozenset({OWNER}), users=still))
    await harness.settle()
    assert effects == []
    assert await state(harness) == "expired"


async def test_a_yes_of_an_owner_counts_although_the_one_who_asked_is_a_stranger_by_now(
    harness: AgentHarness,
) -> None:
    await ask(harness, meanwhile=False, sender=FRIEND)
    await thumbs_up(harness, SECOND)
    await restarted(harness, access=Access(owners=frozenset({OWNER, SECOND})))
    await harness.settle()
    assert effects == ["disk"]


# ── given after the question was there ─────────────────────────────────────────────────────────────────


async def bare_yes(harness: AgentHarness, seconds: float) -> None:
    """Hear a "yes" that was written so many seconds after the question arrived, whenever it comes in."""
    row = await harness.store.read(lambda tx: tx.confirmations.get(harness.ref()))
    assert row is not None
    assert row.asked_at is not None
    await harness.say("yes", at=int((row.asked_at + seconds) * 1000))


@parked_or_alone
@pytest.mark.parametrize("seconds", [-3600, -60, -2.5])
async def test_a_yes_that_was_written_before_the_question_is_about_something_else(
    harness: AgentHarness, seconds: float, meanwhile: bool
) -> None:
    await ask(harness, meanwhile=meanwhile)
    await bare_yes(harness, seconds)
    assert effects == []
    assert await state(harness) == "pending"


@pytest.mark.parametrize("seconds", [-2.0, -1.0, 0.0, 60.0])
async def test_a_yes_counts_although_the_clock_of_the_phone_is_a_little_behind(
    harness: AgentHarness, seconds: float
) -> None:
    await ask(harness, meanwhile=False)
    await bare_yes(harness, seconds)
    assert effects == ["disk"]


async def test_a_yes_in_a_chat_that_the_question_did_not_reach_is_about_something_else(
    harness: AgentHarness,
) -> None:
    """The question went to both owners. It reached one, and the other one has something else in mind."""
    send = harness.channel.send

    async def held_for_second(
        to: Conversation, content: Content, *, key: SendKey, quoted: Quoted | None
    ) -> Outcome:
        if to.address == SECOND:
            return Held(reason="they have not written for a day")
        return await send(to, content, key=key, quoted=quoted)

    harness.channel.send = held_for_second
    await ask(harness, meanwhile=False, sender=FRIEND)
    await harness.say("yes", SECOND)
    assert effects == []
    assert await state(harness) == "pending"
    await harness.say(f"yes {harness.ref()}", OWNER)
    assert effects == ["disk"]

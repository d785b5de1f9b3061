"""A phone number that belongs to another WhatsApp account than before."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.agent_harness import FRIEND, OWNER, STRANGER, AgentHarness

from cleo.agent.new_holder import WORDS
from cleo.domain.content import Reaction, Text
from cleo.domain.identity import Address
from cleo.ports import Tool, Transaction

FIRST, SECOND = frozenset({Address("lid:1")}), frozenset({Address("lid:2")})
NOTICE = WORDS.format(number=FRIEND.partition(":")[2])

effects: list[str] = []


async def wipe(name: str) -> str:
    """Wipe something."""
    effects.append(name)
    return f"wiped {name}"


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AgentHarness]:
    effects.clear()
    harness = AgentHarness(tmp_path, [Tool(name="wipe", function=wipe, requires_confirmation=True)])
    yield harness
    await harness.store.close()


async def test_who_has_the_number_now_learns_nothing_of_who_had_it(harness: AgentHarness) -> None:
    await harness.say("my secret is blue", FRIEND, aliases=FIRST)
    said = await harness.say("what is my secret?", FRIEND, aliases=SECOND)
    assert not any("blue" in str(message) for message in harness.model.seen[-1])
    assert said.count(NOTICE) == 1
    notices = [each for each in harness.channel.delivered if each.text == NOTICE]
    assert [OWNER in each.to for each in notices] == [True]
    await harness.say("and now?", FRIEND, aliases=SECOND)
    assert [each.text for each in harness.channel.delivered].count(NOTICE) == 1
    assert any("what is my secret" in str(message) for message in harness.model.seen[-1])


async def test_nobody_answers_what_the_one_before_was_asked(harness: AgentHarness) -> None:
    await harness.say('do wipe {"name": "disk"}', OWNER, aliases=FIRST)
    question, ref = harness.question().id, harness.ref()
    await harness.say(Reaction(emoji="👍", to=question), OWNER, aliases=SECOND)
    await harness.say("yes", OWNER, aliases=SECOND)
    await harness.say(f"yes {ref}", OWNER, aliases=SECOND)
    assert effects == []


async def test_what_is_still_to_be_sent_goes_to_who_had_the_number(harness: AgentHarness) -> None:
    await harness.say("hello", FRIEND, aliases=FIRST)
    [before] = {each.to for each in harness.channel.delivered}
    await harness.say("hello", FRIEND, aliases=SECOND)
    harness.channel.written_to.clear()

    def remind(tx: Transaction) -> None:
        to = tx.conversations.get(before)
        harness.queue.put(tx, to, Text(body="⏰ blue"), key="r", purpose="reminder")

    await harness.store.write(remind)
    await harness.engine.wake(before)
    await harness.settle()
    assert harness.channel.written_to == ["lid:1"]


async def test_who_is_not_answered_is_not_told_of(harness: AgentHarness) -> None:
    for aliases in (FIRST, SECOND):
        await harness.say("hello", STRANGER, aliases=aliases)
    assert harness.channel.delivered == []


async def test_a_number_whose_lid_becomes_known_keeps_its_conversation(harness: AgentHarness) -> None:
    await harness.say("my secret is blue", FRIEND)
    await harness.say("hello", FRIEND, aliases=FIRST)
    await harness.say("hello", FRIEND)
    assert any("blue" in str(message) for message in harness.model.seen[-1])
    assert NOTICE not in [each.text for each in harness.channel.delivered]

"""Another number behind an account is noticed while Cleo runs, and what was open is taken along."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.agent_harness import ACCOUNT, AgentHarness, FakeChannel

from cleo.agent import AccountWatch
from cleo.domain.content import Reaction
from cleo.ports import Tool


async def wipe() -> str:
    """Wipe the disk."""
    return "wiped"


class LinkedChannel(FakeChannel):
    """A channel that tells which number is linked."""

    linked: str | None = None

    async def number(self) -> str | None:
        return self.linked


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AgentHarness]:
    harness = AgentHarness(tmp_path, [Tool(name="wipe", function=wipe, requires_confirmation=True)])
    harness.channel = LinkedChannel()
    await harness.restart()
    yield harness
    await harness.store.close()


async def look(harness: AgentHarness, number: str | None) -> list[str]:
    """Look once at the linked number; tells what was said meanwhile."""
    assert isinstance(harness.channel, LinkedChannel)
    harness.channel.linked = number
    before = len(harness.channel.delivered)
    watch = AccountWatch(
        channels={ACCOUNT: harness.channel},
        store=harness.store,
        engine=harness.engine,
        clock=harness.clock,
        asker=harness.asker,
        delivery=harness.delivery,
    )
    await watch.note(ACCOUNT, "baileys")  # as each start does, which does not know the number yet
    await watch.look()
    await harness.settle()
    return [message.text for message in harness.channel.delivered[before:]]


async def test_a_number_that_becomes_known_changes_nothing(harness: AgentHarness) -> None:
    await harness.say("do wipe {}")
    assert await look(harness, None) == []
    assert await look(harness, "4915100000009@s.whatsapp.net") == []
    assert await look(harness, None) == []
    assert await look(harness, "4915100000009@s.whatsapp.net") == []


async def test_another_number_asks_open_questions_anew(harness: AgentHarness) -> None:
    await harness.say("do wipe {}")
    old = harness.question()
    await look(harness, "4915100000009@s.whatsapp.net")
    assert await look(harness, "4915100000010@s.whatsapp.net") == [old.text]
    await harness.hear(Reaction(emoji="👍", to=old.id))
    await harness.settle()
    assert "wiped" not in harness.channel.delivered[-1].text, "the old message asks nothing any more"
    assert await harness.react("👍", harness.question().id) == ["wiped"]

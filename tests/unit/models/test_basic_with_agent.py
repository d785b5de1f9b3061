"""The rule model with the tools of Cleo in the whole agent: a first run, without any AI."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.agent_harness import FRIEND, AgentHarness

from cleo.agent import ModelLoop, RunLimits
from cleo.agent.sweep import Sweeper
from cleo.domain.content import File
from cleo.models import BasicModel
from cleo.tools import TOOLS, CronRepeats


class BasicHarness(AgentHarness):
    """The whole agent, with the rule model."""

    def open(self) -> None:
        self.loop = ModelLoop(model=BasicModel(), tools=TOOLS, bounds=RunLimits())
        super().open()
        self.sweeper = Sweeper(
            store=self.store,
            engine=self.engine,
            clock=self.clock,
            queue=self.queue,
            repeats=CronRepeats(),
        )


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[BasicHarness]:
    made = BasicHarness(tmp_path, TOOLS)
    yield made
    await made.store.close()


async def test_a_note_is_kept_found_and_deleted_only_after_a_yes(harness: BasicHarness):
    assert await harness.say("note: the gate code is 4711") == ["📝 Note 1 kept: the gate code is 4711"]
    assert "1. the gate code is 4711" in (await harness.say("what was the gate code?"))[0]
    await harness.say("delete note 1")
    assert "delete a note" in harness.question().text
    assert "1. the gate code is 4711" in harness.question().text
    assert "4711" in (await harness.say("my notes"))[0]
    said = await harness.react("👍", harness.question().id)
    assert any("Deleted the note: 1. the gate code is 4711" in text for text in said)
    assert await harness.say("my notes") == ["You have no notes."]


async def test_a_no_leaves_everything_as_it_was(harness: BasicHarness):
    await harness.say("note: keep me")
    await harness.say("delete the note about keep")
    said = await harness.react("👎", harness.question().id)
    assert any("did not delete note" in text for text in said)
    assert "1. keep me" in (await harness.say("my notes"))[0]


async def test_a_reminder_comes_when_it_is_due_and_again(harness: BasicHarness):
    assert "⏰ Reminder set for" in (await harness.say("remind me in 10 seconds to drink water"))[0]
    await harness.say("remind me every day at 8 to stretch")
    before = len(harness.channel.delivered)
    await harness.later(6)
    assert [one.text for one in harness.channel.delivered[before:]] == ["⏰ drink water"]
    for _ in range(2):
        await harness.later(24 * 3600)
    texts = [one.text for one in harness.channel.delivered[before:]]
    assert texts == ["⏰ drink water", "⏰ stretch", "⏰ stretch"]


async def test_several_messages_at_once_are_all_answered(harness: BasicHarness):
    for text in ("note: one", "2 + 2", "remind me tomorrow at 9 to call mum"):
        await harness.hear(text)
    harness.clock.advance(5)
    await harness.settle()
    everything = "\n".join(one.text for one in harness.channel.delivered)
    assert "Note 1 kept: one" in everything and "2 + 2 = 4" in everything and "call mum" in everything


async def test_a_message_to_somebody_else_goes_out_after_the_yes(harness: BasicHarness):
    number = FRIEND.removeprefix("phone:")
    await harness.say(f"tell {number} that I am late!")
    assert number in harness.question().text
    assert not any(one.text == "I am late!" for one in harness.channel.delivered)
    await harness.react("👍", harness.question().id)
    [sent] = [one for one in harness.channel.delivered if one.text == "I am late!"]
    assert sent.to != harness.question().to


async def test_a_file_is_received_and_comes_back(harness: BasicHarness):
    harness.channel.files["http://bridge/1"] = b"%PDF-1.7"
    file = File(kind="document", mimetype="application/pdf", name="plan.pdf", url="http://bridge/1")
    [reply] = await harness.say(file)
    assert "plan.pdf" in reply and "cannot read documents" in reply
    await harness.say("send me file plan.pdf")
    [back] = [one.content for one in harness.channel.delivered if isinstance(one.content, File)]
    assert back.name == "plan.pdf" and back.stored is not None


async def test_a_yes_counts_after_a_restart_and_after_other_messages(harness: BasicHarness):
    await harness.say("note: old")
    await harness.say("delete note 1")
    asked = harness.question().id
    await harness.restart()
    assert await harness.say("6 * 7") == ["6 * 7 = 42"]
    said = await harness.react("👍", asked)
    assert any("Deleted the note: 1. old" in text for text in said)
    assert not any("did not understand" in one.text for one in harness.channel.delivered)

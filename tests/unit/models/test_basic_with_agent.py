"""The rule model with the tools of Cleo in the whole agent: a first run, without any AI."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.agent_house import FRIEND, House

from cleo.agent import ModelLoop, RunLimits
from cleo.agent.sweep import Sweeper
from cleo.domain.content import File
from cleo.models import BasicModel
from cleo.tools import TOOLS, CronRepeats


class BasicHouse(House):
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
async def house(tmp_path: Path) -> AsyncIterator[BasicHouse]:
    made = BasicHouse(tmp_path, TOOLS)
    yield made
    await made.store.close()


async def test_a_note_is_kept_found_and_deleted_only_after_a_yes(house: BasicHouse):
    assert await house.say("note: the gate code is 4711") == ["📝 Note 1 kept: the gate code is 4711"]
    assert "1. the gate code is 4711" in (await house.say("what was the gate code?"))[0]
    await house.say("delete note 1")
    assert "delete a note" in house.question().text
    assert "1. the gate code is 4711" in house.question().text
    assert "4711" in (await house.say("my notes"))[0]
    said = await house.react("👍", house.question().id)
    assert any("Deleted the note: 1. the gate code is 4711" in text for text in said)
    assert await house.say("my notes") == ["You have no notes."]


async def test_a_no_leaves_everything_as_it_was(house: BasicHouse):
    await house.say("note: keep me")
    await house.say("delete the note about keep")
    said = await house.react("👎", house.question().id)
    assert any("did not delete note" in text for text in said)
    assert "1. keep me" in (await house.say("my notes"))[0]


async def test_a_reminder_comes_when_it_is_due_and_again(house: BasicHouse):
    assert "⏰ Reminder set for" in (await house.say("remind me in 10 seconds to drink water"))[0]
    await house.say("remind me every day at 8 to stretch")
    before = len(house.channel.delivered)
    await house.later(6)
    assert [one.text for one in house.channel.delivered[before:]] == ["⏰ drink water"]
    for _ in range(2):
        await house.later(24 * 3600)
    texts = [one.text for one in house.channel.delivered[before:]]
    assert texts == ["⏰ drink water", "⏰ stretch", "⏰ stretch"]


async def test_several_messages_at_once_are_all_answered(house: BasicHouse):
    for text in ("note: one", "2 + 2", "remind me tomorrow at 9 to call mum"):
        await house.hear(text)
    house.clock.advance(5)
    await house.settle()
    everything = "\n".join(one.text for one in house.channel.delivered)
    assert "Note 1 kept: one" in everything and "2 + 2 = 4" in everything and "call mum" in everything


async def test_a_message_to_somebody_else_goes_out_after_the_yes(house: BasicHouse):
    number = FRIEND.removeprefix("phone:")
    await house.say(f"tell {number} that I am late!")
    assert number in house.question().text
    assert not any(one.text == "I am late!" for one in house.channel.delivered)
    await house.react("👍", house.question().id)
    [sent] = [one for one in house.channel.delivered if one.text == "I am late!"]
    assert sent.to != house.question().to


async def test_a_file_is_received_and_comes_back(house: BasicHouse):
    house.channel.files["http://bridge/1"] = b"%PDF-1.7"
    file = File(kind="document", mimetype="application/pdf", name="plan.pdf", url="http://bridge/1")
    [reply] = await house.say(file)
    assert "plan.pdf" in reply and "cannot read documents" in reply
    await house.say("send me file plan.pdf")
    [back] = [one.content for one in house.channel.delivered if isinstance(one.content, File)]
    assert back.name == "plan.pdf" and back.stored is not None


async def test_a_yes_counts_after_a_restart_and_after_other_messages(house: BasicHouse):
    await house.say("note: old")
    await house.say("delete note 1")
    asked = house.question().id
    await house.restart()
    assert await house.say("6 * 7") == ["6 * 7 = 42"]
    said = await house.react("👍", asked)
    assert any("Deleted the note: 1. old" in text for text in said)
    assert not any("did not understand" in one.text for one in house.channel.delivered)

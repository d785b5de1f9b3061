"""Answers that come before anybody has told under which id their question is there."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.agent_harness import ACCOUNT, FRIEND, OWNER, AgentHarness

from cleo.domain.confirmation import EXPIRY
from cleo.domain.content import Content, MessageId, Reaction, Text
from cleo.domain.conversation import conversation_id
from cleo.domain.errors import SendError, SendUncertain
from cleo.domain.identity import PersonId
from cleo.domain.message import Quoted, Receipt, ReceiptState
from cleo.domain.webhook_batch import WebhookBatch, WebhookEvent
from cleo.ports import Capabilities, Outcome, Sent, Tool

FIRST = MessageId("FIRST")
"""Under which id WhatsApp knows the first attempt at the question."""

effects: list[str] = []


async def wipe(name: str) -> str:
    """Wipe something."""
    effects.append(name)
    return f"wiped {name}"


class AskingHarness(AgentHarness):
    """Asks the owner a question, whose send ends in some way."""

    async def ask(self, *ends: SendError | Outcome, repeats: bool = False) -> None:
        if not repeats:
            self.channel.capabilities = Capabilities(on_repeat="reconciled")
        self.channel.foresees = False
        self.channel.trouble = list(ends)
        await self.say('do wipe {"name": "disk"}')
        [self.open_question] = await self.store.read(lambda tx: tx.confirmation_lookup.pending())

    @property
    def key(self) -> str:
        return f"ask:{self.open_question.ref}:{conversation_id(ACCOUNT, PersonId(OWNER))}"

    @property
    def again(self) -> MessageId:
        """The id of the second attempt."""
        return MessageId(f"ID-{self.key}-again")

    def news(
        self, id: MessageId, state: ReceiptState = "delivered", *, key: str = "", attempt: int = 1
    ) -> Receipt:
        return Receipt(channel="whatsapp", chat=OWNER, of=(id,), state=state, at=0, key=key, attempt=attempt)

    async def tell(self, id: MessageId, state: ReceiptState = "delivered", *, key: str = "") -> None:
        """Let WhatsApp tell what became of a message."""
        self.count += 1
        meaning = self.news(id, state, key=key)
        event = WebhookEvent(key=f"{id}/{self.count}", kind="status", body="{}", meaning=meaning)
        await self.receiver.batch(WebhookBatch(channel="whatsapp", raw=b"{}", events=(event,)))
        await self.settle()

    async def doubt(self, rounds: int, *, news: bool = True) -> None:
        """Let time pass in which nothing is told about the question."""
        for _ in range(rounds):
            self.clock.advance(20)
            if news:
                await self.tell(MessageId("another"))
            await self.settle()


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AskingHarness]:
    effects.clear()
    harness = AskingHarness(tmp_path, [Tool(name="wipe", function=wipe, requires_confirmation=True)])
    yield harness
    await harness.store.close()


def reaction(emoji: str = "👍", to: MessageId = FIRST) -> Reaction:
    return Reaction(emoji=emoji, to=to)


def texts(harness: AgentHarness) -> list[str]:
    return [each.text for each in harness.channel.delivered if each.text]


async def answer(harness: AgentHarness, content: Content | str, to: MessageId = FIRST) -> None:
    """Answer by a reaction or, with a text, by a reply."""
    if isinstance(content, str):
        await harness.say(content, quoted=Quoted(id=to))
    else:
        await harness.say(content)


@pytest.mark.parametrize("said", [reaction(), "yes", "ok", "👍"])
async def test_a_yes_counts_once_the_id_of_its_question_is_told(
    harness: AskingHarness, said: Content | str
) -> None:
    await harness.ask(SendUncertain("cut off"))
    await answer(harness, said)
    assert effects == []
    await harness.restart()
    await harness.tell(FIRST, key=harness.key)
    await harness.tell(FIRST, "read", key=harness.key)
    assert (effects, texts(harness)[-1]) == (["disk"], "wiped disk")


@pytest.mark.parametrize("said", [reaction("👎"), "no", "no, the other disk"])
async def test_a_no_counts_as_well(harness: AskingHarness, said: Content | str) -> None:
    await harness.ask(SendUncertain("cut off"))
    await answer(harness, said)
    await harness.tell(FIRST, key=harness.key)
    assert effects == []
    [told] = texts(harness)
    assert told.startswith("The user said NO")


async def test_an_answer_that_was_taken_back_before_counts_for_nothing(harness: AskingHarness) -> None:
    await harness.ask(SendUncertain("cut off"))
    await answer(harness, reaction())
    await answer(harness, reaction(""))
    await harness.tell(FIRST, key=harness.key)
    assert effects == []
    await answer(harness, reaction())
    assert effects == ["disk"]


async def test_an_answer_may_overtake_the_response_to_the_send(harness: AskingHarness) -> None:
    send = harness.channel.send

    async def slow(*args: object, **more: object) -> Outcome:
        harness.channel.send = send
        await harness.hear(reaction())
        return Sent(message_id=FIRST, state="accepted")

    harness.channel.send = slow  # type: ignore[method-assign]  # the other side is quicker
    harness.channel.capabilities = Capabilities(on_repeat="reconciled")
    harness.channel.foresees = False
    await harness.say('do wipe {"name": "disk"}')
    assert (effects, texts(harness)[-1]) == (["disk"], "wiped disk")


async def test_an_answer_waits_as_well_where_a_repeated_send_tells_the_id(harness: AskingHarness) -> None:
    await harness.ask(SendUncertain("cut off"), repeats=True)
    await answer(harness, reaction(to=MessageId(f"ID-{harness.key}")))
    assert (effects, texts(harness)[-1]) == (["disk"], "wiped disk")


@pytest.mark.parametrize("which", [0, 1])
async def test_where_both_attempts_arrived_each_is_the_question(harness: AskingHarness, which: int) -> None:
    await harness.ask(SendUncertain("cut off"))
    await harness.doubt(2)
    assert harness.question().id == harness.again
    await harness.tell(FIRST, key=harness.key)
    await answer(harness, reaction(to=[FIRST, harness.again][which]))
    assert effects == ["disk"]


async def test_an_answer_to_the_first_of_two_attempts_waits_for_its_id(harness: AskingHarness) -> None:
    await harness.ask(SendUncertain("cut off"))
    await harness.doubt(2)
    await answer(harness, "yes")
    assert (effects, f"write: yes {harness.open_question.ref}" in texts(harness)[-1]) == ([], True)
    await harness.tell(FIRST, key=harness.key)
    assert effects == ["disk"]


async def test_where_the_first_arrives_while_the_second_is_sent_each_is_the_question(
    harness: AskingHarness,
) -> None:
    await harness.ask(SendUncertain("cut off"))
    send = harness.channel.send

    async def slow(*args: object, **more: object) -> Outcome:
        harness.channel.send = send
        await harness.receiver.receipt(harness.news(FIRST, key=harness.key))
        return Sent(message_id=MessageId("SECOND"), state="accepted")

    harness.channel.send = slow  # type: ignore[method-assign]  # the other side is quicker
    await harness.doubt(2)
    await answer(harness, reaction(to=MessageId("SECOND")))
    assert effects == ["disk"]


async def test_who_answered_is_told_how_to_answer_when_nobody_ever_knows(harness: AskingHarness) -> None:
    await harness.ask(SendUncertain("cut off"))
    await answer(harness, "yes")
    assert texts(harness) == []
    await harness.doubt(5, news=False)
    ref = harness.open_question.ref
    assert [f"write: yes {ref}" in text for text in texts(harness)] == [True]
    await harness.say(f"yes {ref}")
    assert effects == ["disk"]


async def test_a_question_of_which_nobody_knows_is_open_for_as_long_as_any(harness: AskingHarness) -> None:
    await harness.ask(SendUncertain("cut off"))
    await harness.doubt(5, news=False)
    await harness.later(EXPIRY - 61)
    assert texts(harness) == []
    await harness.later(122)
    assert ["nobody answered in time" in text for text in texts(harness)] == [True]
    await harness.tell(FIRST, key=harness.key)
    await answer(harness, reaction())
    assert effects == []


async def test_what_cannot_be_an_answer_waits_for_nothing(harness: AskingHarness) -> None:
    await harness.say("hello")
    greeting = harness.channel.delivered[-1]
    await harness.ask(SendUncertain("cut off"))
    await harness.hear("yes", quoted=Quoted(id=greeting.id))  # another message of Cleo's
    await harness.hear("yes", quoted=Quoted(id=MessageId("M1")))  # one of their own
    await harness.hear(Text(body="what is that?"), quoted=Quoted(id=FIRST))
    await harness.hear(reaction("❤"))
    await harness.hear(reaction(), FRIEND)
    states = await harness.store.read(
        lambda tx: [each.state for each in tx.inbox_lookup.early(conversation_id(ACCOUNT, PersonId(OWNER)))]
    )
    assert states == []
    await harness.tell(FIRST, key=harness.key)
    assert effects == []


async def test_an_id_that_belongs_to_nothing_asked_makes_nobody_wait(harness: AskingHarness) -> None:
    """Without a question in doubt a yes under an unknown message is for the model."""
    await harness.ask(Sent(message_id=FIRST))
    await harness.say("yes", quoted=Quoted(id=MessageId("from long ago")))
    assert effects == []
    assert "you said" in texts(harness)[-1]

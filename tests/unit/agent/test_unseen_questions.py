"""Questions that did not reach everybody, or nobody yet; and those that a kill leaves behind."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.agent_harness import FRIEND, OWNER, AgentHarness

from cleo.agent.loop_guard import LoopGuard
from cleo.agent.run.claim import MOST, ClaimedRun, Claimer, Wait
from cleo.domain.access import Access
from cleo.domain.confirmation import UNDELIVERED
from cleo.domain.content import Choices, Chosen, Content, MessageId, Reaction, Text
from cleo.domain.conversation import AccountKey, Conversation, conversation_id
from cleo.domain.errors import SendFailed, SendUncertain
from cleo.domain.identity import Address
from cleo.domain.message import Inbound, Quoted, Receipt, SendKey
from cleo.domain.run import Run, RunId
from cleo.domain.webhook_batch import WebhookBatch, WebhookEvent
from cleo.ports import Held, Outcome, Refused, Sent, Tool, ToolContext, Transaction

SECOND = Address("phone:+4915100000003")

effects: list[str] = []
dying: list[AgentHarness] = []


async def wipe(name: str) -> str:
    """Wipe something."""
    effects.append(name)
    return f"wiped {name}"


async def jot(ctx: ToolContext, text: str) -> str:
    """Write something down; the process may end before the model hears of it."""
    while dying:
        dying.pop().model.fail = [RuntimeError("killed")]
    return f"noted {text}"


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AgentHarness]:
    effects.clear()
    dying.clear()
    access = Access(owners=frozenset({OWNER, SECOND}), users=frozenset({FRIEND}))
    tools = [Tool(name="wipe", function=wipe, requires_confirmation=True), Tool(name="jot", function=jot)]
    harness = AgentHarness(tmp_path, tools, access=access)
    yield harness
    await harness.store.close()


def answer_for(harness: AgentHarness, address: Address, outcome: Outcome) -> None:
    """From now on, what goes to this address ends like this."""
    send = harness.channel.send

    async def picky(to: Conversation, content: Content, *, key: SendKey, quoted: Quoted | None) -> Outcome:
        if to.address == address:
            return outcome
        return await send(to, content, key=key, quoted=quoted)

    harness.channel.send = picky


async def heard(harness: AgentHarness, text: str, sender: Address = OWNER) -> None:
    """Hear a message that opens the window, and work."""
    harness.clock.advance(5)
    at = int(harness.clock.now() * 1000)
    id = MessageId(f"H{at}")
    inbound = Inbound(channel="whatsapp", chat=sender, id=id, sender=sender, content=Text(body=text), at=at)
    item = WebhookEvent(
        key=f"message/{id}", kind="message/text", body="{}", meaning=inbound, opens_window=True
    )
    await harness.receiver.batch(WebhookBatch(channel="whatsapp", raw=b"{}", events=(item,)))
    await harness.settle()


async def fails_for_silence(harness: AgentHarness, id: str) -> None:
    receipt = Receipt(
        channel="whatsapp", chat=OWNER, of=(MessageId(id),), state="failed", at=1, reason="131047", held=True
    )
    item = WebhookEvent(key=f"status/{id}/failed", kind="status/failed", body="{}", meaning=receipt)
    await harness.receiver.batch(WebhookBatch(channel="whatsapp", raw=b"{}", events=(item,)))
    await harness.settle()


async def test_an_owner_who_cannot_be_reached_takes_the_question_from_nobody_else(
    harness: AgentHarness,
) -> None:
    answer_for(harness, SECOND, Refused(reason="they have not written for a day", code=131047))
    await harness.say('do wipe {"name": "disk"}', FRIEND)
    assert await harness.react("👍", harness.question().id) == ["wiped disk"]
    assert effects == ["disk"]


async def test_a_question_that_reaches_no_owner_is_closed(harness: AgentHarness) -> None:
    for owner in (OWNER, SECOND):
        answer_for(harness, owner, Refused(reason="they have not written for a day", code=131047))
    await harness.say('do wipe {"name": "disk"}', FRIEND)
    await harness.settle()
    assert "could not be delivered" in harness.channel.delivered[-1].text


async def test_a_bare_yes_answers_no_question_that_this_chat_has_not_seen(harness: AgentHarness) -> None:
    answer_for(harness, SECOND, Held(reason="they have not written for a day"))
    await harness.say('do wipe {"name": "disk"}', FRIEND)
    await heard(harness, "yes", SECOND)
    assert effects == []
    await heard(harness, f"yes {harness.ref()}", OWNER)
    assert effects == ["disk"]


async def test_a_question_that_was_held_after_all_is_as_if_not_asked_yet(harness: AgentHarness) -> None:
    harness.channel.trouble = [Sent(message_id=MessageId("W1"), state="accepted")]
    await harness.say('do wipe {"name": "disk"}')
    await fails_for_silence(harness, "W1")
    await harness.later(3600)
    await heard(harness, "yes")
    assert effects == []
    assert await harness.react("👍", harness.question().id) == ["wiped disk"]


async def test_a_tap_counts_while_the_second_id_of_a_question_is_not_known(harness: AgentHarness) -> None:
    harness.channel.foresees = False
    harness.channel.trouble = [Sent(message_id=MessageId("W1"), state="accepted")]
    await harness.say('do wipe {"name": "disk"}')
    await fails_for_silence(harness, "W1")
    [asking] = await harness.store.read(lambda tx: tx.outbox_lookup.held())
    harness.channel.trouble = [SendUncertain("cut off")]
    await heard(harness, "hello")
    tap = Chosen(id=f"yes:{asking.asks}", title="👍")
    await harness.hear(tap, quoted=Quoted(id=MessageId("W2")))
    await harness.settle()
    assert effects == ["disk"]


async def test_a_question_that_was_closed_while_it_was_held_is_not_asked_any_more(
    harness: AgentHarness,
) -> None:
    harness.channel.trouble = [Held(reason="a day of silence")]
    await harness.say('do wipe {"name": "disk"}')
    await harness.later(UNDELIVERED + 1)
    await heard(harness, "back")
    assert not [message for message in harness.channel.delivered if isinstance(message.content, Choices)]


async def test_a_killed_run_in_a_group_still_knows_who_asked(harness: AgentHarness) -> None:
    group = Address("group:1")
    harness.access = harness.receiver._access = Access(  # pyright: ignore[reportPrivateUsage]
        owners=frozenset({OWNER}), groups=frozenset({group})
    )
    await harness.say('do wipe {"name": "disk"}', chat=group, is_group=True)
    chat = conversation_id(AccountKey("whatsapp"), group)

    def killed(tx: Transaction) -> ClaimedRun | Wait | None:
        """Leave what a kill after the first checkpoint left, and go on."""
        tx.transcript.park(chat, None)
        tx.runs.start(Run(id=RunId("r"), conversation=chat, kind="resume", attempts=1, prompted=True))
        guard = LoopGuard(access=harness.access, queue=harness.queue)
        claimer = Claimer(access=harness.access, queue=harness.queue, guard=guard)
        return claimer.claim(tx, tx.workloads.look(chat, MOST), 0.0, busy=False)

    claimed = await harness.store.write(killed)
    assert isinstance(claimed, ClaimedRun)
    assert claimed.person == OWNER


async def test_a_yes_counts_although_a_run_was_killed_that_had_put_the_question_off(
    harness: AgentHarness,
) -> None:
    await harness.say('do wipe {"name": "disk"}')
    dying.append(harness)
    await harness.hear('do jot {"text": "milk"}')
    with pytest.raises(RuntimeError):
        await harness.settle()
    harness.engine.waiting.clear()
    await harness.restart()
    assert "noted milk" in harness.channel.delivered[-1].text
    assert await harness.react("👍", harness.question().id) == ["wiped disk"]


async def test_what_was_held_goes_out_after_a_move_to_a_way_that_holds_nothing(harness: AgentHarness) -> None:
    harness.channel.trouble = [Held(reason="a day of silence")]
    await harness.say("hello")
    for number in ("cloud:1001", "baileys"):
        await harness.switch(number)
    await harness.settle()
    assert [message.text for message in harness.channel.delivered] == ["you said: hello"]


async def test_a_thumbs_up_that_comes_after_its_own_removal_is_none(harness: AgentHarness) -> None:
    """Meta promises no order: the 👍 may have met a full disk, and come again later."""
    await harness.say('do wipe {"name": "disk"}')
    asked = harness.question().id
    given = int(harness.clock.now() * 1000)
    await harness.say(Reaction(emoji="", to=asked), at=given + 4000)
    await harness.say(Reaction(emoji="👍", to=asked), at=given)
    assert effects == []
    await harness.say(Reaction(emoji="👍", to=asked), at=given + 9000)
    assert effects == ["disk"]


async def test_a_question_is_asked_anew_at_each_move_and_never_by_what_was_not_sent(
    harness: AgentHarness,
) -> None:
    await harness.switch("first")
    harness.channel.trouble = [SendFailed("away", retry_after=60)]
    await harness.say('do wipe {"name": "disk"}')
    for number in ("second", "third"):
        await harness.switch(number)
        await harness.later(1)
    await harness.later(120)
    assert len({each.ref for each in harness.questions()}) == 1
    assert len(harness.questions()) == 2
    recent = await harness.store.read(lambda tx: tx.outbox_lookup.recent(10))
    assert [each.state for each in recent if each.key.startswith("ask:")] == ["sent", "sent", "failed"]
    assert await harness.react("👍", harness.question().id) == ["wiped disk"]


async def test_an_owner_with_several_addresses_is_asked_at_the_number(harness: AgentHarness) -> None:
    both = frozenset({Address("lid:1"), OWNER})
    await harness.store.write(lambda tx: tx.people.resolve(both, "Tom", 0.0))
    await harness.say('do wipe {"name": "disk"}', FRIEND)
    assert OWNER in harness.channel.written_to


async def test_of_many_calls_each_is_told_that_nobody_may_say_yes(tmp_path: Path) -> None:
    access = Access(users=frozenset({FRIEND}))
    tools = [Tool(name="wipe", function=wipe, requires_confirmation=True)]
    harness = AgentHarness(tmp_path, tools, access=access)
    [said] = await harness.say("\n".join(f'do wipe {{"name": "d{n}"}}' for n in range(5)), FRIEND)
    assert said.count("nobody may say yes") == 5
    await harness.store.close()

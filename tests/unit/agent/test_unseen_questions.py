"""Questions that did not reach everybody, or nobody yet; and those that a kill leaves behind."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.agent_house import FRIEND, OWNER, House

from cleo.agent.run.claim import ClaimedRun, Claimer, Wait
from cleo.domain.access import Access
from cleo.domain.confirmation import UNDELIVERED
from cleo.domain.content import Choices, Chosen, Content, MessageId, Reaction, Text
from cleo.domain.conversation import AccountKey, Conversation, conversation_id
from cleo.domain.errors import SendUncertain
from cleo.domain.identity import Address
from cleo.domain.message import Inbound, Quoted, Receipt
from cleo.domain.run import Run, RunId
from cleo.domain.webhook_batch import WebhookBatch, WebhookEvent
from cleo.ports import Held, Outcome, Refused, Sent, Tool, ToolContext, Transaction

SECOND = Address("phone:+4915100000003")

effects: list[str] = []
dying: list[House] = []


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
async def house(tmp_path: Path) -> AsyncIterator[House]:
    effects.clear()
    dying.clear()
    access = Access(owners=frozenset({OWNER, SECOND}), users=frozenset({FRIEND}))
    tools = [Tool(name="wipe", function=wipe, requires_confirmation=True), Tool(name="jot", function=jot)]
    house = House(tmp_path, tools, access=access)
    yield house
    await house.store.close()


def answer_for(house: House, address: Address, outcome: Outcome) -> None:
    """From now on, what goes to this address ends like this."""
    send = house.channel.send

    async def picky(to: Conversation, content: Content, *, key: str, quoted: Quoted | None) -> Outcome:
        if to.address == address:
            return outcome
        return await send(to, content, key=key, quoted=quoted)

    house.channel.send = picky


async def heard(house: House, text: str, sender: Address = OWNER) -> None:
    """Hear a message that opens the window, and work."""
    house.clock.advance(5)
    at = int(house.clock.now() * 1000)
    id = MessageId(f"H{at}")
    inbound = Inbound(channel="whatsapp", chat=sender, id=id, sender=sender, content=Text(body=text), at=at)
    item = WebhookEvent(
        key=f"message/{id}", kind="message/text", body="{}", meaning=inbound, opens_window=True
    )
    await house.receiver.batch(WebhookBatch(channel="whatsapp", raw=b"{}", events=(item,)))
    await house.settle()


async def fails_for_silence(house: House, id: str) -> None:
    receipt = Receipt(
        channel="whatsapp", chat=OWNER, of=(MessageId(id),), state="failed", at=1, reason="131047", held=True
    )
    item = WebhookEvent(key=f"status/{id}/failed", kind="status/failed", body="{}", meaning=receipt)
    await house.receiver.batch(WebhookBatch(channel="whatsapp", raw=b"{}", events=(item,)))
    await house.settle()


async def test_an_owner_who_cannot_be_reached_takes_the_question_from_nobody_else(house: House) -> None:
    answer_for(house, SECOND, Refused(reason="they have not written for a day", code=131047))
    await house.say('do wipe {"name": "disk"}', FRIEND)
    assert await house.react("👍", house.question().id) == ["wiped disk"]
    assert effects == ["disk"]


async def test_a_question_that_reaches_no_owner_is_closed(house: House) -> None:
    for owner in (OWNER, SECOND):
        answer_for(house, owner, Refused(reason="they have not written for a day", code=131047))
    await house.say('do wipe {"name": "disk"}', FRIEND)
    await house.settle()
    assert "could not be delivered" in house.channel.delivered[-1].text


async def test_a_bare_yes_answers_no_question_that_this_chat_has_not_seen(house: House) -> None:
    answer_for(house, SECOND, Held(reason="they have not written for a day"))
    await house.say('do wipe {"name": "disk"}', FRIEND)
    await heard(house, "yes", SECOND)
    assert effects == []
    await heard(house, "yes", OWNER)
    assert effects == ["disk"]


async def test_a_question_that_was_held_after_all_is_as_if_not_asked_yet(house: House) -> None:
    house.channel.trouble = [Sent(message_id=MessageId("W1"), state="accepted")]
    await house.say('do wipe {"name": "disk"}')
    await fails_for_silence(house, "W1")
    await house.later(3600)
    await heard(house, "yes")
    assert effects == []
    assert await house.react("👍", house.question().id) == ["wiped disk"]


async def test_a_tap_counts_while_the_second_id_of_a_question_is_not_known(house: House) -> None:
    house.channel.foresees = False
    house.channel.trouble = [Sent(message_id=MessageId("W1"), state="accepted")]
    await house.say('do wipe {"name": "disk"}')
    await fails_for_silence(house, "W1")
    [asking] = await house.store.read(lambda tx: tx.outbox_lookup.held())
    house.channel.trouble = [SendUncertain("cut off")]
    await heard(house, "hello")
    tap = Chosen(id=f"yes:{asking.asks}", title="👍")
    await house.hear(tap, quoted=Quoted(id=MessageId("W2")))
    await house.settle()
    assert effects == ["disk"]


async def test_a_reaction_that_comes_before_the_id_of_a_question_is_not_passed_over(house: House) -> None:
    house.channel.foresees = False
    house.channel.trouble = [SendUncertain("cut off")]
    await house.hear('do wipe {"name": "disk"}')
    await house.worker.work(house.engine.waiting.pop(0))
    [asking] = await house.store.read(lambda tx: tx.outbox_lookup.in_doubt(AccountKey("whatsapp")))
    await house.hear(Reaction(emoji="👍", to=MessageId("W9")))
    hints = await house.store.read(lambda tx: tx.outbox_lookup.recent(1))
    assert [f"yes {asking.asks}" in str(hint.content) for hint in hints] == [True]
    assert effects == []


async def test_a_question_that_was_closed_while_it_was_held_is_not_asked_any_more(house: House) -> None:
    house.channel.trouble = [Held(reason="a day of silence")]
    await house.say('do wipe {"name": "disk"}')
    await house.later(UNDELIVERED + 1)
    await heard(house, "back")
    assert not [message for message in house.channel.delivered if isinstance(message.content, Choices)]


async def test_a_killed_run_in_a_group_still_knows_who_asked(house: House) -> None:
    group = Address("group:1")
    house.access = house.receiver._access = Access(  # pyright: ignore[reportPrivateUsage]
        owners=frozenset({OWNER}), groups=frozenset({group})
    )
    await house.say('do wipe {"name": "disk"}', chat=group, is_group=True)
    chat = conversation_id(AccountKey("whatsapp"), group)

    def killed(tx: Transaction) -> ClaimedRun | Wait | None:
        """Leave what a kill after the first checkpoint left, and go on."""
        tx.transcript.park(chat, None)
        tx.runs.start(Run(id=RunId("r"), conversation=chat, kind="resume", attempts=1, prompted=True))
        return Claimer(access=house.access, queue=house.queue).claim(
            tx, chat, tx.conversations.lease(chat), 0.0, busy=False
        )

    claimed = await house.store.write(killed)
    assert isinstance(claimed, ClaimedRun)
    assert claimed.person == OWNER


async def test_a_yes_counts_although_a_run_was_killed_that_had_put_the_question_off(house: House) -> None:
    await house.say('do wipe {"name": "disk"}')
    dying.append(house)
    await house.hear('do jot {"text": "milk"}')
    with pytest.raises(RuntimeError):
        await house.settle()
    house.engine.waiting.clear()
    await house.restart()
    assert "noted milk" in house.channel.delivered[-1].text
    assert await house.react("👍", house.question().id) == ["wiped disk"]


async def test_what_was_held_goes_out_after_a_move_to_a_way_that_holds_nothing(house: House) -> None:
    house.channel.trouble = [Held(reason="a day of silence")]
    await house.say("hello")
    for number in ("cloud:1001", "baileys"):
        await house.switch(number)
    await house.settle()
    assert [message.text for message in house.channel.delivered] == ["you said: hello"]


async def test_a_thumbs_up_that_comes_after_its_own_removal_is_none(house: House) -> None:
    """Meta promises no order: the 👍 may have met a full disk, and come again later."""
    await house.say('do wipe {"name": "disk"}')
    asked = house.question().id
    given = int(house.clock.now() * 1000)
    await house.say(Reaction(emoji="", to=asked), at=given + 4000)
    await house.say(Reaction(emoji="👍", to=asked), at=given)
    assert effects == []
    await house.say(Reaction(emoji="👍", to=asked), at=given + 9000)
    assert effects == ["disk"]

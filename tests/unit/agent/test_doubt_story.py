"""A channel that only accepts messages and tells later what became of them; sends that are cut off in the middle."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.agent_house import OWNER, House

from cleo.agent import ClaimCode
from cleo.agent.outbox.deliver import MOST_TRIES, NOBODY_KNOWS, REPEATED
from cleo.agent.outbox.delivery_status import FRESH
from cleo.domain.content import Chosen, MessageId, Template, Text
from cleo.domain.errors import SendFailed, SendUncertain, TemporarilyRefused
from cleo.domain.identity import Address
from cleo.domain.message import Inbound, OutgoingMessage, Receipt, ReceiptState
from cleo.domain.webhook_batch import WebhookBatch, WebhookEvent
from cleo.ports import Capabilities, Held, Sent

KNOCK = Template(name="hello", language="en")


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path)
    house.channel.capabilities = Capabilities(on_repeat="reconciled")
    return house


async def post(house: House, *items: WebhookEvent) -> int:
    return await house.receiver.batch(WebhookBatch(channel="whatsapp", raw=b"{}", events=items))


def news(house: House, state: ReceiptState, id: str, *, key: str = "", **more: object) -> WebhookEvent:
    house.count += 1
    receipt = Receipt(
        channel="whatsapp",
        chat=OWNER,
        of=(MessageId(id),),
        state=state,
        at=int(house.clock.now() * 1000),
        key=key,
        **more,  # type: ignore[arg-type]  # test data
    )
    return WebhookEvent(
        key=f"status/{id}/{state}/{house.count}", kind=f"status/{state}", body="{}", meaning=receipt
    )


def said(house: House, text: str, id: str, *, opens: bool = True, starts: bool = True) -> WebhookEvent:
    inbound = Inbound(
        channel="whatsapp",
        chat=OWNER,
        id=MessageId(id),
        sender=OWNER,
        content=Text(body=text),
        at=int(house.clock.now() * 1000),
        number_id="1001",
    )
    return WebhookEvent(
        key=f"message/{id}",
        kind="message/text",
        body="{}",
        meaning=inbound,
        opens_window=opens,
        starts=starts,
    )


async def sent(house: House, text: str = "hello") -> OutgoingMessage:
    """Say something; gives the answer's row."""
    await house.say(text)
    return await newest(house)


async def newest(house: House) -> OutgoingMessage:
    return (await house.store.read(lambda tx: tx.outbox_lookup.recent(1)))[0]


def texts(house: House) -> list[str]:
    return [message.text for message in house.channel.delivered]


# ── items ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_each_item_of_a_post_counts_once(house: House) -> None:
    both = (said(house, "one", "A"), said(house, "two", "B"))
    assert await post(house, *both) == 2
    assert await post(house, both[1], said(house, "three", "C")) == 1
    await house.settle()
    assert "one" in texts(house)[0]
    assert "".join(texts(house)).count("two") == 1
    assert "three" in "".join(texts(house))


async def test_what_somebody_else_answers_starts_nothing(house: House) -> None:
    await post(house, said(house, "for the other one", "A", starts=False))
    await house.settle()
    assert texts(house) == []


async def test_a_claim_code_that_was_for_somebody_else_makes_nobody_the_owner(house: House) -> None:
    house.receiver._claim = ClaimCode("ABCD-2345")  # pyright: ignore[reportPrivateUsage]  # as at a first start
    await post(house, said(house, "ABCD-2345", "A", starts=False))
    assert await house.store.read(lambda tx: tx.people.owners()) == []
    await post(house, said(house, "ABCD-2345", "B"))
    assert len(await house.store.read(lambda tx: tx.people.owners())) == 1


async def test_an_item_that_means_nothing_is_kept(house: House) -> None:
    item = WebhookEvent(key="x", kind="message/unknown", body="{}", problem="no id")
    assert (await post(house, item), await post(house, item)) == (1, 0)


# ── what became of it ──────────────────────────────────────────────────────────────────────────────────


async def test_accepted_is_not_sent_and_news_only_rise(house: House) -> None:
    house.channel.trouble = [Sent(message_id=MessageId("W1"), state="accepted")]
    assert (await sent(house)).state == "accepted"
    for state, then in (
        ("delivered", "delivered"),
        ("sent", "delivered"),
        ("read", "read"),
        ("failed", "read"),
    ):
        await post(house, news(house, state, "W1"))  # type: ignore[arg-type]  # test data
        assert (await newest(house)).state == then
    assert "failed afterwards" in (await newest(house)).reason


async def test_news_that_came_before_the_answer_to_the_send_count(house: House) -> None:
    await post(house, news(house, "delivered", "W1"))
    house.channel.trouble = [Sent(message_id=MessageId("W1"), state="accepted")]
    assert (await sent(house)).state == "delivered"


async def test_a_late_failure_reaches_the_model(house: House) -> None:
    house.channel.trouble = [Sent(message_id=MessageId("W1"), state="accepted")]
    await sent(house)
    await post(house, news(house, "failed", "W1", reason="the number has no WhatsApp (131026)"))
    assert "no WhatsApp (131026)" in (await house.say("and?"))[0]


# ── in doubt ───────────────────────────────────────────────────────────────────────────────────────────


async def test_news_by_the_key_settle_a_doubt_and_nothing_is_repeated(house: House) -> None:
    house.channel.trouble = [SendUncertain("cut off")]
    doubtful = await sent(house)
    assert doubtful.state == "uncertain"
    await post(house, news(house, "sent", "W1", key=doubtful.key))
    await house.later(100)
    settled = await newest(house)
    assert (settled.state, settled.message_id, settled.attempt) == ("sent", "W1", 1)
    assert texts(house) == []


async def test_without_news_it_is_sent_once_more_and_marked_when_news_of_others_come(house: House) -> None:
    house.channel.trouble = [SendUncertain("cut off")]
    key = (await sent(house)).key
    house.clock.advance(5)
    await post(house, news(house, "delivered", "another"))
    await house.later(5)
    assert texts(house) == [], "its own news may still be on the way"
    await house.later(60)
    [again] = house.channel.delivered
    assert again.key == f"{key}#2"
    item = await newest(house)
    assert (item.state, item.attempt, item.reason) == ("sent", 2, REPEATED)


async def test_a_person_who_writes_on_shows_as_well_that_news_come_through(house: House) -> None:
    house.channel.trouble = [SendUncertain("cut off")]
    key = (await sent(house)).key
    house.clock.advance(5)
    await post(house, said(house, "still there?", "B"))
    await house.later(30)
    first, second = house.channel.delivered
    assert (first.key, "still there?" in second.text) == (f"{key}#2", True)


async def test_doubt_does_not_grow_while_cleo_is_off(house: House) -> None:
    house.channel.trouble = [SendUncertain("cut off")]
    key = (await sent(house)).key
    house.clock.advance(3600)
    await house.restart()
    assert (await newest(house)).state == "uncertain", "what was told meanwhile still has to come"
    await post(house, news(house, "delivered", "W1", key=key))
    await house.later(100)
    assert ((await newest(house)).state, texts(house)) == ("delivered", [])


async def test_it_is_repeated_at_most_once(house: House) -> None:
    house.channel.trouble = [SendUncertain("cut off"), SendUncertain("cut off again")]
    await sent(house)
    for _ in range(6):
        house.clock.advance(20)
        await post(house, news(house, "delivered", "another"))
        await house.settle()
    assert ((await newest(house)).state, texts(house)) == ("unknown", [])


async def test_without_any_news_nobody_knows_and_the_next_message_goes_on(house: House) -> None:
    house.channel.trouble = [SendUncertain("cut off")]
    await sent(house)
    for _ in range(6):
        await house.later(20)
    assert (await newest(house)).state == "unknown"
    [answer] = await house.say("still there?")
    assert NOBODY_KNOWS in answer
    assert len(texts(house)) == 1


async def test_a_crash_while_sending_is_a_doubt(house: House) -> None:
    await house.hear("hello")
    house.channel.trouble = [SendFailed("later", retry_after=0.0)]
    await house.settle()
    row = replace(await newest(house), state="sending", next_at=0.0)
    await house.store.write(lambda tx: tx.outbox.update(row))
    await house.restart()
    assert ((await newest(house)).state, texts(house)) == ("uncertain", [])
    await post(house, news(house, "sent", "W9", key=row.key))
    await house.later(100)
    assert texts(house) == []


async def test_what_surely_was_not_sent_is_sent_again_unmarked(house: House) -> None:
    house.channel.trouble = [SendFailed("no line", retry_after=1.0)]
    await sent(house)
    await house.later(2)
    assert (await newest(house)).state == "sent"
    assert (await newest(house)).attempt == 1


async def test_a_message_that_never_works_does_not_hold_up_its_chat_for_ever(house: House) -> None:
    house.channel.trouble = [
        TemporarilyRefused("WhatsApp has trouble.", code=131000) for _ in range(MOST_TRIES)
    ]
    await house.say("bad")
    for _ in range(MOST_TRIES):
        await house.later(61)
    assert house.channel.trouble == []
    assert (await newest(house)).state == "failed"
    assert f"It was tried {MOST_TRIES} times" in (await house.say("good"))[0]


async def test_news_after_nobody_knew_still_count(house: House) -> None:
    house.channel.trouble = [SendUncertain("cut off")]
    key = (await sent(house)).key
    for _ in range(6):
        await house.later(20)
    await post(house, news(house, "read", "W1", key=key, attempt=2))
    assert (await newest(house)).state == "read"


async def test_a_first_copy_that_failed_does_not_fail_the_second(house: House) -> None:
    house.channel.trouble = [SendUncertain("cut off"), Sent(message_id=MessageId("W2"), state="accepted")]
    key = (await sent(house)).key
    house.clock.advance(5)
    await post(house, news(house, "delivered", "another"))
    await house.later(60)
    await post(house, news(house, "failed", "W1", key=key, reason="too old"))
    assert (await newest(house)).state == "accepted"
    await post(house, news(house, "delivered", "W2", key=key, attempt=2))
    assert (await newest(house)).state == "delivered"


async def test_news_that_tell_only_the_key_are_news(house: House) -> None:
    house.channel.trouble = [Sent(message_id=MessageId("W1"), state="accepted")]
    key = (await sent(house)).key
    item = news(house, "failed", "W1", key=key, reason="blocked")
    assert isinstance(item.meaning, Receipt)
    await post(house, replace(item, meaning=replace(item.meaning, chat=None)))
    assert (await newest(house)).state == "failed"


# ── held ───────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_is_held_goes_out_when_the_person_writes_in_order(house: House) -> None:
    await house.say("hello")
    house.channel.delivered.clear()
    house.channel.trouble = [Held(reason="a day of silence", reopen_template=KNOCK)]
    await house.say("one")
    assert [message.content for message in house.channel.delivered] == [KNOCK]
    house.channel.trouble = [Held(reason="a day of silence", reopen_template=KNOCK)]
    await house.say("two")
    assert len(house.channel.delivered) == 1, "one reopen_template for one silence"
    house.clock.advance(5)
    await post(house, said(house, "I am back", "A"))
    await house.settle()
    answers = [text for text in texts(house) if text]
    assert ["one" in answers[0], "two" in answers[1], "I am back" in answers[2]] == [True, True, True]


async def test_a_failure_for_silence_that_is_told_later_holds_the_message(house: House) -> None:
    house.channel.trouble = [Sent(message_id=MessageId("W1"), state="accepted")]
    await sent(house)
    await post(house, news(house, "failed", "W1", reason="131047", held=True, reopen_template=KNOCK))
    await house.settle()
    assert [message.content for message in house.channel.delivered] == [KNOCK]
    house.clock.advance(5)
    await post(house, said(house, "back", "A"))
    await house.settle()
    assert "hello" in texts(house)[1]


async def test_what_was_held_for_days_is_out_of_date(house: House) -> None:
    house.channel.trouble = [Held(reason="a day of silence")]
    await house.say("one")
    house.clock.advance(FRESH + 1)
    await post(house, said(house, "back", "A"))
    await house.settle()
    [answer] = texts(house)
    assert "out of date" in answer


async def test_what_does_not_open_the_window_releases_nothing(house: House) -> None:
    house.channel.trouble = [Held(reason="a day of silence")]
    await house.say("one")
    await post(house, said(house, "noted", "A", opens=False, starts=False))
    await house.settle()
    assert texts(house) == []


# ── taps ───────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_answer_that_was_tapped_is_what_the_model_reads(house: House) -> None:
    assert await house.say(Chosen(id="tea", title="Tea, please")) == ["you said: Tea, please"]


# ── addresses ──────────────────────────────────────────────────────────────────────────────────────────

HIDDEN = Address("bsuid:DE.4711")


async def test_who_hides_the_number_is_written_to_where_they_wrote_from(house: House) -> None:
    """Their old number may be somebody else's by now."""
    house.channel.capabilities = replace(
        house.channel.capabilities, addresses=(frozenset({"phone"}), frozenset({"bsuid"}))
    )
    await house.say("from my number", aliases=frozenset({HIDDEN}))
    hidden = said(house, "from nowhere", "B")
    assert isinstance(hidden.meaning, Inbound)
    event = replace(hidden.meaning, chat=HIDDEN, sender=HIDDEN)
    house.clock.advance(5)
    await post(house, replace(hidden, meaning=event))
    await house.settle()
    assert house.channel.written_to == [OWNER, HIDDEN]


async def test_a_chat_from_another_backend_goes_on_at_an_address_that_is_reached(house: House) -> None:
    await house.say("by my hidden id", sender=Address("lid:219876543210987"), aliases=frozenset({OWNER}))
    house.channel.capabilities = replace(house.channel.capabilities, addresses=(frozenset({"phone"}),))
    await house.say("again", sender=Address("lid:219876543210987"))
    assert house.channel.written_to[-1] == OWNER

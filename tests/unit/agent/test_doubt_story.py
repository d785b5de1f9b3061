"""A channel that only accepts messages and tells later what became of them; sends that are cut off in the middle."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.agent_harness import OWNER, AgentHarness

from cleo.agent import ClaimCode
from cleo.agent.account_news import ACCOUNT_NEWS, account_news
from cleo.agent.outbox.deliver import MOST_TRIES, NOBODY_KNOWS, REPEATED
from cleo.agent.outbox.delivery_status import FRESH
from cleo.domain.content import Chosen, MessageId, Template, Text
from cleo.domain.errors import SendFailed, SendUncertain, TemporarilyRefused
from cleo.domain.health import AccountNews
from cleo.domain.identity import Address
from cleo.domain.message import Inbound, OutgoingMessage, Receipt, ReceiptState
from cleo.domain.webhook_batch import WebhookBatch, WebhookEvent
from cleo.ports import Capabilities, Held, Sent

KNOCK = Template(name="hello", language="en")


@pytest.fixture
def harness(tmp_path: Path) -> AgentHarness:
    harness = AgentHarness(tmp_path)
    harness.channel.capabilities = Capabilities(on_repeat="reconciled")
    return harness


async def post(harness: AgentHarness, *items: WebhookEvent) -> int:
    return await harness.receiver.batch(WebhookBatch(channel="whatsapp", raw=b"{}", events=items))


def news(
    harness: AgentHarness, state: ReceiptState, id: str, *, key: str = "", **more: object
) -> WebhookEvent:
    harness.count += 1
    receipt = Receipt(
        channel="whatsapp",
        chat=OWNER,
        of=(MessageId(id),),
        state=state,
        at=int(harness.clock.now() * 1000),
        key=key,
        **more,  # type: ignore[arg-type]  # test data
    )
    return WebhookEvent(
        key=f"status/{id}/{state}/{harness.count}", kind=f"status/{state}", body="{}", meaning=receipt
    )


def said(
    harness: AgentHarness, text: str, id: str, *, opens: bool = True, starts: bool = True
) -> WebhookEvent:
    inbound = Inbound(
        channel="whatsapp",
        chat=OWNER,
        id=MessageId(id),
        sender=OWNER,
        content=Text(body=text),
        at=int(harness.clock.now() * 1000),
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


async def sent(harness: AgentHarness, text: str = "hello") -> OutgoingMessage:
    """Say something; gives the answer's row."""
    await harness.say(text)
    return await newest(harness)


async def newest(harness: AgentHarness) -> OutgoingMessage:
    return (await harness.store.read(lambda tx: tx.outbox_lookup.recent(1)))[0]


def texts(harness: AgentHarness) -> list[str]:
    return [message.text for message in harness.channel.delivered]


# ── items ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_each_item_of_a_post_counts_once(harness: AgentHarness) -> None:
    both = (said(harness, "one", "A"), said(harness, "two", "B"))
    assert await post(harness, *both) == 2
    assert await post(harness, both[1], said(harness, "three", "C")) == 1
    await harness.settle()
    assert "one" in texts(harness)[0]
    assert "".join(texts(harness)).count("two") == 1
    assert "three" in "".join(texts(harness))


async def test_what_somebody_else_answers_starts_nothing(harness: AgentHarness) -> None:
    await post(harness, said(harness, "for the other one", "A", starts=False))
    await harness.settle()
    assert texts(harness) == []


async def test_a_claim_code_that_was_for_somebody_else_makes_nobody_the_owner(harness: AgentHarness) -> None:
    harness.receiver._claim = ClaimCode("ABCD-2345")  # pyright: ignore[reportPrivateUsage]  # as at a first start
    await post(harness, said(harness, "ABCD-2345", "A", starts=False))
    assert await harness.store.read(lambda tx: tx.people.owners()) == []
    await post(harness, said(harness, "ABCD-2345", "B"))
    assert len(await harness.store.read(lambda tx: tx.people.owners())) == 1


async def test_an_item_that_means_nothing_is_kept(harness: AgentHarness) -> None:
    item = WebhookEvent(key="x", kind="message/unknown", body="{}", problem="no id")
    assert (await post(harness, item), await post(harness, item)) == (1, 0)


# ── what became of it ──────────────────────────────────────────────────────────────────────────────────


async def test_owners_are_told_once_what_the_network_says_about_the_account(harness: AgentHarness) -> None:
    def event(key: str, words: str) -> WebhookEvent:
        meaning = AccountNews(channel="whatsapp", subject="quality", words=words)
        return WebhookEvent(key=key, kind="account", body="{}", meaning=meaning)

    for key, words in [
        ("a", "It is low."),
        ("b", "It is low."),
        ("c", ""),
        ("d", "It is low."),
        ("d", "It is low."),
    ]:
        await post(harness, event(key, words))
        await harness.settle()
    told = [message.to for message in harness.channel.delivered if message.text == "⚠️ It is low."]
    assert len(told) == 2 and len(set(told)) == 1
    kept = await harness.store.read(lambda tx: tx.installation.get(ACCOUNT_NEWS))
    assert dict(account_news(kept)) == {"quality": "It is low."}


async def test_accepted_is_not_sent_and_news_only_rise(harness: AgentHarness) -> None:
    harness.channel.trouble = [Sent(message_id=MessageId("W1"), state="accepted")]
    assert (await sent(harness)).state == "accepted"
    for state, then in (
        ("delivered", "delivered"),
        ("sent", "delivered"),
        ("read", "read"),
        ("failed", "read"),
    ):
        await post(harness, news(harness, state, "W1"))  # type: ignore[arg-type]  # test data
        assert (await newest(harness)).state == then
    assert "failed afterwards" in (await newest(harness)).reason


async def test_news_that_came_before_the_answer_to_the_send_count(harness: AgentHarness) -> None:
    await post(harness, news(harness, "delivered", "W1"))
    harness.channel.trouble = [Sent(message_id=MessageId("W1"), state="accepted")]
    assert (await sent(harness)).state == "delivered"


async def test_a_late_failure_reaches_the_model(harness: AgentHarness) -> None:
    harness.channel.trouble = [Sent(message_id=MessageId("W1"), state="accepted")]
    await sent(harness)
    await post(harness, news(harness, "failed", "W1", reason="the number has no WhatsApp (131026)"))
    assert "no WhatsApp (131026)" in (await harness.say("and?"))[0]


# ── in doubt ───────────────────────────────────────────────────────────────────────────────────────────


async def test_news_by_the_key_settle_a_doubt_and_nothing_is_repeated(harness: AgentHarness) -> None:
    harness.channel.trouble = [SendUncertain("cut off")]
    doubtful = await sent(harness)
    assert doubtful.state == "uncertain"
    await post(harness, news(harness, "sent", "W1", key=doubtful.key))
    await harness.later(100)
    settled = await newest(harness)
    assert (settled.state, settled.message_id, settled.attempt) == ("sent", "W1", 1)
    assert texts(harness) == []


async def test_without_news_it_is_sent_once_more_and_marked_when_news_of_others_come(
    harness: AgentHarness,
) -> None:
    harness.channel.trouble = [SendUncertain("cut off")]
    key = (await sent(harness)).key
    harness.clock.advance(5)
    await post(harness, news(harness, "delivered", "another"))
    await harness.later(5)
    assert texts(harness) == [], "its own news may still be on the way"
    await harness.later(60)
    [again] = harness.channel.delivered
    assert (again.key, again.attempt) == (key, 2)
    item = await newest(harness)
    assert (item.state, item.attempt, item.reason) == ("sent", 2, REPEATED)


async def test_a_person_who_writes_on_shows_as_well_that_news_come_through(harness: AgentHarness) -> None:
    harness.channel.trouble = [SendUncertain("cut off")]
    key = (await sent(harness)).key
    harness.clock.advance(5)
    await post(harness, said(harness, "still there?", "B"))
    await harness.later(30)
    first, second = harness.channel.delivered
    assert (first.key, first.attempt, "still there?" in second.text) == (key, 2, True)


async def test_doubt_does_not_grow_while_cleo_is_off(harness: AgentHarness) -> None:
    harness.channel.trouble = [SendUncertain("cut off")]
    key = (await sent(harness)).key
    harness.clock.advance(3600)
    await harness.restart()
    assert (await newest(harness)).state == "uncertain", "what was told meanwhile still has to come"
    await post(harness, news(harness, "delivered", "W1", key=key))
    await harness.later(100)
    assert ((await newest(harness)).state, texts(harness)) == ("delivered", [])


async def test_it_is_repeated_at_most_once(harness: AgentHarness) -> None:
    harness.channel.trouble = [SendUncertain("cut off"), SendUncertain("cut off again")]
    await sent(harness)
    for _ in range(6):
        harness.clock.advance(20)
        await post(harness, news(harness, "delivered", "another"))
        await harness.settle()
    assert ((await newest(harness)).state, texts(harness)) == ("unknown", [])


async def test_without_any_news_nobody_knows_and_the_next_message_goes_on(harness: AgentHarness) -> None:
    harness.channel.trouble = [SendUncertain("cut off")]
    await sent(harness)
    for _ in range(6):
        await harness.later(20)
    assert (await newest(harness)).state == "unknown"
    [answer] = await harness.say("still there?")
    assert NOBODY_KNOWS in answer
    assert len(texts(harness)) == 1


async def test_a_crash_while_sending_is_a_doubt(harness: AgentHarness) -> None:
    await harness.hear("hello")
    harness.channel.trouble = [SendFailed("later", retry_after=0.0)]
    await harness.settle()
    row = replace(await newest(harness), state="sending", next_at=0.0)
    await harness.store.write(lambda tx: tx.outbox.update(row))
    await harness.restart()
    assert ((await newest(harness)).state, texts(harness)) == ("uncertain", [])
    await post(harness, news(harness, "sent", "W9", key=row.key))
    await harness.later(100)
    assert texts(harness) == []


async def test_what_surely_was_not_sent_is_sent_again_unmarked(harness: AgentHarness) -> None:
    harness.channel.trouble = [SendFailed("no line", retry_after=1.0)]
    await sent(harness)
    await harness.later(2)
    assert (await newest(harness)).state == "sent"
    assert (await newest(harness)).attempt == 1


async def test_a_message_that_never_works_does_not_hold_up_its_chat_for_ever(harness: AgentHarness) -> None:
    harness.channel.trouble = [
        TemporarilyRefused("WhatsApp has trouble.", code=131000) for _ in range(MOST_TRIES)
    ]
    await harness.say("bad")
    for _ in range(MOST_TRIES):
        await harness.later(61)
    assert harness.channel.trouble == []
    assert (await newest(harness)).state == "failed"
    assert f"It was tried {MOST_TRIES} times" in (await harness.say("good"))[0]


async def test_news_after_nobody_knew_still_count(harness: AgentHarness) -> None:
    harness.channel.trouble = [SendUncertain("cut off")]
    key = (await sent(harness)).key
    for _ in range(6):
        await harness.later(20)
    await post(harness, news(harness, "read", "W1", key=key, attempt=2))
    assert (await newest(harness)).state == "read"


async def test_a_first_copy_that_failed_does_not_fail_the_second(harness: AgentHarness) -> None:
    harness.channel.trouble = [SendUncertain("cut off"), Sent(message_id=MessageId("W2"), state="accepted")]
    key = (await sent(harness)).key
    harness.clock.advance(5)
    await post(harness, news(harness, "delivered", "another"))
    await harness.later(60)
    await post(harness, news(harness, "failed", "W1", key=key, reason="too old"))
    assert (await newest(harness)).state == "accepted"
    await post(harness, news(harness, "delivered", "W2", key=key, attempt=2))
    assert (await newest(harness)).state == "delivered"


async def test_news_that_tell_only_the_key_are_news(harness: AgentHarness) -> None:
    harness.channel.trouble = [Sent(message_id=MessageId("W1"), state="accepted")]
    key = (await sent(harness)).key
    item = news(harness, "failed", "W1", key=key, reason="blocked")
    assert isinstance(item.meaning, Receipt)
    await post(harness, replace(item, meaning=replace(item.meaning, chat=None)))
    assert (await newest(harness)).state == "failed"


# ── held ───────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_is_held_goes_out_when_the_person_writes_in_order(harness: AgentHarness) -> None:
    await harness.say("hello")
    harness.channel.delivered.clear()
    harness.channel.trouble = [Held(reason="a day of silence", reopen_template=KNOCK)]
    await harness.say("one")
    assert [message.content for message in harness.channel.delivered] == [KNOCK]
    harness.channel.trouble = [Held(reason="a day of silence", reopen_template=KNOCK)]
    await harness.say("two")
    assert len(harness.channel.delivered) == 1, "one reopen_template for one silence"
    harness.clock.advance(5)
    await post(harness, said(harness, "I am back", "A"))
    await harness.settle()
    answers = [text for text in texts(harness) if text]
    assert ["one" in answers[0], "two" in answers[1], "I am back" in answers[2]] == [True, True, True]


async def test_a_failure_for_silence_that_is_told_later_holds_the_message(harness: AgentHarness) -> None:
    harness.channel.trouble = [Sent(message_id=MessageId("W1"), state="accepted")]
    await sent(harness)
    await post(harness, news(harness, "failed", "W1", reason="131047", held=True, reopen_template=KNOCK))
    await harness.settle()
    assert [message.content for message in harness.channel.delivered] == [KNOCK]
    harness.clock.advance(5)
    await post(harness, said(harness, "back", "A"))
    await harness.settle()
    assert "hello" in texts(harness)[1]


async def test_what_was_held_for_days_is_out_of_date(harness: AgentHarness) -> None:
    harness.channel.trouble = [Held(reason="a day of silence")]
    await harness.say("one")
    harness.clock.advance(FRESH + 1)
    await post(harness, said(harness, "back", "A"))
    await harness.settle()
    [answer] = texts(harness)
    assert "out of date" in answer


async def test_what_does_not_open_the_window_releases_nothing(harness: AgentHarness) -> None:
    harness.channel.trouble = [Held(reason="a day of silence")]
    await harness.say("one")
    await post(harness, said(harness, "noted", "A", opens=False, starts=False))
    await harness.settle()
    assert texts(harness) == []


# ── taps ───────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_answer_that_was_tapped_is_what_the_model_reads(harness: AgentHarness) -> None:
    assert await harness.say(Chosen(id="tea", title="Tea, please")) == ["you said: Tea, please"]


# ── addresses ──────────────────────────────────────────────────────────────────────────────────────────

HIDDEN = Address("bsuid:DE.4711")


async def test_who_hides_the_number_is_written_to_where_they_wrote_from(harness: AgentHarness) -> None:
    """Their old number may be somebody else's by now."""
    harness.channel.capabilities = replace(
        harness.channel.capabilities, addresses=(frozenset({"phone"}), frozenset({"bsuid"}))
    )
    await harness.say("from my number", aliases=frozenset({HIDDEN}))
    hidden = said(harness, "from nowhere", "B")
    assert isinstance(hidden.meaning, Inbound)
    event = replace(hidden.meaning, chat=HIDDEN, sender=HIDDEN)
    harness.clock.advance(5)
    await post(harness, replace(hidden, meaning=event))
    await harness.settle()
    assert harness.channel.written_to == [OWNER, HIDDEN]


async def test_a_chat_from_another_backend_goes_on_at_an_address_that_is_reached(
    harness: AgentHarness,
) -> None:
    await harness.say("by my hidden id", sender=Address("lid:219876543210987"), aliases=frozenset({OWNER}))
    harness.channel.capabilities = replace(harness.channel.capabilities, addresses=(frozenset({"phone"}),))
    await harness.say("again", sender=Address("lid:219876543210987"))
    assert harness.channel.written_to[-1] == OWNER

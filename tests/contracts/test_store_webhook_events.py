"""Events of webhooks, installation facts, and last inbound messages, of every store."""

from dataclasses import replace

from tests.contracts.store_samples import ANNA, CHAT, chat, inbound, outgoing
from tests.support.clock import FakeClock

from cleo.domain.content import MessageId
from cleo.domain.conversation import LastInbound
from cleo.domain.message import Receipt, ReceiptState
from cleo.domain.webhook_batch import WebhookBatch, WebhookEvent
from cleo.ports import Store, Transaction


def status(key: str, of: str = "W1", state: ReceiptState = "sent") -> WebhookEvent:
    receipt = Receipt(channel="whatsapp", chat=ANNA, of=(MessageId(of),), state=state, at=1, key="k1")
    return WebhookEvent(key=key, kind=f"status/{state}", body='{"a": "half \ud83d"}', meaning=receipt)


def post(*items: WebhookEvent) -> WebhookBatch:
    return WebhookBatch(channel="whatsapp", raw=b'{"raw": true}', events=items)


async def keep(store: Store, kept: WebhookBatch) -> list[bool]:
    def work(tx: Transaction) -> list[bool]:
        number = tx.webhook_events.keep(kept)
        return [tx.webhook_events.add(number, item) for item in kept.events]

    return await store.write(work)


async def test_an_item_is_kept_once_however_it_is_packed(store: Store) -> None:
    one, two = status("a"), WebhookEvent(key="b", kind="message/text", body="{}", meaning=inbound())
    assert await keep(store, post(one, two)) == [True, True]
    assert await keep(store, post(two)) == [False]
    assert await keep(store, post(replace(one, body="other"), status("c"))) == [False, True]


async def test_what_was_told_about_a_message_is_found_in_its_order(store: Store) -> None:
    await keep(store, post(status("a", state="delivered"), status("b", "W2"), status("c")))
    told = await store.read(lambda tx: tx.webhook_events.receipts(MessageId("W1")))
    assert [receipt.state for receipt in told] == ["delivered", "sent"]
    assert told[0] == status("a", state="delivered").meaning
    assert await store.read(lambda tx: tx.webhook_events.receipts(MessageId("W3"))) == []


async def test_all_that_is_told_shows_that_news_come_through(store: Store, clock: FakeClock) -> None:
    assert not await store.read(lambda tx: tx.webhook_events.any_since(0))
    await keep(store, post(WebhookEvent(key="b", kind="message/text", body="{}", meaning=inbound())))
    assert await store.read(lambda tx: tx.webhook_events.any_since(clock.now() - 1))
    assert not await store.read(lambda tx: tx.webhook_events.any_since(clock.now()))


async def test_what_is_old_is_forgotten_with_its_items(store: Store, clock: FakeClock) -> None:
    await keep(store, post(status("a"), status("b")))
    clock.advance(100)
    await keep(store, post(status("c")))
    assert await store.write(lambda tx: tx.webhook_events.forget(clock.now())) == 1
    assert await store.write(lambda tx: tx.webhook_events.forget(clock.now())) == 0
    assert await keep(store, post(status("a"), status("c"))) == [True, False]


async def test_marks_are_set_and_set_again(store: Store) -> None:
    assert await store.read(lambda tx: tx.installation.get("account")) == ""
    for text in ("baileys", "cloud:1001"):
        await store.write(lambda tx, text=text: tx.installation.set("account", text))
        assert await store.read(lambda tx: tx.installation.get("account")) == text


async def test_the_newest_message_of_an_account_is_what_was_heard(store: Store) -> None:
    new = LastInbound(number_id="1001", id=MessageId("wamid.B"), at=200.5)
    old = LastInbound(number_id="1001", id=MessageId("wamid.A"), at=100.0)
    for heard in (new, old, None):
        await store.write(
            lambda tx, newest=heard: tx.conversations.open(replace(chat(), last_inbound=newest))
        )
        assert (await store.read(lambda tx: tx.conversations.get(CHAT))).last_inbound == new
    elsewhere = LastInbound(number_id="1002", id=MessageId("wamid.C"), at=50.0)
    await store.write(lambda tx: tx.conversations.open(replace(chat(), last_inbound=elsewhere)))
    assert (await store.read(lambda tx: tx.conversations.get(CHAT))).last_inbound == elsewhere


async def test_a_message_that_was_taken_over_can_still_be_held(store: Store) -> None:
    await store.write(lambda tx: tx.outbox.add(outgoing("k1", state="accepted")))
    await store.write(lambda tx: tx.outbox.update(outgoing("k1", state="held")))
    [held] = await store.read(lambda tx: tx.outbox_lookup.held(CHAT))
    assert await store.read(lambda tx: tx.outbox.next(CHAT)) is None
    await store.write(lambda tx: tx.outbox.update(replace(held, state="queued")))
    assert (await store.read(lambda tx: tx.outbox.next(CHAT))) is not None


async def test_a_message_in_doubt_remembers_it(store: Store) -> None:
    await store.write(lambda tx: tx.outbox.add(outgoing("k1")))
    doubtful = replace(outgoing("k1", state="uncertain"), uncertain_since=12.5, attempt=2)
    await store.write(lambda tx: tx.outbox.update(doubtful))
    kept = await store.read(lambda tx: tx.outbox.get("k1"))
    assert kept is not None
    assert (kept.state, kept.uncertain_since, kept.attempt) == ("uncertain", 12.5, 2)

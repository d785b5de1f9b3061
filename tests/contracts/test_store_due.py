"""Which conversations have something to do."""

import time
from dataclasses import replace

import pytest
from tests.contracts.store_samples import CHAT, OTHER_CHAT, chat, due, inbound, outgoing, put, question, run

from cleo.domain.confirmation import UNDELIVERED, Confirmation
from cleo.domain.conversation import ConversationId
from cleo.domain.identity import PersonId
from cleo.domain.message import OutboxState
from cleo.domain.run import RunId
from cleo.ports import Parked, Store, Transaction


async def test_nothing_is_due_at_first(store: Store) -> None:
    await store.write(lambda tx: tx.conversations.open(chat()))
    assert await due(store) == []


async def test_a_new_message_is_due_until_it_is_taken(store: Store) -> None:
    await store.write(put(inbound("M1"), inbound("M2")))
    assert await due(store) == [CHAT]
    await store.write(lambda tx: tx.inbox.move([1, 2], "taken", RunId("R1")))
    assert await due(store) == []


async def test_an_open_run_is_due_until_it_ends(store: Store) -> None:
    await store.write(lambda tx: tx.runs.start(run("R1")))
    assert await due(store) == [CHAT]
    await store.write(lambda tx: tx.runs.update(replace(run("R1"), state="done")))
    assert await due(store) == []


@pytest.mark.parametrize("state", ["queued", "sending", "uncertain"])
async def test_the_head_of_the_outbox_decides(store: Store, state: OutboxState) -> None:
    def queue(tx: Transaction) -> None:
        tx.outbox.add(outgoing("head", next_at=2000.0, state=state))
        tx.outbox.add(outgoing("behind", next_at=0.0))
        tx.outbox.add(outgoing("elsewhere", OTHER_CHAT, next_at=1500.0))

    await store.write(queue)
    assert await due(store, 1000.0) == []
    assert await due(store, 1500.0) == [OTHER_CHAT]
    assert await due(store, 2000.0) == [CHAT, OTHER_CHAT]
    finished: list[OutboxState] = ["failed", "sent", "delivered", "read"]
    for end in finished:
        await store.write(lambda tx, end=end: tx.outbox.update(outgoing("head", state=end)))
        assert await due(store, 1000.0) == [CHAT]
    await store.write(lambda tx: tx.outbox.update(outgoing("behind", state="sent")))
    assert await due(store, 1000.0) == []


async def ask(store: Store, *asked: Confirmation, parked: int | None = None) -> None:
    def work(tx: Transaction) -> None:
        tx.conversations.open(chat())
        for one in asked:
            tx.confirmations.add(one)
        if parked is not None:
            tx.transcript.park(CHAT, Parked(batch=parked))

    await store.write(work)


async def test_a_parked_batch_waits_while_all_of_it_is_pending(store: Store) -> None:
    await ask(store, question("AAAA"), question("BBBB"), parked=1)
    assert await due(store) == []


@pytest.mark.parametrize("state", ["approved", "denied", "superseded", "expired", "cancelled"])
async def test_a_parked_batch_goes_on_when_one_of_it_is_decided(store: Store, state: str) -> None:
    decided = replace(question("BBBB"), state=state)
    await ask(store, question("AAAA"), decided, parked=1)
    assert await due(store) == [CHAT]


async def test_a_parked_batch_with_nothing_pending_goes_on_even_when_all_is_told(store: Store) -> None:
    await ask(store, question("AAAA", state="denied", reported=True), parked=1)
    assert await due(store) == [CHAT]


async def test_a_parked_batch_without_questions_goes_on(store: Store) -> None:
    await ask(store, parked=3)
    assert await due(store) == [CHAT]


@pytest.mark.parametrize(
    "settled",
    [
        question("AAAA", batch=2, state="denied", reported=True),
        question("AAAA", batch=2, state="denied", detached=True),
        question("AAAA", batch=1, state="denied"),
        replace(question("AAAA", OTHER_CHAT, batch=2), state="denied"),
    ],
    ids=["told", "detached", "of another batch", "of another chat"],
)
async def test_what_was_settled_before_does_not_wake_a_waiting_batch(
    store: Store, settled: Confirmation
) -> None:
    await ask(store, settled, question("BBBB", batch=2), parked=2)
    assert await due(store) == []


async def test_a_decision_alone_is_not_due_without_a_parked_batch(store: Store) -> None:
    await ask(store, question("AAAA", state="denied"), question("BBBB", state="succeeded", detached=True))
    assert await due(store) == []


async def test_a_late_yes_is_due_until_it_is_told(store: Store) -> None:
    await ask(store, question("AAAA", state="approved", detached=True))
    assert await due(store) == [CHAT]
    reported = question("AAAA", state="approved", detached=True, reported=True)
    await store.write(lambda tx: tx.confirmations.save(reported, before="approved"))
    assert await due(store) == []


@pytest.mark.parametrize("detached", [True, False])
async def test_a_question_is_due_when_its_time_is_up(store: Store, detached: bool) -> None:
    await ask(store, question("AAAA", expires_at=2800.0, detached=detached))
    assert await due(store, 2799.9) == []
    assert await due(store, 2800.0) == [CHAT]


async def test_a_question_that_reached_nobody_for_a_day_is_due(store: Store) -> None:
    await ask(store, question("AAAA", created_at=1000.0, asked_at=None, expires_at=None))
    assert await due(store, 1000.0 + UNDELIVERED) == []
    assert await due(store, 1000.1 + UNDELIVERED) == [CHAT]


async def test_each_conversation_is_told_once(store: Store) -> None:
    await store.write(put(inbound("M1"), inbound("M2")))
    await store.write(lambda tx: (tx.runs.start(run("R1")), tx.outbox.add(outgoing("k"))))
    await ask(store, question("AAAA", state="approved", detached=True), question("BBBB", expires_at=1.0))
    assert await due(store) == [CHAT]


def fill(tx: Transaction, count: int, start: int, *, done: bool) -> None:
    """Messages in and out in a hundred chats, answered and sent, or not."""
    for number in range(start, start + count):
        conversation = ConversationId(f"whatsapp/default/phone:+{number % 100}")
        state = "taken" if done else "new"
        tx.inbox.add(inbound(f"M{number}"), conversation, PersonId("p"), state)
        sent = outgoing(f"k{number}", conversation, state="sent" if done else "queued", next_at=5000.0)
        tx.outbox.add(sent)


async def spent(store: Store) -> float:
    """Seconds that asking takes; the best of some tries."""
    best = 9e9
    for _ in range(5):
        began = time.perf_counter()
        await due(store)
        best = min(best, time.perf_counter() - began)
    return best


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_asking_costs_what_there_is_to_do_and_not_what_was_done(store: Store) -> None:
    await store.write(lambda tx: fill(tx, 20, 0, done=False))
    few = await spent(store)
    for part in range(10):
        await store.write(lambda tx, part=part: fill(tx, 2_000, 1_000_000 + part * 2_000, done=True))
    assert await spent(store) < few * 3 + 0.002
    assert len(await due(store)) == 20


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_a_long_backlog_is_looked_through_quickly(store: Store) -> None:
    for part in range(10):
        await store.write(lambda tx, part=part: fill(tx, 2_000, part * 2_000, done=False))
    assert len(await due(store)) == 100
    assert await spent(store) < 0.1


async def test_a_run_that_waits_for_its_model_keeps_its_chat_waiting(store: Store) -> None:
    """Messages to send go out meanwhile; a stop is heard at once."""
    waiting = replace(run("R1"), retry_at=1500.0, waiting_since=900.0)

    def work(tx: Transaction) -> None:
        tx.conversations.open(chat())
        tx.runs.start(run("R1"))
        tx.runs.update(waiting)

    await store.write(work)
    await store.write(put(inbound("M1")))
    assert await due(store, 1000.0) == []
    assert await due(store, 1500.0) == [CHAT]
    found = await store.read(lambda tx: tx.runs.open(CHAT))
    assert found is not None and (found.retry_at, found.waiting_since) == (1500.0, 900.0)
    await store.write(lambda tx: tx.outbox.add(outgoing("notice")))
    assert await due(store, 1000.0) == [CHAT]
    await store.write(lambda tx: tx.outbox.update(outgoing("notice", state="sent")))
    assert await due(store, 1000.0) == []
    await store.write(lambda tx: tx.runs.stop(CHAT, "stop"))
    assert await due(store, 1000.0) == [CHAT]

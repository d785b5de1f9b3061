"""What is over goes after a time: what is stored stays flat, however many messages come."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from tests.contracts.store_samples import CHAT, chat, outgoing
from tests.support.agent_harness import FRIEND, OWNER, STRANGER, AgentHarness, NoRepeats

from cleo.agent.sweep import Sweeper
from cleo.domain.content import MessageId, Text
from cleo.domain.identity import PersonId
from cleo.domain.message import Inbound
from cleo.domain.webhook_batch import WebhookBatch, WebhookEvent
from cleo.ports import Transaction

DAY = 86_400.0
FINGERPRINT = 64
"""Bytes that may stay of a message: its fingerprint, with what the database needs for it."""


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AgentHarness]:
    harness = AgentHarness(tmp_path)
    harness.sweeper = Sweeper(
        store=harness.store,
        engine=harness.engine,
        clock=harness.clock,
        queue=harness.queue,
        repeats=NoRepeats(),
        keep=8 * DAY,
    )
    yield harness
    await harness.store.close()


def message(number: int) -> Inbound:
    return Inbound(
        channel="whatsapp",
        chat=FRIEND,
        id=MessageId(f"M{number}"),
        sender=FRIEND,
        content=Text(body="words " * 50),
        at=0,
    )


def write(tx: Transaction, first: int, count: int) -> None:
    """Messages in and out and what a webhook posted, all done with."""
    tx.conversations.open(chat())
    for number in range(first, first + count):
        tx.inbox.add(message(number), CHAT, PersonId(FRIEND), "done" if number % 2 else "noted")
        tx.outbox.add(replace(outgoing(f"k{number}"), state="read"))
        event = WebhookEvent(key=str(number), kind="message/text", body="{}")
        post = WebhookBatch(channel="whatsapp", raw=b"x" * 300, events=(event,))
        tx.webhook_events.add(tx.webhook_events.keep(post), event)


def size(harness: AgentHarness) -> tuple[int, ...]:
    tables = ("inbox", "outbox", "webhook_batches", "webhook_events")
    with closing(sqlite3.connect(harness.root / "cleo.db")) as database:
        counts = [database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]
        pages = database.execute("PRAGMA page_count").fetchone()[0]
        size = database.execute("PRAGMA page_size").fetchone()[0]
    return (*counts, pages * size)


async def test_sizes_stay_flat_over_ten_thousand_messages(harness: AgentHarness) -> None:
    sizes: list[tuple[int, ...]] = []
    for day in range(40):
        await harness.store.write(lambda tx, first=250 * day: write(tx, first, 250))
        harness.clock.advance(DAY)
        for _ in range(4):
            await harness.sweeper.sweep()
        sizes.append(size(harness))
    *counts, bytes_then = sizes[10]
    *counts_now, bytes_now = sizes[-1]
    assert max(counts_now) <= 8 * 250 + 1
    assert counts_now == counts
    assert bytes_now - bytes_then <= 29 * 250 * FINGERPRINT


async def test_a_message_that_comes_again_long_after_its_row_is_gone_is_known(harness: AgentHarness) -> None:
    await harness.say("hello", id=MessageId("FIRST"))
    await harness.hear("hello", STRANGER, id=MessageId("STRANGE"))
    await harness.say("the newest row stays")
    await harness.later(400 * DAY)
    assert size(harness)[0] == 1
    assert await harness.hear("hello", id=MessageId("FIRST")) == "duplicate"
    assert await harness.hear("hello", STRANGER, id=MessageId("STRANGE")) == "duplicate"


async def test_what_is_open_stays_however_old_it_is(harness: AgentHarness) -> None:
    def work(tx: Transaction) -> None:
        tx.conversations.open(chat())
        for number, state in enumerate(("new", "taken")):
            tx.inbox.add(message(number), CHAT, PersonId(FRIEND), state)  # type: ignore[arg-type]  # of the list
        for state in "queued", "held", "sending", "uncertain":
            tx.outbox.add(replace(outgoing(state), state=state))

    await harness.store.write(work)
    harness.clock.advance(400 * DAY)
    await harness.store.write(lambda tx: write(tx, 10, 2))
    while await harness.store.write(lambda tx: tx.retention.forget_inbound(harness.clock.now() - DAY)):
        pass
    await harness.store.write(lambda tx: tx.retention.forget_outbound(harness.clock.now() - DAY))
    assert size(harness)[:2] == (4, 6)


async def test_numbers_are_given_once(harness: AgentHarness) -> None:
    await harness.say("hello", OWNER)
    await harness.later(400 * DAY)
    [newest] = await harness.store.read(lambda tx: tx.outbox_lookup.recent(1))
    await harness.say("hello again", OWNER)
    [next_one] = await harness.store.read(lambda tx: tx.outbox_lookup.recent(1))
    assert next_one.seq == newest.seq + 1

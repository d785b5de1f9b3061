"""What a transaction promises, on every store: all or nothing, in order, and there after a kill."""

import asyncio
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.contracts.store_samples import CHAT, chat, inbound, outgoing, put
from tests.support.clock import FakeClock

from cleo.domain.conversation import ConversationId
from cleo.domain.errors import StoreError
from cleo.domain.identity import PersonId
from cleo.domain.run import RunId
from cleo.ports import Store, Transaction
from cleo.store import open_store


class Stop(Exception):
    pass


async def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    def work(tx: Transaction) -> None:
        put(inbound())(tx)
        tx.outbox.add(outgoing("k1"))
        raise Stop

    with pytest.raises(Stop):
        await store.write(work)
    assert await store.read(lambda tx: tx.inbox.new(CHAT)) == []
    assert await store.read(lambda tx: tx.outbox.next(CHAT)) is None
    assert await store.write(put(inbound())) != [None]


async def test_neighbours_of_a_failing_transaction_are_kept(store: Store) -> None:
    def good(tx: Transaction) -> None:
        tx.outbox.add(outgoing("good"))

    def failing(tx: Transaction) -> None:
        tx.outbox.add(outgoing("bad"))
        raise Stop

    def refused(tx: Transaction) -> None:
        tx.outbox.add(outgoing("refused"))
        tx.transcript.append(CHAT, RunId("R"), [b"1"], after=0)
        tx.transcript.append(CHAT, RunId(None), [b"2"], after=1)  # type: ignore[arg-type]  # a row that the database refuses

    works = [good, failing, refused] * 10
    ends = await asyncio.gather(*(store.write(work) for work in works), return_exceptions=True)
    assert [type(end) for end in ends] == [type(None), Stop, StoreError] * 10
    assert [item.key for item in await store.read(lambda tx: tx.outbox_lookup.recent(9))] == ["good"]
    assert await store.read(lambda tx: tx.transcript.window(CHAT, 9)) == []


async def test_what_was_written_is_read(store: Store) -> None:
    for number in range(20):
        await store.write(lambda tx, n=number: tx.outbox.add(outgoing(f"k{n}")))
        reads = await asyncio.gather(
            *(store.read(lambda tx: len(tx.outbox_lookup.recent(99))) for _ in range(4))
        )
        assert reads == [number + 1] * 4


async def test_a_read_sees_one_moment_and_does_not_wait_for_writes(store: Store) -> None:
    await store.write(lambda tx: tx.outbox.add(outgoing("k1")))
    looked, written = threading.Event(), threading.Event()

    def look_twice(tx: Transaction) -> tuple[int, int]:
        before = len(tx.outbox_lookup.recent(9))
        looked.set()
        assert written.wait(10)
        return before, len(tx.outbox_lookup.recent(9))

    reading = asyncio.create_task(store.read(look_twice))
    await asyncio.to_thread(looked.wait, 10)
    await store.write(lambda tx: tx.outbox.add(outgoing("k2")))
    written.set()
    assert await reading == (1, 1)
    assert await store.read(lambda tx: len(tx.outbox_lookup.recent(9))) == 2


async def test_a_read_goes_on_while_a_write_takes_long(store: Store) -> None:
    writing, done = threading.Event(), threading.Event()

    def slow(tx: Transaction) -> None:
        tx.outbox.add(outgoing("k1"))
        writing.set()
        assert done.wait(10)

    write = asyncio.create_task(store.write(slow))
    await asyncio.to_thread(writing.wait, 10)
    assert await store.read(lambda tx: tx.outbox_lookup.recent(9)) == []
    done.set()
    await write


async def test_a_read_must_not_write(store: Store) -> None:
    with pytest.raises(StoreError):
        await store.read(lambda tx: tx.outbox.add(outgoing("k1")))
    assert await store.read(lambda tx: tx.outbox.next(CHAT)) is None


async def test_a_thousand_writes_at_once_keep_order_and_uniqueness(store: Store) -> None:
    """Fifty tasks write twenty messages each; every message comes twice."""
    kept: dict[int, str] = {}

    async def one(task: int) -> None:
        conversation = ConversationId(f"whatsapp/default/{task % 10}")
        for number in range(20):
            message = inbound(f"M{task}-{number}")
            seqs = await asyncio.gather(*(store.write(put(message, conversation=conversation)) for _ in "ab"))
            new = [seq for (seq,) in seqs if seq is not None]
            assert len(new) == 1, "one of two is new, the other was here before"
            kept[new[0]] = message.id

    await asyncio.gather(*(one(task) for task in range(50)))
    assert len(kept) == 1000
    for chat_number in range(10):
        conversation = ConversationId(f"whatsapp/default/{chat_number}")
        items = await store.read(lambda tx, c=conversation: tx.inbox.new(c))
        assert [item.seq for item in items] == sorted(item.seq for item in items)
        for task in range(chat_number, 50, 10):
            mine = [item.message.id for item in items if item.message.id.startswith(f"M{task}-")]
            assert mine == [f"M{task}-{number}" for number in range(20)]


async def test_writes_happen_in_the_order_of_the_calls(store: Store) -> None:
    tasks = [
        asyncio.create_task(store.write(lambda tx, n=number: tx.outbox.add(outgoing(f"k{n}"))))
        for number in range(200)
    ]
    await asyncio.gather(*tasks)
    keys = [item.key for item in await store.read(lambda tx: tx.outbox_lookup.recent(200))]
    assert keys == [f"k{number}" for number in reversed(range(200))]


async def test_a_write_that_nobody_waits_for_any_more_harms_nobody(store: Store) -> None:
    rng = random.Random(7)
    tasks = [
        asyncio.create_task(store.write(lambda tx, n=number: tx.outbox.add(outgoing(f"k{n}"))))
        for number in range(100)
    ]
    await asyncio.sleep(0)
    cancelled = {number for number in range(100) if rng.random() < 0.5}
    for number in cancelled:
        tasks[number].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    keys = {item.key for item in await store.read(lambda tx: tx.outbox_lookup.recent(200))}
    assert keys >= {f"k{number}" for number in range(100) if number not in cancelled}


async def test_closing_finishes_what_was_begun_and_refuses_the_rest(url: str, clock: FakeClock) -> None:
    store = open_store(url, clock=clock)
    writes = [
        asyncio.create_task(store.write(lambda tx, n=n: tx.outbox.add(outgoing(f"k{n}")))) for n in range(50)
    ]
    await asyncio.sleep(0)
    await store.close()
    assert await asyncio.gather(*writes) == [True] * 50
    with pytest.raises(StoreError, match="closed"):
        await store.write(lambda tx: tx.outbox_lookup.recent(1))
    with pytest.raises(StoreError, match="closed"):
        await store.read(lambda tx: tx.outbox_lookup.recent(1))
    await store.close()
    again = open_store(url, clock=clock)
    assert len(await again.read(lambda tx: tx.outbox_lookup.recent(99))) == 50
    await again.close()


async def test_two_stores_on_one_database_take_turns(store: Store, url: str, clock: FakeClock) -> None:
    second = open_store(url, clock=clock)
    message = inbound()
    ends = await asyncio.gather(*(one.write(put(message)) for one in (store, second) for _ in range(20)))
    assert sorted(end for (end,) in ends if end is not None) == [1]
    epochs = [await one.write(lambda tx: tx.conversations.lease(CHAT)) for one in (store, second, store)]
    assert epochs == sorted(set(epochs))
    await second.close()
    assert len(await store.read(lambda tx: tx.inbox.new(CHAT))) == 1


WRITE_UNTIL_KILLED = """
import asyncio, sys
from cleo.store import open_store
from tests.contracts.store_samples import inbound, outgoing, put
from tests.support.clock import FakeClock

async def main():
    store = open_store(sys.argv[1], clock=FakeClock())
    async def one(lane):
        for number in range(10**6):
            key = f"{lane}-{sys.argv[2]}-{number}"
            await store.write(lambda tx: (put(inbound(key))(tx), tx.outbox.add(outgoing(key))))
            print(key, flush=True)
    await asyncio.gather(*(one(lane) for lane in range(5)))

asyncio.run(main())
"""


def live_and_die(url: str, life: int) -> set[str]:
    """Run a program that writes, kill it in the middle, and tell what it said was written."""
    command = [sys.executable, "-c", WRITE_UNTIL_KILLED, url, str(life)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    assert child.stdout
    promised: set[str] = set()
    with child.stdout as lines:
        for count, line in enumerate(lines):
            if count == 20 + life * 37:
                child.send_signal(signal.SIGKILL)
            if line.endswith("\n"):
                promised.add(line.strip())
    assert child.wait() == -signal.SIGKILL
    return promised


@pytest.mark.skipif(sys.platform == "win32", reason="kills with SIGKILL")
async def test_what_write_returned_for_is_there_after_a_kill(url: str, clock: FakeClock) -> None:
    promised: set[str] = set()
    for life in range(6):
        promised |= await asyncio.to_thread(live_and_die, url, life)
    store = open_store(url, clock=clock)
    messages = await store.read(lambda tx: tx.inbox.new(CHAT))
    items = await store.read(lambda tx: tx.outbox_lookup.recent(10**6))
    await store.close()
    received, queued = [item.message.id for item in messages], [item.key for item in items]
    assert len(promised) > 500
    assert promised <= set(received)
    assert len(received) == len(set(received))
    assert set(received) == set(queued), "a transaction is whole"


async def test_the_writer_survives_everything_that_a_transaction_raises(store: Store) -> None:
    def exits(tx: Transaction) -> None:
        raise SystemExit(1)

    def too_large(tx: Transaction) -> None:
        tx.inbox.add(inbound(), CHAT, PersonId("p"), "new")
        tx.outbox.update(outgoing("k", next_at=1.0))
        tx.inbox.move([2**80], "dead")

    trouble: list[Callable[[Transaction], object]] = [exits, too_large]
    for work in trouble:
        with pytest.raises((SystemExit, StoreError, OverflowError)):
            await store.write(work)
    assert await store.write(lambda tx: tx.conversations.open(chat())) == chat()

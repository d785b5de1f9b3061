"""Messages are found by their ids, with what was done to them since."""

from dataclasses import replace

from tests.contracts.store_samples import CHAT, OTHER_CHAT, inbound, put

from cleo.domain.content import Edit, MessageId, Reaction, Revoke, Text
from cleo.ports import Record, Store, Transaction

FIRST = MessageId("M1")


async def test_a_message_is_found_with_its_edits_and_deletions_and_nothing_else(store: Store) -> None:
    await store.write(
        put(
            inbound("M1"),
            inbound("M2", Edit(of=FIRST, body="x")),
            inbound("M3", Reaction(emoji="👍", to=FIRST)),
            inbound("M4", Revoke(of=FIRST)),
        )
    )
    found = await store.read(lambda tx: tx.inbox_lookup.about(CHAT, FIRST))
    assert [(item.seq, item.message.id, item.state) for item in found] == [
        (1, "M1", "new"),
        (2, "M2", "new"),
        (4, "M4", "new"),
    ]
    assert await store.read(lambda tx: tx.inbox_lookup.about(OTHER_CHAT, FIRST)) == []
    assert await store.read(lambda tx: tx.inbox_lookup.about(CHAT, MessageId("M3"))) == []


async def test_the_newest_changes_that_wait_come_in_order(store: Store) -> None:
    edits = [inbound(f"M{n}", Edit(of=FIRST, body=str(n))) for n in range(4)]
    await store.write(put(*edits))
    await store.write(lambda tx: tx.inbox.move([1, 2, 3], "change"))
    assert [item.seq for item in await store.read(lambda tx: tx.inbox_lookup.changes(CHAT, 2))] == [2, 3]
    assert await store.read(lambda tx: tx.inbox_lookup.changes(OTHER_CHAT, 2)) == []
    assert [item.seq for item in await store.read(lambda tx: tx.inbox.new(CHAT))] == [4]


async def test_a_message_is_rewritten_in_its_place_and_stays_the_same_message(store: Store) -> None:
    message = inbound("M1")
    await store.write(put(message, inbound("M2")))
    changed = replace(message, content=Text(body="other words"))
    await store.write(lambda tx: tx.inbox.rewrite(1, changed))
    assert [item.message for item in await store.read(lambda tx: tx.inbox.new(CHAT))] == [
        changed,
        inbound("M2"),
    ]
    assert await store.write(put(message)) == [None]


async def test_a_record_is_found_by_its_id(store: Store) -> None:
    record = Record(id="file:1", conversation=CHAT, kind="file", name="a", body="{}", at=1.0)

    def keep(tx: Transaction) -> None:
        tx.records.add(record)

    await store.write(keep)
    assert await store.read(lambda tx: tx.records.get("file:1")) == record
    assert await store.read(lambda tx: tx.records.get("file:2")) is None


async def test_answers_under_an_id_that_nobody_told_wait_in_order(store: Store) -> None:
    await store.write(put(*(inbound(f"M{n}") for n in range(4))))
    await store.write(lambda tx: tx.inbox.move([3, 1], "early"))
    assert [item.seq for item in await store.read(lambda tx: tx.inbox_lookup.early(CHAT))] == [1, 3]
    assert await store.read(lambda tx: tx.inbox_lookup.early(OTHER_CHAT)) == []
    assert [item.seq for item in await store.read(lambda tx: tx.inbox.new(CHAT))] == [2, 4]


async def test_the_newest_that_wait_are_found(store: Store) -> None:
    await store.write(put(*(inbound(f"W{number}") for number in range(4))))
    await store.write(lambda tx: tx.inbox.move([4], "noted"))
    newest = await store.read(lambda tx: tx.inbox.new(CHAT, 2, newest=True))
    assert [item.message.id for item in newest] == ["W1", "W2"]

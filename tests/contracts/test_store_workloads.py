"""What there is to do in one conversation, read by one statement; and what holds it meanwhile."""

from dataclasses import replace

import pytest
from tests.contracts.store_samples import (
    ANNA,
    ANNA_LID,
    BEN,
    CHAT,
    OTHER_CHAT,
    chat,
    inbound,
    outgoing,
    put,
    question,
    run,
)

from cleo.domain.content import MessageId
from cleo.domain.conversation import AccountKey, Conversation, LastInbound, conversation_id
from cleo.domain.errors import Fenced, StoreError
from cleo.domain.identity import Address, PersonId
from cleo.domain.run import RunId
from cleo.ports import DeadLetter, KnownSender, Parked, Store, Transaction, Workload

ACCOUNT = AccountKey("whatsapp")


async def look(store: Store, most: int = 10) -> Workload:
    return await store.write(lambda tx: tx.workloads.look(CHAT, most))


async def arrive(store: Store, *addresses: Address, group: Address | None = None) -> KnownSender:
    return await store.write(
        lambda tx: tx.senders.resolve(frozenset(addresses), "", 1.0, account=ACCOUNT, group=group)
    )


async def test_a_chat_in_which_nothing_happened_holds_nothing(store: Store) -> None:
    with pytest.raises(KeyError):
        await look(store)
    await store.write(lambda tx: tx.conversations.open(chat()))
    assert await look(store) == Workload(
        conversation=chat(),
        epoch=0,
        run=None,
        new=(),
        own=frozenset(),
        senders={},
        next=None,
        more=False,
        parked=None,
        bounds=(0, 0),
        has_unreported=False,
        has_losses=False,
        has_changes=False,
    )


async def test_it_tells_the_same_as_the_nouns(store: Store) -> None:
    def work(tx: Transaction) -> None:
        for address in (ANNA, BEN):
            tx.people.resolve(frozenset({address}), "name", 1.0)
        for here in (CHAT, OTHER_CHAT):
            tx.conversations.open(chat(here))
            tx.transcript.append(here, RunId("R0"), [b"1", b"2"], after=0)
            tx.outbox.add(outgoing(f"head of {here}", here, next_at=7.25))
            tx.outbox.add(outgoing(f"behind it in {here}", here))
            tx.runs.start(replace(run(f"R1 of {here}", here), waiting_since=2.5, retry_at=1000.123456789))
            tx.inbox.add(inbound(f"M1 in {here}"), here, PersonId(ANNA), "new")
            tx.inbox.add(inbound(f"M2 in {here}"), here, PersonId(BEN), "new")
            tx.inbox.add(inbound(f"M3 in {here}"), here, PersonId(BEN), "noted")
            tx.transcript.park(here, Parked(batch=2))
            tx.conversations.lease(here)

    await store.write(work)
    seen = await look(store)

    def told(tx: Transaction) -> Workload:
        return replace(
            seen,
            conversation=tx.conversations.get(CHAT),
            run=tx.runs.open(CHAT),
            new=tuple(tx.inbox.new(CHAT)),
            senders={PersonId(who): tx.people.get(PersonId(who)) for who in (ANNA, BEN)},
            next=tx.outbox.next(CHAT),
            parked=tx.transcript.parked(CHAT),
        )

    assert seen == await store.read(told)
    assert (seen.epoch, seen.more, seen.bounds, len(seen.new)) == (1, True, (0, 2), 2)
    assert seen.run is not None and seen.run.retry_at == 1000.123456789
    assert [item.message.id for item in (await look(store, 1)).new] == [f"M1 in {CHAT}"]


async def test_what_cleo_sent_itself_is_told_from_what_others_wrote(store: Store) -> None:
    def work(tx: Transaction) -> None:
        for here in (CHAT, OTHER_CHAT):
            tx.conversations.open(chat(here))
        for id in "A", "B", "C":
            tx.inbox.add(inbound(id), CHAT, PersonId(ANNA), "new")
        tx.outbox.add(outgoing("k1", state="sent", message_id="B"))
        tx.outbox.add(outgoing("k2", OTHER_CHAT, state="sent", message_id="C"))

    await store.write(work)
    seen = await look(store)
    assert [item.message.id for item in seen.new if item.seq in seen.own] == ["B"]


async def test_only_what_waits_in_the_outbox_counts(store: Store) -> None:
    await store.write(lambda tx: tx.conversations.open(chat()))
    for key in "abc":
        await store.write(lambda tx, key=key: tx.outbox.add(outgoing(key)))
    heads: list[tuple[str | None, bool]] = []
    for key in "abc":
        seen = await look(store)
        heads.append((seen.next.key if seen.next else None, seen.more))
        await store.write(lambda tx, key=key: tx.outbox.update(outgoing(key, state="sent")))
    assert heads == [("a", True), ("b", True), ("c", False)]
    seen = await look(store)
    assert (seen.next, seen.more) == (None, False)


async def test_who_wrote_is_who_they_turned_out_to_be(store: Store) -> None:
    """The item names an id from before two turned out to be one."""

    def work(tx: Transaction) -> None:
        tx.people.resolve(frozenset({ANNA}), "", 1.0)
        tx.people.resolve(frozenset({ANNA_LID}), "", 2.0)
        tx.people.claim_owner(PersonId(ANNA))
        tx.conversations.open(chat())
        tx.inbox.add(inbound(), CHAT, PersonId(ANNA_LID), "new")
        tx.people.resolve(frozenset({ANNA, ANNA_LID}), "", 3.0)

    await store.write(work)
    [sender] = (await look(store)).senders.items()
    assert sender == (ANNA_LID, await store.read(lambda tx: tx.people.get(PersonId(ANNA))))
    assert sender[1].claimed_owner and sender[1].addresses == {ANNA, ANNA_LID}


async def test_questions_and_losses_are_there_until_the_model_knows_of_them(store: Store) -> None:
    letter = DeadLetter(kind="outbound", key="k", conversation=CHAT, reason="gone", at=1.0)
    elsewhere = replace(letter, conversation=OTHER_CHAT, key="other")

    def work(tx: Transaction) -> None:
        tx.conversations.open(chat())
        tx.confirmations.add(question("BBBB", OTHER_CHAT))
        tx.dead_letters.add(elsewhere)
        tx.dead_letters.add(replace(letter, kind="inbound"))

    await store.write(work)
    seen = await look(store)
    assert (seen.has_unreported, seen.has_losses) == (False, False)
    await store.write(lambda tx: (tx.confirmations.add(question("AAAA")), tx.dead_letters.add(letter)))
    seen = await look(store)
    assert (seen.has_unreported, seen.has_losses) == (True, True)
    reported = question("AAAA", reported=True)
    await store.write(
        lambda tx: (
            tx.confirmations.save(reported, before="pending"),
            tx.dead_letters.mark_reported([letter]),
        )
    )
    seen = await look(store)
    assert (seen.has_unreported, seen.has_losses) == (False, False)


async def test_a_run_is_saved_by_whoever_holds_the_chat(store: Store) -> None:
    await store.write(lambda tx: tx.conversations.open(chat()))
    first = await store.write(lambda tx: tx.conversations.lease(CHAT))
    await store.write(lambda tx: tx.runs.start(run("R1")))
    await store.write(lambda tx: tx.runs.update(replace(run("R1"), attempts=1), epoch=first))
    second = await store.write(lambda tx: tx.conversations.lease(CHAT))
    with pytest.raises(Fenced):
        await store.write(lambda tx: tx.runs.update(replace(run("R1"), attempts=2), epoch=first))
    assert (found := await store.read(lambda tx: tx.runs.open(CHAT))) and found.attempts == 1
    await store.write(lambda tx: tx.runs.update(replace(run("R1"), state="done"), epoch=second))
    assert await store.read(lambda tx: tx.runs.open(CHAT)) is None


async def test_what_became_of_a_message_is_saved_by_whoever_holds_the_chat(store: Store) -> None:
    await store.write(lambda tx: (tx.conversations.open(chat()), tx.outbox.add(outgoing("k"))))
    first = await store.write(lambda tx: tx.conversations.lease(CHAT))
    second = await store.write(lambda tx: tx.conversations.lease(CHAT))
    with pytest.raises(Fenced):
        await store.write(lambda tx: tx.outbox.update(outgoing("k", state="sent"), epoch=first))
    assert (found := await store.read(lambda tx: tx.outbox.get("k"))) and found.state == "queued"
    await store.write(lambda tx: tx.outbox.update(outgoing("k", state="read"), epoch=second))
    await store.write(lambda tx: tx.outbox.update(outgoing("k", state="sent"), epoch=second))
    assert (found := await store.read(lambda tx: tx.outbox.get("k"))) and found.state == "read"


async def test_two_do_not_write_the_same_part_of_a_transcript(store: Store) -> None:
    await store.write(lambda tx: tx.transcript.append(CHAT, RunId("R1"), [b"1"], after=0))
    with pytest.raises(StoreError):
        await store.write(lambda tx: tx.transcript.append(CHAT, RunId("R2"), [b"x"], after=0))
    assert await store.read(lambda tx: tx.transcript.window(CHAT, 10)) == [b"1"]


async def test_an_origin_knows_the_person_and_the_chat(store: Store) -> None:
    fresh = await arrive(store, ANNA)
    assert (fresh.person.id, fresh.conversation) == (ANNA, None)
    await store.write(lambda tx: tx.conversations.open(chat()))
    known = await arrive(store, ANNA, ANNA_LID)
    assert known.person.addresses == {ANNA, ANNA_LID}
    assert (known.conversation, known.may_answer) == (chat(), False)
    assert await arrive(store, ANNA_LID) == known
    another = await store.write(
        lambda tx: tx.senders.resolve(frozenset({ANNA}), "", 1.0, account=AccountKey("other"))
    )
    assert (another.person, another.conversation) == (known.person, None)


async def test_a_group_is_found_whoever_writes(store: Store) -> None:
    address = Address("group:1")
    group = Conversation(id=conversation_id(ACCOUNT, address), channel="whatsapp", address=address)
    await store.write(lambda tx: tx.conversations.open(group))
    assert (await arrive(store, ANNA, group=address)).conversation is None, "she is new"
    assert (await arrive(store, ANNA, group=address)).conversation == group


async def test_an_origin_tells_whether_it_may_be_an_answer(store: Store) -> None:
    """The question may have been asked here for another chat."""
    await store.write(lambda tx: tx.conversations.open(chat()))
    await arrive(store, ANNA)
    await store.write(
        lambda tx: (
            tx.confirmations.add(question("K7Q4", OTHER_CHAT)),
            tx.confirmations.add(question("AAAA", CHAT)),
            tx.outbox.add(outgoing("elsewhere", OTHER_CHAT, asks="AAAA")),
        )
    )
    assert not (await arrive(store, ANNA)).may_answer
    await store.write(lambda tx: tx.outbox.add(outgoing("here", CHAT, asks="K7Q4")))
    assert (await arrive(store, ANNA)).may_answer
    reported = question("K7Q4", OTHER_CHAT, reported=True)
    await store.write(lambda tx: tx.confirmations.save(reported, before="pending"))
    assert not (await arrive(store, ANNA)).may_answer


async def test_what_is_known_of_a_chat_is_not_read_again(store: Store) -> None:
    heard = LastInbound(number_id="1", id=MessageId("M"), at=5.0)
    known = await store.write(lambda tx: tx.conversations.open(chat()))
    await store.write(lambda tx: tx.conversations.open(replace(chat(), last_inbound=heard), known=known))
    assert (await look(store)).conversation.last_inbound == heard


async def test_due_conversations_come_in_portions(store: Store) -> None:
    for here in (CHAT, OTHER_CHAT):
        await store.write(put(inbound(f"M in {here}"), conversation=here))
        await store.write(lambda tx, here=here: tx.outbox.add(outgoing(f"k in {here}", here)))
    pages: list[list[str]] = []
    after = ""
    for _ in range(3):
        page = await store.read(lambda tx, after=after: tx.workloads.due(1000.0, after=after, most=1))
        pages.append(list(page))
        after = page[-1] if page else ""
    assert pages == [[CHAT], [OTHER_CHAT], []]

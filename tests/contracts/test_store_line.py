"""Inbox, outbox, conversations, history, runs, ledger and dead letters of every store."""

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
    run,
)
from tests.support.clock import FakeClock

from cleo.domain.content import (
    Choices,
    Chosen,
    Content,
    Edit,
    File,
    FileId,
    Location,
    MessageId,
    Option,
    Other,
    Reaction,
    Revoke,
    Template,
    Text,
)
from cleo.domain.conversation import AccountId, Conversation, ConversationId
from cleo.domain.errors import Fenced, StoreError
from cleo.domain.identity import Address, PersonId
from cleo.domain.message import Inbound, OutboxState, Quoted
from cleo.domain.run import RunId
from cleo.domain.spending import Spending
from cleo.ports import DeadLetter, LedgerEntry, Parked, Store

EVERY_CONTENT: list[Content] = [
    Text(body='Grüße 👍🏽\n*bold* \\ " \0 end'),
    File(kind="voice", mimetype="audio/ogg", url="http://127.0.0.1/m/1", seconds=4, size=10),
    File(kind="document", name="a.pdf", stored=FileId("0" * 64), caption="see"),
    Reaction(emoji="👍", to=MessageId("M0")),
    Location(latitude=52.5, longitude=-13.4, name="Berlin"),
    Edit(of=MessageId("M0"), body="better"),
    Revoke(of=MessageId("M0")),
    Choices(body="Which?", options=(Option(id="a", title="A"), Option(id="b", title="B")), words="A or B?"),
    Chosen(id="a", title="A"),
    Template(name="hello", language="en"),
    Other(kind="poll", body="?"),
]


def test_every_content_is_tried() -> None:
    assert {type(content) for content in EVERY_CONTENT} == set(Content.__args__)


@pytest.mark.parametrize("content", EVERY_CONTENT, ids=lambda content: str(content.type))
async def test_a_message_comes_back_as_it_was(store: Store, clock: FakeClock, content: Content) -> None:
    message = Inbound(
        channel="whatsapp",
        chat=Address("group:1"),
        id=MessageId("M1"),
        sender=ANNA_LID,
        content=content,
        at=1_700_000_000_123,
        aliases=frozenset({ANNA, ANNA_LID}),
        sender_name="Anna 🌻",
        account=AccountId("main"),
        number_id="1001",
        is_group=True,
        forwarded=True,
        offline=True,
        quoted=Quoted(id=MessageId("M0"), sender=BEN, text="before"),
    )
    (seq,) = await store.write(put(message))
    (item,) = await store.read(lambda tx: tx.inbox.new(CHAT))
    assert item.message == message
    assert (item.seq, item.conversation, item.received_at) == (seq, CHAT, clock.now())


async def test_text_that_is_no_unicode_is_kept_as_well_as_can_be(store: Store) -> None:
    await store.write(put(inbound(content=Text(body="half \ud83d of a smile"))))
    (item,) = await store.read(lambda tx: tx.inbox.new(CHAT))
    assert item.message.content == Text(body="half ? of a smile")
    letter = DeadLetter(kind="inbound", key="1", conversation=CHAT, reason="\ud83d \0", at=1.0)
    await store.write(lambda tx: tx.dead_letters.add(letter))
    assert len(await store.read(lambda tx: tx.dead_letters.recent(1))) == 1


async def test_the_same_message_is_kept_once(store: Store) -> None:
    first = inbound("M1")
    edit = inbound("M2", Edit(of=MessageId("M1"), body="x"))
    again = replace(first, content=Text(body="other words"), at=99, offline=True, sender_name="late name")
    assert await store.write(put(first, edit)) == [1, 2]
    assert await store.write(put(again, first, edit)) == [None, None, None]
    assert len(await store.read(lambda tx: tx.inbox.new(CHAT))) == 2


async def test_an_id_is_unique_only_with_account_chat_and_sender(store: Store) -> None:
    first = inbound("M1")
    others = [
        replace(first, sender=BEN),
        replace(first, chat=BEN),
        replace(first, number_id="second"),
        replace(first, account=AccountId("second")),
        replace(first, channel="other"),
        replace(first, id=MessageId("M2")),
    ]
    assert None not in await store.write(put(first, *others))


async def test_reactions_under_one_id_differ_by_target_emoji_and_time(store: Store) -> None:
    thumb = Reaction(emoji="👍", to=MessageId("Q1"))
    messages = [
        inbound("Q1", thumb),
        inbound("Q1", replace(thumb, emoji="")),
        inbound("Q1", thumb, at=2),
        inbound("Q1", replace(thumb, to=MessageId("Q2"))),
    ]
    assert None not in await store.write(put(*messages))
    assert await store.write(put(*messages)) == [None] * 4


async def test_the_inbox_keeps_arrival_order_and_follows_its_states(store: Store) -> None:
    # Timestamps are for display; what counts is who came first.
    seqs = await store.write(put(*(inbound(f"M{n}", at=100 - n) for n in range(5))))
    taken = [seq for seq in seqs[:3] if seq]
    await store.write(lambda tx: tx.inbox.move(reversed(taken), "taken", RunId("R1")))
    assert [item.seq for item in await store.read(lambda tx: tx.inbox_lookup.of_run(RunId("R1")))] == taken
    assert [item.seq for item in await store.read(lambda tx: tx.inbox.new(CHAT))] == seqs[3:]
    await store.write(lambda tx: tx.inbox.move(taken, "dead"))
    assert [item.seq for item in await store.read(lambda tx: tx.inbox_lookup.of_run(RunId("R1")))] == taken
    assert await store.read(lambda tx: tx.inbox_lookup.of_run(RunId("R2"))) == []
    assert await store.read(lambda tx: tx.inbox.new(OTHER_CHAT)) == []


async def test_a_run_owes_what_was_handed_over_to_it(store: Store) -> None:
    seqs = [seq for seq in await store.write(put(*(inbound(f"M{n}") for n in range(3)))) if seq]
    await store.write(lambda tx: tx.inbox.move(seqs[:1], "done", RunId("R1")))
    await store.write(lambda tx: tx.inbox.move(seqs[1:2], "taken", RunId("R2")))
    await store.write(lambda tx: tx.inbox.hand_over(RunId("R1"), RunId("R2")))
    assert await store.read(lambda tx: tx.inbox_lookup.of_run(RunId("R1"))) == []
    owed = await store.read(lambda tx: tx.inbox_lookup.of_run(RunId("R2")))
    assert [(item.seq, item.state) for item in owed] == [(seqs[0], "done"), (seqs[1], "taken")]


async def test_what_waits_for_a_run_is_counted_up_to_a_limit(store: Store) -> None:
    await store.write(lambda tx: tx.inbox.add(inbound("N1"), CHAT, PersonId(ANNA), "noted"))
    await store.write(put(*(inbound(f"W{number}") for number in range(4))))
    assert await store.read(lambda tx: [tx.inbox_lookup.waiting(limit) for limit in (2, 4, 9)]) == [2, 4, 4]


async def test_a_noted_message_waits_for_nobody(store: Store) -> None:
    await store.write(lambda tx: tx.inbox.add(inbound(), CHAT, PersonId(ANNA), "noted"))
    assert await store.read(lambda tx: tx.inbox.new(CHAT)) == []
    assert await store.write(put(inbound())) == [None]


async def test_thousands_of_messages_move_at_once(store: Store) -> None:
    await store.write(put(*(inbound(f"M{n}") for n in range(2500))))
    await store.write(lambda tx: tx.inbox.move(range(1, 2501), "noted"))
    assert await store.read(lambda tx: tx.inbox.new(CHAT)) == []


@pytest.mark.parametrize("content", EVERY_CONTENT, ids=lambda content: str(content.type))
async def test_an_item_comes_back_as_it_was(store: Store, content: Content) -> None:
    item = replace(
        outgoing("k1", next_at=5.5, message_id="W1"),
        content=content,
        quoted=Quoted(id=MessageId("M0")),
        attempts=3,
        reason="because",
    )
    assert await store.write(lambda tx: tx.outbox.add(item))
    assert await store.read(lambda tx: tx.outbox.next(CHAT)) == replace(item, seq=1)


async def test_a_key_is_queued_once(store: Store) -> None:
    assert await store.write(lambda tx: tx.outbox.add(outgoing("k1")))
    assert not await store.write(lambda tx: tx.outbox.add(outgoing("k1", OTHER_CHAT)))
    assert await store.read(lambda tx: tx.outbox.next(OTHER_CHAT)) is None


async def test_the_oldest_item_that_is_not_sent_is_next(store: Store) -> None:
    for key in "abc":
        await store.write(lambda tx, key=key: tx.outbox.add(outgoing(key)))
    waiting: list[OutboxState] = ["queued", "sending", "uncertain"]
    for state in waiting:
        await store.write(lambda tx, s=state: tx.outbox.update(outgoing("a", state=s, next_at=9e9)))
        head = await store.read(lambda tx: tx.outbox.next(CHAT))
        assert head and (head.key, head.state, head.next_at) == ("a", state, 9e9)
    await store.write(lambda tx: tx.outbox.update(outgoing("a", state="sent")))
    await store.write(lambda tx: tx.outbox.update(outgoing("b", state="failed")))
    head = await store.read(lambda tx: tx.outbox.next(CHAT))
    assert head and head.key == "c"
    await store.write(lambda tx: tx.outbox.update(outgoing("c", state="read")))
    assert await store.read(lambda tx: tx.outbox.next(CHAT)) is None


async def test_what_arrived_stays_arrived(store: Store) -> None:
    """The receipt may be here before the answer to the send."""
    await store.write(lambda tx: tx.outbox.add(outgoing("k1", message_id="W1")))
    sending = replace(outgoing("k1", state="sending", message_id="W1"), attempts=1)
    await store.write(lambda tx: tx.outbox.update(sending))
    await store.write(lambda tx: tx.outbox.update(replace(sending, state="delivered")))
    for late in ("sent", "uncertain", "failed", "queued", "sending"):
        await store.write(lambda tx, late=late: tx.outbox.update(replace(sending, state=late)))
    (item,) = await store.read(lambda tx: tx.outbox_lookup.recent(1))
    assert item.state == "delivered"
    await store.write(lambda tx: tx.outbox.update(replace(sending, state="read")))
    (item,) = await store.read(lambda tx: tx.outbox_lookup.recent(1))
    assert item.state == "read"


async def test_a_failure_turns_out_to_have_arrived(store: Store) -> None:
    await store.write(lambda tx: tx.outbox.add(outgoing("k1", state="failed")))
    news: tuple[tuple[OutboxState, OutboxState], ...] = (
        ("sent", "failed"),
        ("delivered", "delivered"),
        ("failed", "delivered"),
    )
    for state, then in news:
        await store.write(lambda tx, state=state: tx.outbox.update(outgoing("k1", state=state)))
        (item,) = await store.read(lambda tx: tx.outbox_lookup.recent(1))
        assert item.state == then


async def test_losses_are_told_once_in_their_chat(store: Store) -> None:
    lost = DeadLetter(kind="outbound", key="k1", conversation=CHAT, reason="refused", at=1.0)
    other = replace(lost, key="k2", conversation=OTHER_CHAT)
    poison = DeadLetter(kind="inbound", key="i1", conversation=CHAT, reason="poison", at=1.0)
    for letter in lost, other, poison:
        await store.write(lambda tx, letter=letter: tx.dead_letters.add(letter))
    assert await store.read(lambda tx: tx.dead_letters.unreported(CHAT)) == [lost]
    await store.write(lambda tx: tx.dead_letters.mark_reported([lost]))
    assert await store.read(lambda tx: tx.dead_letters.unreported(CHAT)) == []
    assert await store.read(lambda tx: tx.dead_letters.unreported(OTHER_CHAT)) == [other]


async def test_sent_messages_are_found_by_their_id_in_their_chat(store: Store) -> None:
    await store.write(lambda tx: tx.outbox.add(outgoing("k1", message_id="W1")))
    await store.write(lambda tx: tx.outbox.add(outgoing("k2")))
    await store.write(lambda tx: tx.outbox.update(outgoing("k2", state="sent", message_id="W2")))
    for key, id in ("k1", MessageId("W1")), ("k2", MessageId("W2")):
        found = await store.read(lambda tx, id=id: tx.outbox_lookup.by_message_id(CHAT, id))
        assert [item.key for item in found] == [key]
    assert not await store.read(lambda tx: tx.outbox_lookup.by_message_id(OTHER_CHAT, MessageId("W1")))
    for known in ("W2", "W3"), ("W3", "W3"):
        told = await store.write(
            lambda tx, known=known: [tx.outbox.note_second_id("k2", MessageId(id)) for id in known]
        )
        assert told == [False, known == ("W2", "W3")]
    assert await store.write(lambda tx: tx.outbox.note_second_id("none", MessageId("W3"))) is False
    for id in "W2", "W3":
        [item] = await store.read(lambda tx, id=id: tx.outbox_lookup.by_message_id(CHAT, MessageId(id)))
        assert (item.key, item.message_id, item.second_id) == ("k2", "W2", "W3")
    assert [item.key for item in await store.read(lambda tx: tx.outbox_lookup.recent(5))] == ["k2", "k1"]
    assert [item.key for item in await store.read(lambda tx: tx.outbox_lookup.recent(1))] == ["k2"]


async def test_a_conversation_is_made_once(store: Store) -> None:
    group = Conversation(
        id=ConversationId("whatsapp/default/group:1"), channel="whatsapp", address=Address("group:1")
    )
    for made in group, chat():
        assert await store.write(lambda tx, made=made: tx.conversations.open(made)) == made
        moved = replace(made, address=Address("phone:+1"))
        assert await store.write(lambda tx, moved=moved: tx.conversations.open(moved)) == made
        assert await store.read(lambda tx, made=made: tx.conversations.get(made.id)) == made
    with pytest.raises(KeyError):
        await store.read(lambda tx: tx.conversations.get(OTHER_CHAT))


async def test_who_was_replaced_is_fenced_off(store: Store) -> None:
    await store.write(lambda tx: tx.conversations.open(chat()))
    first = await store.write(lambda tx: tx.conversations.lease(CHAT))
    await store.write(lambda tx: tx.conversations.guard(CHAT, first))
    second = await store.write(lambda tx: tx.conversations.lease(CHAT))
    assert second > first
    with pytest.raises(Fenced):
        await store.write(lambda tx: (tx.outbox.add(outgoing("k1")), tx.conversations.guard(CHAT, first)))
    assert await store.read(lambda tx: tx.outbox.next(CHAT)) is None
    await store.write(lambda tx: tx.conversations.guard(CHAT, second))
    with pytest.raises(Fenced):
        await store.write(lambda tx: tx.conversations.guard(OTHER_CHAT, second))
    with pytest.raises(KeyError):
        await store.write(lambda tx: tx.conversations.lease(OTHER_CHAT))


async def test_history_shows_its_newest_part_in_order(store: Store) -> None:
    assert await store.write(lambda tx: tx.transcript.append(CHAT, RunId("R1"), [b"1", b"2"], after=0)) == 2
    assert await store.write(lambda tx: tx.transcript.append(CHAT, RunId("R2"), [b"3\0\xff"], after=2)) == 3
    assert await store.write(lambda tx: tx.transcript.append(OTHER_CHAT, RunId("R3"), [b"x"], after=0)) == 1
    assert await store.write(lambda tx: tx.transcript.append(CHAT, RunId("R2"), [], after=3)) == 3
    assert list(await store.read(lambda tx: tx.transcript.window(CHAT, 10))) == [b"1", b"2", b"3\0\xff"]
    assert list(await store.read(lambda tx: tx.transcript.window(CHAT, 2))) == [b"2", b"3\0\xff"]


async def test_spending_is_found_by_conversation_and_time(store: Store) -> None:
    first = Spending(
        conversation=CHAT,
        run=RunId("R1"),
        kind="chat",
        model="gpt",
        tokens_in=1200,
        tokens_out=30,
        cost=0.004,
        at=1.0,
    )
    later = replace(first, run=RunId("R2"), cost=None, at=2.0)
    for spending in (first, later, replace(first, conversation=OTHER_CHAT)):
        await store.write(lambda tx, spending=spending: tx.spendings.add(spending))
    assert await store.read(lambda tx: tx.spendings.of(CHAT, 0.0)) == [first, later]
    assert await store.read(lambda tx: tx.spendings.of(CHAT, 2.0)) == [later]


async def test_a_batch_is_parked_until_it_is_cleared(store: Store) -> None:
    await store.write(lambda tx: tx.conversations.open(chat()))
    assert await store.read(lambda tx: tx.transcript.parked(CHAT)) is None
    parked = Parked(batch=7)
    await store.write(lambda tx: tx.transcript.park(CHAT, parked))
    assert await store.read(lambda tx: tx.transcript.parked(CHAT)) == parked
    await store.write(lambda tx: tx.transcript.park(CHAT, None))
    assert await store.read(lambda tx: tx.transcript.parked(CHAT)) is None


async def test_a_parked_batch_tells_which_run_parked_it(store: Store) -> None:
    await store.write(lambda tx: tx.conversations.open(chat()))
    revision = await store.write(lambda tx: tx.transcript.append(CHAT, RunId("R7"), [b"{}", b"{}"], after=0))
    await store.write(lambda tx: tx.transcript.park(CHAT, Parked(batch=revision)))
    found = await store.read(lambda tx: tx.transcript.parked(CHAT))
    assert found == Parked(batch=revision, run=RunId("R7"))


async def test_a_conversation_has_one_open_run(store: Store) -> None:
    first = run("R1")
    await store.write(lambda tx: tx.runs.start(first))
    assert await store.read(lambda tx: tx.runs.open(CHAT)) == first
    with pytest.raises(StoreError):
        await store.write(lambda tx: tx.runs.start(run("R2")))
    tried = replace(first, attempts=2, prompted=True)
    await store.write(lambda tx: tx.runs.update(tried))
    assert await store.read(lambda tx: tx.runs.open(CHAT)) == tried
    await store.write(lambda tx: tx.runs.update(replace(tried, state="failed")))
    assert await store.read(lambda tx: tx.runs.open(CHAT)) is None
    second = replace(run("R2", kind="late"), ref="K7Q4")
    await store.write(lambda tx: tx.runs.start(second))
    recent = await store.read(lambda tx: tx.runs.recent(5))
    assert recent == [(second, "open"), (replace(tried, state="failed"), "failed")]


async def test_a_call_is_claimed_once(store: Store) -> None:
    assert await store.write(lambda tx: tx.ledger.claim("k1", "note", 1.0)) is None
    known = await store.write(lambda tx: tx.ledger.claim("k1", "note", 2.0))
    assert known == LedgerEntry(key="k1", tool="note", state="started")
    await store.write(lambda tx: tx.ledger.finish("k1", "succeeded", "saved", 3.0))
    known = await store.write(lambda tx: tx.ledger.claim("k1", "note", 4.0))
    assert known == LedgerEntry(key="k1", tool="note", state="succeeded", value="saved")


async def test_dead_letters_are_kept_once(store: Store) -> None:
    first = DeadLetter(kind="inbound", key="1", conversation=CHAT, reason="poison", at=1.0)
    letters = [first, replace(first, kind="outbound"), replace(first, key="2")]
    for letter in [*letters, replace(letters[0], reason="again")]:
        await store.write(lambda tx, letter=letter: tx.dead_letters.add(letter))
    assert await store.read(lambda tx: tx.dead_letters.recent(9)) == letters[::-1]
    assert await store.read(lambda tx: tx.dead_letters.recent(1)) == letters[:1:-1]


async def test_a_conversation_that_began_anew_shows_only_what_came_since(store: Store) -> None:
    await store.write(lambda tx: tx.conversations.open(chat()))
    await store.write(lambda tx: tx.transcript.append(CHAT, RunId("R1"), [b"1", b"2"], after=0))
    await store.write(lambda tx: tx.transcript_rows.begin_anew(CHAT))
    assert list(await store.read(lambda tx: tx.transcript.window(CHAT, 10))) == []
    await store.write(lambda tx: tx.transcript.append(CHAT, RunId("R2"), [b"3"], after=2))
    assert list(await store.read(lambda tx: tx.transcript.window(CHAT, 10))) == [b"3"]
    assert (await store.write(lambda tx: tx.workloads.look(CHAT, 1))).bounds == (2, 3)


async def test_one_message_is_replaced_and_its_neighbours_stay(store: Store) -> None:
    await store.write(lambda tx: tx.transcript.append(CHAT, RunId("R1"), [b"1", b"2", b"3"], after=0))
    await store.write(lambda tx: tx.transcript.append(OTHER_CHAT, RunId("R2"), [b"x", b"y"], after=0))
    await store.write(lambda tx: tx.transcript_rows.replace(CHAT, 2, b"other"))
    assert list(await store.read(lambda tx: tx.transcript.window(CHAT, 10))) == [b"1", b"other", b"3"]
    assert list(await store.read(lambda tx: tx.transcript.window(OTHER_CHAT, 10))) == [b"x", b"y"]


async def test_a_run_is_asked_to_end_and_keeps_it_through_updates(store: Store) -> None:
    assert await store.write(lambda tx: tx.runs.stop(CHAT, "stop")) is None
    await store.write(lambda tx: tx.runs.start(run("R1")))
    await store.write(lambda tx: tx.runs.stop(CHAT, "new"))
    await store.write(lambda tx: tx.runs.update(replace(run("R1"), attempts=2)))
    found = await store.read(lambda tx: tx.runs.open(CHAT))
    assert found is not None and (found.stop, found.attempts) == ("new", 2)

"""What every store lets go of, and what it never does; when runs were asked for and ended."""

from dataclasses import replace

from tests.contracts.store_samples import ANNA, CHAT, OTHER_CHAT, chat, inbound, outgoing, question, run
from tests.support.clock import FakeClock

from cleo.domain.identity import PersonId
from cleo.domain.run import RunId
from cleo.domain.spending import Spending
from cleo.ports import DeadLetter, Quota, RunSpan, Store, Transaction

PERSON = PersonId(ANNA)


async def test_what_is_done_with_goes_and_is_known_all_the_same(store: Store, clock: FakeClock) -> None:
    def work(tx: Transaction) -> None:
        tx.conversations.open(chat())
        for id, state in ("M0", "early"), ("M1", "done"), ("M2", "noted"), ("M3", "new"), ("M4", "done"):
            tx.inbox.add(inbound(id), CHAT, PERSON, state)  # type: ignore[arg-type]  # of the list
        for key, state in ("k1", "read"), ("k2", "held"), ("k3", "failed"):
            tx.outbox.add(outgoing(key, state=state))  # type: ignore[arg-type]  # of the list
        tx.outbox.add(outgoing("asks", state="read", asks="K7Q4"))
        tx.confirmations.add(question("K7Q4"))
        tx.outbox.add(outgoing("newest", state="read"))

    await store.write(work)
    later = clock.now() + 100
    assert await store.write(lambda tx: tx.retention.forget_inbound(clock.now())) == 0
    assert await store.write(lambda tx: tx.retention.forget_inbound(later)) == 3
    assert await store.write(lambda tx: tx.retention.forget_outbound(later)) == 2
    left = await store.read(lambda tx: tx.outbox_lookup.recent(9))
    assert [message.key for message in left] == ["newest", "asks", "k2"]
    for id in "M1", "M2", "M3", "M4":
        assert await store.write(lambda tx, i=id: tx.inbox.add(inbound(i), CHAT, PERSON, "new")) is None
    assert await store.write(lambda tx: tx.inbox.add(inbound("M5"), CHAT, PERSON, "new")) is not None


async def test_what_a_chat_that_is_not_done_was_asked_stays(store: Store, clock: FakeClock) -> None:
    def work(tx: Transaction) -> None:
        tx.conversations.open(chat())
        tx.runs.start(run("R1"))
        for id in "M1", "M2":
            tx.inbox.add(inbound(id), CHAT, PERSON, "done")

    await store.write(work)
    assert await store.write(lambda tx: tx.retention.forget_inbound(clock.now() + 1)) == 0
    await store.write(lambda tx: tx.runs.update(replace(run("R1"), state="done")))
    assert await store.write(lambda tx: tx.retention.forget_inbound(clock.now() + 1)) == 1


async def test_runs_that_are_over_go_and_the_newest_of_each_transcript_stays(
    store: Store, clock: FakeClock
) -> None:
    def work(tx: Transaction) -> None:
        for here in CHAT, OTHER_CHAT:
            tx.conversations.open(chat(here))
            for number in range(3):
                id = RunId(f"{here}-{number}")
                tx.runs.start(replace(run(id), conversation=here))
                tx.transcript.append(here, id, [b"{}", b"{}"], after=2 * number)
                if (here, number) != (OTHER_CHAT, 2):
                    tx.runs.update(replace(run(id), conversation=here, state="done"))
        tx.runs.start(replace(run(RunId("newest")), conversation=CHAT))

    def left(tx: Transaction) -> tuple[int, int, int]:
        bodies = [len(tx.transcript.window(here, 9)) for here in (CHAT, OTHER_CHAT)]
        return (len(tx.runs.recent(9)), *bodies)  # type: ignore[return-value]  # of two

    await store.write(work)
    later = clock.now() + 100
    assert await store.write(lambda tx: tx.retention.forget_runs(clock.now(), 3)) == 0
    assert await store.write(lambda tx: tx.retention.forget_runs(later, 3)) == 5
    assert await store.write(lambda tx: tx.retention.forget_runs(later, 3)) == 0
    assert await store.read(left) == (2, 3, 3), "what is open stays, and the newest messages of each chat"
    assert await store.write(lambda tx: tx.transcript.append(CHAT, RunId("newest"), [b"{}"], after=6)) == 7


async def test_calls_questions_costs_and_losses_that_are_over_go(store: Store, clock: FakeClock) -> None:
    def work(tx: Transaction) -> None:
        tx.conversations.open(chat())
        for key in "ended", "started":
            tx.ledger.claim(key, "tool", 1.0)
        tx.ledger.finish("ended", "succeeded", "", 2.0)
        for ref, more in {
            "AAAA": {"state": "succeeded", "reported": True},
            "BBBB": {"state": "succeeded"},
            "CCCC": {"state": "pending", "reported": True},
            "DDDD": {"state": "denied", "reported": True},
        }.items():
            tx.confirmations.add(replace(question(ref, **more), created_at=1.0))  # type: ignore[arg-type]  # of these
            tx.confirmations.log(ref, "yes", at=1.0)
        for number in range(2):
            tx.spendings.add(
                Spending(
                    conversation=CHAT,
                    run=RunId("R"),
                    kind="chat",
                    model="m",
                    tokens_in=1,
                    tokens_out=1,
                    cost=None,
                    at=float(number),
                )
            )
        for key, kind in ("i", "inbound"), ("o", "outbound"), ("newest", "inbound"):
            tx.dead_letters.add(DeadLetter(kind=kind, key=key, conversation=CHAT, reason="", at=1.0))  # type: ignore[arg-type]  # of these

    def left(tx: Transaction) -> tuple[object, ...]:
        return (
            tx.ledger.claim("ended", "tool", 3.0) is None,
            tx.ledger.claim("started", "tool", 3.0) is None,
            [ref for ref in ("AAAA", "BBBB", "CCCC", "DDDD") if tx.confirmations.get(ref)],
            len(tx.spendings.of(CHAT, 0.0)),
            sorted(letter.key for letter in tx.dead_letters.recent(9)),
        )

    await store.write(work)
    assert await store.write(lambda tx: tx.retention.forget_records(1.0)) == 1
    assert await store.write(lambda tx: tx.retention.forget_records(10.0)) == 3
    assert await store.write(lambda tx: tx.retention.forget_records(10.0)) == 0
    assert await store.write(left) == (True, False, ["BBBB", "CCCC", "DDDD"], 1, ["newest", "o"])
    assert clock.now() > 10.0


async def test_what_is_not_answered_has_a_quota_a_day(store: Store) -> None:
    quota = Quota(messages=2, bytes=10_000, bytes_of_all=10_000)

    async def has_room(day: int, quota: Quota = quota) -> bool:
        return await store.write(lambda tx: tx.unanswered.has_room(PERSON, inbound(), day, quota))

    assert [await has_room(1) for _ in range(3)] == [True, True, False]
    assert await has_room(2)
    assert not await has_room(2, replace(quota, bytes=10))
    assert not await has_room(2, replace(quota, bytes_of_all=10))
    await store.write(lambda tx: tx.retention.forget_counts(3))
    assert [await has_room(2) for _ in range(3)] == [True, True, False]
    assert [await store.write(lambda tx: tx.unanswered.skip(inbound())) for _ in range(2)] == [True, False]
    assert await store.write(lambda tx: tx.inbox.add(inbound(), CHAT, PERSON, "new")) is None


async def test_runs_are_told_by_when_they_were_asked_for_and_ended(store: Store, clock: FakeClock) -> None:
    start = clock.now()
    await store.write(lambda tx: tx.conversations.open(chat()))
    for number in 1, 2:
        id = f"R{number}"

        def begin(tx: Transaction, id: str = id) -> None:
            seq = tx.inbox.add(inbound(id), CHAT, PERSON, "new")
            tx.runs.start(run(id))
            tx.inbox.move([seq or 0], "done", RunId(id))

        await store.write(begin)
        clock.advance(2)
        await store.write(lambda tx, i=id: tx.runs.update(replace(run(i), state="done")))
    spans = await store.read(lambda tx: tx.run_spans.ended_since(CHAT, start, 9))
    assert spans == [RunSpan(start + 2, start + 4), RunSpan(start, start + 2)]
    assert await store.read(lambda tx: tx.run_spans.ended_since(CHAT, start + 3, 9)) == spans[:1]
    assert await store.read(lambda tx: tx.run_spans.ended_since(CHAT, start, 1)) == spans[:1]


async def test_a_paused_chat_is_not_due(store: Store, clock: FakeClock) -> None:
    def work(tx: Transaction) -> None:
        tx.conversations.open(chat())
        tx.inbox.add(inbound(), CHAT, PERSON, "new")
        tx.conversations.pause(CHAT, 100.0)

    await store.write(work)
    assert await store.read(lambda tx: tx.workloads.due(99.0)) == []
    assert await store.read(lambda tx: tx.workloads.due(100.0)) == [CHAT]
    assert (await store.read(lambda tx: tx.conversations.get(CHAT))).paused_until == 100.0
    await store.write(lambda tx: tx.conversations.pause(CHAT, 50.0))
    assert await store.read(lambda tx: tx.workloads.due(99.0)) == [CHAT]

"""What runs on every message goes by index, however much is stored."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests.contracts.store_samples import ANNA, ANNA_LID, BEN, CHAT, chat, inbound, outgoing, question, run
from tests.support.clock import FakeClock
from tests.support.statements import executed

from cleo.domain.content import MessageId
from cleo.domain.conversation import AccountKey
from cleo.domain.identity import PersonId
from cleo.domain.run import RunId
from cleo.ports import Parked, Quota, Reminder, Transaction
from cleo.store import open_store


def a_day(tx: Transaction) -> None:
    """Everything that happens in a conversation."""
    arrival(tx)
    unanswered(tx)
    turn(tx)
    reply(tx)


def arrival(tx: Transaction) -> None:
    for addresses in ({ANNA}, {ANNA_LID}, {ANNA, ANNA_LID}, {BEN}):
        tx.people.resolve(frozenset(addresses), "name", 1.0)
    tx.people.get(PersonId(ANNA))
    tx.people.claim_owner(PersonId(ANNA))
    tx.people.owners()
    for _ in "new", "known":
        tx.conversations.open(chat())
        tx.senders.resolve(
            frozenset({ANNA}), "name", 1.0, account=AccountKey("whatsapp"), message_id=MessageId("M1")
        )
    tx.workloads.look(CHAT, 10)
    tx.conversations.guard(CHAT, tx.conversations.lease(CHAT))
    tx.inbox.add(inbound(), CHAT, PersonId(ANNA), "new")
    tx.inbox.new(CHAT)
    tx.inbox.new(CHAT, 1, newest=True)
    tx.run_spans.ended_since(CHAT, 1.0, 100)
    tx.conversations.pause(CHAT, 1.0)
    tx.inbox.move([1], "taken", RunId("R1"))
    tx.inbox_lookup.of_run(RunId("R1"))
    tx.inbox.hand_over(RunId("R0"), RunId("R1"))


def unanswered(tx: Transaction) -> None:
    quota = Quota(messages=9, bytes=9999, bytes_of_all=9999)
    for number in range(2):
        tx.unanswered.has_room(PersonId(BEN), inbound(f"U{number}"), 1, quota)
    tx.unanswered.skip(inbound("U3"))


def let_go(tx: Transaction) -> None:
    """What a sweep does at times, a portion at a time."""
    for number in range(2):
        tx.inbox.add(inbound(f"M{number}"), CHAT, PersonId(ANNA), "done")
        tx.outbox.add(outgoing(f"k{number}", state="read"))
    tx.retention.forget_inbound(1e10)
    tx.retention.forget_outbound(1e10)
    tx.retention.forget_counts(1)
    tx.retention.forget_runs(1e10, 2)
    tx.retention.forget_records(1e10)


def turn(tx: Transaction) -> None:
    tx.runs.start(run("R1"))
    tx.runs.open(CHAT)
    tx.runs.update(run("R1"))
    tx.runs.stop(CHAT, "stop")
    tx.transcript.append(CHAT, RunId("R1"), [b"{}"], after=0)
    tx.transcript.window(CHAT, 10)
    tx.transcript_rows.replace(CHAT, 1, b"{}")
    tx.transcript_rows.begin_anew(CHAT)
    tx.transcript.park(CHAT, Parked(batch=1))
    tx.transcript.parked(CHAT)
    tx.ledger.claim("k", "tool", 1.0)
    tx.ledger.claim("k", "tool", 1.0)
    tx.ledger.finish("k", "succeeded", "", 1.0)


def reply(tx: Transaction) -> None:
    tx.outbox.add(outgoing("k"))
    tx.outbox.next(CHAT)
    tx.outbox_lookup.by_message_id(CHAT, MessageId("W1"))
    tx.outbox.get("k")
    tx.outbox_lookup.held(CHAT)
    tx.outbox.update(outgoing("k", state="sent"))
    tx.outbox.note_second_id("k", MessageId("W2"))
    tx.inbox_lookup.early(CHAT)
    tx.confirmations.withdraw_prompts("K7Q4")
    tx.outbox_lookup.prompts("K7Q4")
    tx.outbox_lookup.recent(10, conversation=CHAT, after=1)
    tx.confirmations.add(question("K7Q4"))
    tx.confirmations.get("K7Q4")
    tx.confirmation_lookup.unreported(CHAT)
    tx.confirmation_lookup.newest(CHAT)
    tx.confirmation_lookup.asked_in(CHAT)
    tx.confirmation_lookup.asked_by(CHAT, MessageId("W1"))
    tx.confirmations.save(question("K7Q4", state="approved"), before="pending")
    tx.spendings.of(CHAT, 0.0)
    tx.reminders.add(Reminder(id="r", conversation=CHAT, text="tea", next_at=1.0))
    tx.reminders.due(2.0, 10)
    tx.reminders.of(CHAT)
    tx.reminders.move("r", None)
    tx.records.of(CHAT, "note", "name")
    tx.workloads.due(1000.0)


async def plans(root: Path, work: Callable[[Transaction], object]) -> dict[str, list[str]]:
    """Return the steps that SQLite takes for each statement of the work."""
    store = open_store(f"sqlite:///{root / 'cleo.db'}", clock=FakeClock())
    with executed() as said:
        await store.write(work)
    await store.close()
    found = {each.text: each.parameters for each in said if each.text.split()[0] in {"SELECT", "UPDATE"}}
    with closing(sqlite3.connect(root / "cleo.db")) as raw:
        return {
            text: [row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {text}", parameters)]
            for text, parameters in found.items()
        }


async def test_nothing_on_the_way_of_a_message_looks_through_a_table(tmp_path: Path) -> None:
    found = await plans(tmp_path, a_day)
    assert len(found) > 25
    assert [f"{step} in {text}" for text, plan in found.items() for step in plan if looks_through(step)] == []


async def test_letting_go_looks_only_at_what_is_old(tmp_path: Path) -> None:
    found = await plans(tmp_path, let_go)
    assert [f"{step} in {text}" for text, plan in found.items() for step in plan if looks_through(step)] == []


def looks_through(step: str) -> bool:
    """Tell a look through a whole table; one through an index of only what is to be done is what `due` is made of."""
    tables = (
        "inbox",
        "outbox",
        "runs",
        "transcript",
        "tool_calls",
        "spending",
        "confirmations",
        "aliases",
        "records",
        "unanswered",
        "past_messages",
    )
    return any(step.startswith(f"SCAN {table}") for table in tables) and "INDEX" not in step


def test_the_check_would_see_it() -> None:
    assert looks_through("SCAN inbox")
    assert not looks_through("SCAN inbox USING COVERING INDEX ix_inbox_new")


async def test_what_is_held_is_found_by_its_own_index(tmp_path: Path) -> None:
    """A chat may have thousands of messages, and few that are held."""
    [plan] = (await plans(tmp_path, lambda tx: tx.outbox_lookup.held(CHAT))).values()
    assert plan[0] == "SEARCH outbox USING INDEX ix_outbox_held (conversation=?)"


async def test_a_sweep_begins_behind_the_last_one_in_each_index(tmp_path: Path) -> None:
    """However many chats wait, each kind of work is read in the order of its index and only as far as asked for."""
    [plan] = (await plans(tmp_path, lambda tx: tx.workloads.due(1000.0))).values()
    for index in (
        "inbox_new",
        "runs_open",
        "confirmations_unreported",
        "confirmations_pending",
        "outbox_waiting",
    ):
        assert any(step.endswith(f"USING INDEX ix_{index} (conversation>?)") for step in plan), index
    assert "USE TEMP B-TREE FOR DISTINCT" not in plan
    assert "USE TEMP B-TREE FOR GROUP BY" not in plan

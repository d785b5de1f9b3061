"""From SQLite to Postgres in the middle of a life: everything goes on there, as if nothing had happened."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from tests.contracts.store_samples import CHAT, chat, inbound, outgoing, put, question, run
from tests.support.agent_harness import OWNER, AgentHarness
from tests.support.clock import FakeClock
from tests.support.postgres import Postgres

from cleo.domain.errors import StoreError
from cleo.domain.identity import PersonId
from cleo.domain.run import RunId
from cleo.domain.spending import Spending
from cleo.domain.webhook_batch import WebhookBatch, WebhookEvent
from cleo.ports import DeadLetter, Parked, Quota, Record, Reminder, Tool, Transaction
from cleo.store import lock_data_dir, move, open_store
from cleo.store.schema import metadata


@pytest.fixture
def target(postgres: Postgres) -> Iterator[str]:
    with postgres.database() as url:
        yield url


def fill(tx: Transaction) -> None:
    """A row in every table, and more than one portion of messages."""
    put(*(inbound(f"M{number}") for number in range(1200)))(tx)
    tx.conversations.open(chat())
    tx.people.resolve(frozenset({OWNER}), "Anna 👍\ud83d", 1.0)
    tx.people.claim_owner(PersonId(OWNER))
    tx.runs.start(run("R1"))
    tx.transcript.append(CHAT, RunId("R1"), [b'{"a": "\xc3\xa4"}', b"{}"], after=0)
    tx.transcript.park(CHAT, Parked(batch=1))
    tx.spendings.add(
        Spending(
            conversation=CHAT,
            run=RunId("R1"),
            kind="chat",
            model="m",
            tokens_in=5,
            tokens_out=1,
            cost=0.25,
            at=1.0,
        )
    )
    tx.ledger.claim("k", "tool", 1.0)
    tx.outbox.add(outgoing("k1"))
    tx.confirmations.add(question("K7Q4"))
    tx.confirmations.log("K7Q4", "asked", at=1.0)
    tx.reminders.add(Reminder(id="r", conversation=CHAT, text="tea", next_at=1.0))
    tx.records.add(Record(id="n", conversation=CHAT, kind="note", name="a", body="b", at=1.0))
    tx.dead_letters.add(DeadLetter(kind="inbound", key="x", conversation=CHAT, reason="r", at=1.0))
    post = WebhookBatch(
        channel="whatsapp", raw=b"{}", events=(WebhookEvent(key="i", kind="status", body="{}"),)
    )
    tx.webhook_events.add(tx.webhook_events.keep(post), post.events[0])
    tx.installation.set("account", "cloud:1001")
    tx.access.decide(OWNER, "allowed", 1.0)
    tx.access.note_unknown(PersonId(OWNER), 1.0)
    tx.unanswered.has_room(
        PersonId(OWNER), inbound("M1"), 1, Quota(messages=9, bytes=9999, bytes_of_all=9999)
    )
    tx.unanswered.skip(inbound("not kept"))


def rows(connection: sqlite3.Connection | psycopg.Connection, table: str) -> list[tuple[object, ...]]:
    names = ", ".join(f'"{column.name}"' for column in metadata.tables[table].columns)
    statement = f"select {names} from {table}"
    if isinstance(connection, sqlite3.Connection):
        found = connection.execute(statement).fetchall()
    else:
        found = connection.execute(statement.encode()).fetchall()
    return sorted((tuple(row) for row in found), key=repr)


async def test_every_row_of_every_table_arrives_and_numbers_go_on(tmp_path: Path, target: str) -> None:
    source = f"sqlite:///{tmp_path / 'cleo.db'}"
    store = open_store(source, clock=FakeClock())
    await store.write(fill)
    await store.close()
    counts = move(source, target)
    assert set(counts) == set(metadata.tables)
    assert all(counts.values()), "a table that the test leaves empty proves nothing"
    assert counts["inbox"] == 1200
    with closing(sqlite3.connect(tmp_path / "cleo.db")) as old, psycopg.connect(target) as new:
        for table in metadata.tables:
            assert rows(new, table) == [tuple(row) for row in rows(old, table)], table
    store = open_store(target, clock=FakeClock())
    [seq] = await store.write(put(inbound("M1200")))
    assert seq == 1201
    assert await store.write(put(inbound("M7"))) == [None]
    await store.close()


async def test_a_target_that_is_not_empty_is_refused_and_left_alone(tmp_path: Path, target: str) -> None:
    for url in f"sqlite:///{tmp_path / 'cleo.db'}", target:
        store = open_store(url, clock=FakeClock())
        await store.write(put(inbound("M1")))
        await store.close()
    with pytest.raises(StoreError, match="not empty: conversations has rows"):
        move(f"sqlite:///{tmp_path / 'cleo.db'}", target)


async def test_what_fails_halfway_leaves_nothing_in_the_target(
    tmp_path: Path, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = f"sqlite:///{tmp_path / 'cleo.db'}"
    store = open_store(source, clock=FakeClock())
    await store.write(fill)
    await store.close()
    with monkeypatch.context() as broken:
        broken.setattr("cleo.store.copy_to_postgres._number_on", lambda *_: 1 / 0)  # type: ignore[misc]  # raises on purpose
        with pytest.raises(ZeroDivisionError):
            move(source, target)
    assert move(source, target)["inbox"] == 1200


async def test_a_question_that_waits_is_answered_on_postgres_and_runs_once(
    tmp_path: Path, target: str
) -> None:
    done: list[str] = []

    async def wipe(name: str) -> str:
        """Wipe something."""
        done.append(name)
        return f"wiped {name}"

    harness = AgentHarness(tmp_path, [Tool(name="wipe", function=wipe, requires_confirmation=True)])
    await harness.say('do wipe {"name": "the disk"}')
    assert harness.question()
    await harness.store.close()
    move(harness.url, target)
    harness.url = target
    harness.open()
    said = await harness.react("👍", harness.question().id)
    await harness.react("👍", harness.question().id)
    assert done == ["the disk"]
    assert any("wiped the disk" in text for text in said)
    await harness.store.close()


def test_the_source_of_a_running_cleo_is_left_alone(tmp_path: Path) -> None:
    from tests.unit.app.test_cli import cleo

    with lock_data_dir(tmp_path):
        ran = cleo("migrate", "--to", "postgresql://cleo@127.0.0.1:1/x", CLEO_DATA=str(tmp_path))
    assert ran.returncode == 1
    assert "Another Cleo already uses the data directory" in ran.stderr

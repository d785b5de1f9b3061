"""Postgres as it is when it is not well, and as others leave it."""

import asyncio
import re
import sys
from collections.abc import Iterator

import psycopg
import pytest
from tests.contracts.store_samples import ANNA, ANNA_LID, BEN, CHAT, chat, inbound, put, run
from tests.support.clock import FakeClock
from tests.support.postgres import Postgres

import cleo.store.migrate as migrations
from cleo.domain.content import Text
from cleo.domain.errors import ConfigError, Fenced, StoreError
from cleo.ports import Transaction
from cleo.store import SqlStore, open_store
from cleo.store.schema import HEAD, metadata


@pytest.fixture
def url(postgres: Postgres) -> Iterator[str]:
    with postgres.database() as url:
        yield url


@pytest.fixture
def fresh(postgres: Postgres) -> Iterator[str]:
    with postgres.new_database() as url:
        yield url


def opened(url: str) -> SqlStore:
    return open_store(url, clock=FakeClock())


async def test_a_server_that_crashes_is_used_again_as_soon_as_it_is_back(
    postgres: Postgres, url: str
) -> None:
    store = opened(url)
    await store.write(put(inbound("M1")))
    await asyncio.to_thread(postgres.kill)
    with pytest.raises(StoreError, match="goes on by itself"):
        await store.write(put(inbound("M2")))
    with pytest.raises(StoreError, match="goes on by itself"):
        await store.read(lambda tx: tx.inbox.new(CHAT))
    await asyncio.to_thread(postgres.start)
    assert await store.write(put(inbound("M2"))) != [None]
    assert [item.message.id for item in await store.read(lambda tx: tx.inbox.new(CHAT))] == ["M1", "M2"]
    await store.close()


async def test_a_connection_that_was_cut_is_replaced_unseen(url: str) -> None:
    """One try more on a new connection, as long as nothing was committed."""
    store = opened(url)
    await store.write(put(inbound("M1")))
    await store.read(lambda tx: tx.inbox.new(CHAT))
    cut_all(url)
    assert await store.write(put(inbound("M2"))) != [None]
    cut_all(url)
    assert len(await store.read(lambda tx: tx.inbox.new(CHAT))) == 2
    await store.close()


async def test_a_commit_in_doubt_is_never_repeated(url: str) -> None:
    """The server commits and the answer is lost: the writer says so, and whoever asks again meets the key."""
    store = opened(url)
    await store.write(put(inbound("M1")))
    runs: list[int] = []

    def work(tx: Transaction) -> list[int | None]:
        runs.append(1)
        return put(inbound("M2"))(tx)

    with psycopg.connect(url, autocommit=True) as other:
        # A deferred trigger runs within COMMIT, and cuts the connection there.
        other.execute("""
            create function cut() returns trigger language plpgsql as
                $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$;
            create constraint trigger cut after insert on inbox deferrable initially deferred
                for each row execute function cut();
        """)
        with pytest.raises(StoreError):
            await store.write(work)
        other.execute("drop function cut cascade")
    assert runs == [1]
    assert await store.write(put(inbound("M2"))) != [None]
    await store.close()


async def test_who_was_paused_within_a_transaction_holds_nobody_up_for_long(url: str) -> None:
    store = opened(url)
    await store.write(lambda tx: tx.conversations.open(chat()))
    paused = opened(url)
    holds, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def pause(tx: Transaction) -> None:
        epoch = tx.conversations.lease(CHAT)
        loop.call_soon_threadsafe(holds.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(30)
        tx.conversations.guard(CHAT, epoch)

    late = asyncio.create_task(paused.write(pause))
    await holds.wait()
    async with asyncio.timeout(5):
        epoch = await store.write(lambda tx: tx.conversations.lease(CHAT))
    go_on.set()
    await late  # undone by the server, then repeated as a whole: nobody else's work is touched
    with pytest.raises(Fenced):
        await store.write(lambda tx: tx.conversations.guard(CHAT, epoch))
    await asyncio.gather(store.close(), paused.close())


async def test_two_processes_that_change_the_same_person_take_turns(url: str) -> None:
    """Strangers that turn out to be one, met by two processes at once: no address is lost, nobody is there twice."""
    stores = opened(url), opened(url)
    known = ({ANNA}, {ANNA_LID}, {ANNA, ANNA_LID}, {BEN})
    for _ in range(5):
        await asyncio.gather(
            *(
                store.write(lambda tx, a=addresses: tx.people.resolve(frozenset(a), "name", 1.0))
                for addresses in known
                for store in stores
            )
        )
    anna = await stores[0].write(lambda tx: tx.people.resolve(frozenset({ANNA_LID}), "", 1.0))
    assert anna.addresses == {ANNA, ANNA_LID}
    await asyncio.gather(*(store.close() for store in stores))


async def test_what_people_write_comes_back_even_if_it_is_no_text(url: str) -> None:
    store = opened(url)
    body = "a\0b\ud83d\ufffec"
    await store.write(put(inbound("M1", Text(body=body))))
    [item] = await store.read(lambda tx: tx.inbox.new(CHAT))
    assert isinstance(item.message.content, Text)
    assert re.fullmatch("a.b.\ufffec", item.message.content.body)
    person = await store.write(lambda tx: tx.people.resolve(frozenset({ANNA}), "An\0na\ud83d", 1.0))
    assert person.name.startswith("An")
    await store.close()


def test_two_that_start_at_once_make_one_schema(fresh: str) -> None:
    async def start() -> None:
        stores = await asyncio.gather(*(asyncio.to_thread(opened, fresh) for _ in range(4)))
        await stores[0].write(put(inbound()))
        assert len(await stores[3].read(lambda tx: tx.inbox.new(CHAT))) == 1
        await asyncio.gather(*(store.close() for store in stores))

    asyncio.run(start())


def test_all_migrations_make_the_schema_of_a_new_database(
    postgres: Postgres, fresh: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(opened(fresh).close())
    with postgres.new_database() as other:
        monkeypatch.setattr("cleo.store.postgres.create", migrations.migrate)
        asyncio.run(opened(other).close())
        assert described(other) == described(fresh)
    tables = {name for kind, name, _ in described(fresh) if kind == "table"}
    assert set(metadata.tables) < tables


def test_a_database_of_a_newer_cleo_is_refused(fresh: str) -> None:
    asyncio.run(opened(fresh).close())
    with psycopg.connect(fresh, autocommit=True) as raw:
        raw.execute("update alembic_version set version_num = '9999'")
        with pytest.raises(StoreError, match=rf"newer Cleo .*9999, this one knows {HEAD}"):
            opened(fresh)


def test_a_server_that_is_not_there_is_said_at_the_start() -> None:
    with pytest.raises(StoreError, match=r"DATABASE_URL cannot be used.*cannot be reached"):
        opened("postgresql://cleo@127.0.0.1:1/cleo")


def test_without_the_extra_its_name_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigError, match=re.escape("pip install 'cleo[postgres]'")):
        opened("postgresql://cleo@127.0.0.1/cleo")


async def test_a_row_is_refused_and_the_next_one_kept(url: str) -> None:
    store = opened(url)
    with pytest.raises(StoreError, match="contradicts"):
        await store.write(lambda tx: tx.runs.start(run(None)))  # type: ignore[arg-type]  # an id is a must
    await store.write(lambda tx: tx.runs.start(run("R1")))
    await store.close()


def cut_all(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as other:
        other.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where pid <> pg_backend_pid() and datname = current_database()"
        )


def described(url: str) -> set[tuple[str, str, str]]:
    """Every column, index and constraint."""
    with psycopg.connect(url) as raw:
        columns = raw.execute(
            "select 'table', table_name, concat_ws(' ', column_name, data_type, is_nullable, column_default) "
            "from information_schema.columns where table_schema = 'public'"
        ).fetchall()
        indexes = raw.execute(
            "select 'index', indexname, indexdef from pg_indexes where schemaname = 'public'"
        ).fetchall()
        constraints = raw.execute(
            "select 'constraint', conname, pg_get_constraintdef(oid) from pg_constraint "
            "where connamespace = 'public'::regnamespace"
        ).fetchall()
    return {(str(kind), str(name), str(what)) for kind, name, what in [*columns, *indexes, *constraints]}

"""The engine of many processes, when its table of jobs is not well. What every engine promises: tests/contracts."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, LiteralString

import psycopg
import pytest
from procrastinate import PsycopgConnector
from tests.support.postgres import Postgres

from cleo.domain.conversation import ConversationId
from cleo.domain.errors import ConfigError, StoreError
from cleo.engine.procrastinate import ProcrastinateEngine

ANNA = ConversationId("whatsapp/phone:+4915112345678")


class Office:
    """Some engines on one database, as processes would be."""

    def __init__(self, postgres: Postgres, url: str) -> None:
        self.postgres = postgres
        self.url = url
        self.calls: Counter[ConversationId] = Counter()
        self.now: Counter[ConversationId] = Counter()
        self.most = 0
        self.gate = asyncio.Event()

    async def work(self, conversation: ConversationId) -> None:
        self.calls[conversation] += 1
        self.now[conversation] += 1
        self.most = max(self.most, self.now[conversation])
        try:
            await self.gate.wait()
        finally:
            self.now[conversation] -= 1

    @asynccontextmanager
    async def engine(self) -> AsyncGenerator[ProcrastinateEngine]:
        engine = ProcrastinateEngine(self.url, grace=0.2, rest=lambda crash: 0.01)
        running = asyncio.create_task(engine.run(self.work))
        try:
            yield engine
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await engine.close()

    async def ask(self, statement: str) -> list[tuple[object, ...]]:
        return await asyncio.to_thread(self._ask, statement)

    def _ask(self, statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            found = connection.execute(statement.encode())
            return found.fetchall() if found.description else []


@pytest.fixture
async def office(postgres: Postgres) -> AsyncIterator[Office]:
    with postgres.database() as url:
        yield Office(postgres, url)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not condition():  # noqa: ASYNC110  any condition, also one that nobody announces
            await asyncio.sleep(0.01)


async def test_two_engines_never_work_on_one_conversation_at_once(office: Office) -> None:
    async with office.engine() as one, office.engine() as two:
        await asyncio.gather(*(engine.wake(ANNA) for engine in (one, two) for _ in range(10)))
        await until(lambda: office.calls[ANNA] == 1)
        await two.wake(ANNA)
        await asyncio.sleep(0.6)  # a look for jobs passes
        assert office.calls[ANNA] == 1
        office.gate.set()
        await until(lambda: office.calls[ANNA] == 2)
    assert office.most == 1


async def test_a_wake_reaches_an_engine_of_another_process_at_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cleo.engine.procrastinate._LOOK_EVERY", 60.0)  # only the wake can be in time
    office.gate.set()
    awake = ProcrastinateEngine(office.url)
    async with office.engine():
        async with asyncio.timeout(20):
            while not office.calls:  # it does not listen from its first moment on
                await awake.wake(ConversationId(f"at {asyncio.get_running_loop().time()}"))
                await asyncio.sleep(0.05)
            await awake.wake(ANNA)
            while not office.calls[ANNA]:  # noqa: ASYNC110  as above
                await asyncio.sleep(0.005)
    await awake.close()


async def test_many_wakes_take_few_statements(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep may find thousands of chats that wait, most of them woken before."""
    statements: list[str] = []
    real = PsycopgConnector.execute_query_all_async

    async def execute(self: PsycopgConnector, query: LiteralString, **values: Any) -> object:
        statements.append(query)
        return await real(self, query, **values)

    chats = [ConversationId(f"chat {number}") for number in range(500)]
    engine = ProcrastinateEngine(office.url)
    await engine.open()
    monkeypatch.setattr(PsycopgConnector, "execute_query_all_async", execute)
    await engine.wake(*chats[:400])
    assert len(statements) == 1
    await engine.wake(*chats)
    assert len(statements) == 4, "all of them, who waits, the rest"
    await engine.wake(chats[0])
    assert len(statements) == 5
    await engine.close()
    [(count,)] = await office.ask("select count(*) from procrastinate_jobs where status = 'todo'")
    assert count == 500


async def test_jobs_and_locks_hold_ids_only_and_nothing_stays_behind(office: Office) -> None:
    async with office.engine() as engine:
        await engine.wake(ANNA)
        await until(lambda: office.calls[ANNA] == 1)
        [(lock, queueing_lock, args)] = await office.ask(
            "select lock, queueing_lock, args from procrastinate_jobs"
        )
        assert "49151" not in f"{lock}{queueing_lock}"
        assert args == {"conversation": ANNA}
        office.gate.set()
        async with asyncio.timeout(15):
            while await office.ask("select 1 from procrastinate_jobs"):  # noqa: ASYNC110  asked, not told
                await asyncio.sleep(0.01)
    assert await office.ask("select 1 from procrastinate_workers") == []


async def test_the_work_goes_on_after_a_crash_of_the_server(office: Office) -> None:
    office.gate.set()
    async with office.engine() as engine:
        await engine.wake(ConversationId("before"))
        await until(lambda: office.calls[ConversationId("before")] == 1)
        await asyncio.to_thread(office.postgres.kill)
        async with asyncio.timeout(5):
            await engine.wake(ConversationId("meanwhile"))  # lost, and nobody is told: a sweep finds it
        await asyncio.to_thread(office.postgres.start)
        async with asyncio.timeout(45):  # the pool tries again after growing waits
            while not office.calls[ANNA]:
                await engine.wake(ANNA)
                await asyncio.sleep(0.05)


async def test_a_job_whose_end_could_not_be_written_does_not_block_its_chat(office: Office) -> None:
    async with office.engine() as engine:
        await engine.wake(ANNA)
        await until(lambda: office.calls[ANNA] == 1)
        await office.ask("""
            create function refuse() returns trigger language plpgsql as $$ begin raise sqlstate '53100'; end $$;
            create trigger refuse before delete on procrastinate_jobs for each row execute function refuse();
        """)
        office.gate.set()
        await until(lambda: not office.now[ANNA])
        await asyncio.sleep(0.2)
        await office.ask("drop function refuse cascade")
        await until(lambda: office.calls[ANNA] == 2)
    assert office.most == 1


async def test_a_job_that_another_process_took_over_ends_quietly(office: Office) -> None:
    async with office.engine() as engine:
        await engine.wake(ANNA)
        await until(lambda: office.calls[ANNA] == 1)
        await office.ask("delete from procrastinate_jobs")
        office.gate.set()
        await until(lambda: not office.now[ANNA])
        await engine.wake(ANNA)
        await until(lambda: office.calls[ANNA] == 2)


async def test_two_that_start_at_once_make_one_table(postgres: Postgres) -> None:
    with postgres.new_database() as url:
        office = Office(postgres, url)
        office.gate.set()
        async with office.engine() as one, office.engine(), office.engine():
            await one.wake(ANNA)
            await until(lambda: office.calls[ANNA] == 1)


async def test_a_server_that_is_not_there_is_said_at_the_start() -> None:
    engine = ProcrastinateEngine("postgresql://cleo@127.0.0.1:1/cleo")

    async def work(conversation: ConversationId) -> None:
        raise AssertionError(conversation)

    with pytest.raises(StoreError, match="cannot be reached"):
        async with asyncio.timeout(10):
            await engine.run(work)
    await engine.close()


def test_without_the_extra_its_name_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "procrastinate", None)
    monkeypatch.delitem(sys.modules, "cleo.engine.procrastinate")
    with pytest.raises(ConfigError, match="cleo\\[postgres\\]"):
        __import__("cleo.engine.procrastinate")

"""What every engine promises."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.support.postgres import Postgres

from cleo.domain.conversation import ConversationId
from cleo.engine import InProcessEngine
from cleo.engine.procrastinate import ProcrastinateEngine
from cleo.ports import Engine

A, B = ConversationId("a"), ConversationId("b")

Work = Callable[[ConversationId], Awaitable[None]]
MakeEngine = Callable[..., Engine]


@pytest.fixture(params=["inprocess", "procrastinate"])
async def make(request: pytest.FixtureRequest) -> AsyncIterator[MakeEngine]:
    """Makes an engine; one parameter a kind."""
    if request.param == "inprocess":
        yield InProcessEngine
        return
    server: Postgres = request.getfixturevalue("postgres")
    with server.database() as url:
        engines: list[ProcrastinateEngine] = []

        def procrastinate(**more: Any) -> Engine:
            engines.append(ProcrastinateEngine(url, **more))
            return engines[-1]

        yield procrastinate
        for engine in engines:
            await engine.close()


def soon(crash: int) -> float:
    return 0.001


def late(crash: int) -> float:
    return 60.0


@pytest.fixture
def engine(make: MakeEngine) -> Engine:
    return make(limit=3, rest=soon)


@asynccontextmanager
async def running(engine: Engine, work: Work) -> AsyncGenerator[asyncio.Task[None]]:
    task = asyncio.create_task(engine.run(work))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  any condition, also one that nobody announces
            await asyncio.sleep(0.001)


async def a_while() -> None:
    """Long enough for what must not happen to happen."""
    await asyncio.sleep(0.05)


class Recorder:
    """Work that waits until it is let go, and tells how much of it ran at once."""

    def __init__(self) -> None:
        self.begun: list[ConversationId] = []
        self.ended: list[ConversationId] = []
        self.now: defaultdict[ConversationId, int] = defaultdict(int)
        self.most_of_one = self.most_of_all = 0
        self.gate = asyncio.Event()

    async def __call__(self, conversation: ConversationId) -> None:
        self.begun.append(conversation)
        self.now[conversation] += 1
        self.most_of_one = max(self.most_of_one, *self.now.values())
        self.most_of_all = max(self.most_of_all, sum(self.now.values()))
        try:
            await self.gate.wait()
            await asyncio.sleep(0)
        finally:
            self.now[conversation] -= 1
        self.ended.append(conversation)


async def test_a_wake_brings_one_call(engine: Engine) -> None:
    work = Recorder()
    work.gate.set()
    async with running(engine, work):
        await engine.wake(A)
        await until(lambda: work.ended == [A])
        await engine.wake(B)
        await until(lambda: work.ended == [A, B])
        await a_while()
    assert work.ended == [A, B]


async def test_a_wake_before_the_start_is_remembered(engine: Engine) -> None:
    work = Recorder()
    work.gate.set()
    await engine.wake(A)
    await engine.wake(A)
    async with running(engine, work):
        await until(lambda: work.ended == [A])
        await a_while()
    assert work.ended == [A]


async def test_wakes_during_the_work_bring_one_more_call_afterwards(engine: Engine) -> None:
    work = Recorder()
    async with running(engine, work):
        await engine.wake(A)
        await until(lambda: work.begun == [A])
        for _ in range(5):
            await engine.wake(A)
        await a_while()
        assert work.begun == [A]
        work.gate.set()
        await until(lambda: len(work.ended) == 2)
        await a_while()
    assert work.ended == [A, A]
    assert work.most_of_one == 1


async def test_a_conversation_does_not_wait_for_another(engine: Engine) -> None:
    work = Recorder()
    async with running(engine, work):
        await engine.wake(A)
        await engine.wake(B)
        await until(lambda: set(work.begun) == {A, B})
        work.gate.set()


async def test_never_two_calls_for_one_conversation_and_never_more_than_the_limit(engine: Engine) -> None:
    work = Recorder()
    conversations = [ConversationId(f"c{number}") for number in range(20)]
    async with running(engine, work):
        await asyncio.gather(*(engine.wake(conversation) for conversation in conversations))
        await until(lambda: len(work.begun) == 3)
        work.gate.set()
        for _ in range(25):
            await asyncio.gather(*(engine.wake(conversation) for conversation in conversations))
            await asyncio.sleep(0)
        await until(lambda: set(work.ended) == set(conversations) and not any(work.now.values()))
    assert work.most_of_one == 1
    assert work.most_of_all == 3


async def test_after_a_crash_the_work_is_tried_again_and_others_go_on(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    calls: list[ConversationId] = []

    async def work(conversation: ConversationId) -> None:
        calls.append(conversation)
        if conversation == A and calls.count(A) < 4:
            raise RuntimeError("what Anna wrote")

    async with running(engine, work):
        await engine.wake(A)
        await engine.wake(B)
        await until(lambda: calls.count(A) == 4)
        await a_while()
        assert (calls.count(A), calls.count(B)) == (4, 1)
        await engine.wake(A)
        await until(lambda: calls.count(A) == 5)
    said = "".join(capsys.readouterr())
    assert "RuntimeError" in said
    assert "Anna" not in said


async def test_a_crash_is_no_hot_loop(make: MakeEngine) -> None:
    rests: list[int] = []

    def rest(crash: int) -> float:
        rests.append(crash)
        return 0.1 * crash

    engine = make(rest=rest)
    calls: list[ConversationId] = []

    async def work(conversation: ConversationId) -> None:
        calls.append(conversation)
        raise RuntimeError

    began = time.monotonic()
    async with running(engine, work), asyncio.timeout(10):
        while len(calls) < 4:
            await engine.wake(A)  # the sweep goes on waking what is due
            await asyncio.sleep(0.005)
    assert time.monotonic() - began >= 0.1 + 0.2 + 0.3
    assert rests == [1, 2, 3, 4]


async def test_a_resting_conversation_does_not_hold_a_place(make: MakeEngine) -> None:
    engine = make(limit=1, rest=late)
    done = asyncio.Event()

    async def work(conversation: ConversationId) -> None:
        if conversation == A:
            raise RuntimeError
        done.set()

    async with running(engine, work):
        await engine.wake(A)
        await engine.wake(B)
        async with asyncio.timeout(5):
            await done.wait()


async def test_the_end_waits_for_what_runs_and_begins_nothing(engine: Engine) -> None:
    work = Recorder()
    async with running(engine, work) as task:
        await engine.wake(A)
        await until(lambda: work.begun == [A])
        await engine.wake(A)
        task.cancel()
        await a_while()
        assert not task.done()
        await engine.wake(B)
        work.gate.set()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert work.begun == work.ended == [A]


async def test_the_end_does_not_wait_for_ever(make: MakeEngine) -> None:
    engine = make(grace=0.02)
    work = Recorder()
    async with running(engine, work) as task:
        await engine.wake(A)
        await until(lambda: work.begun == [A])
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            async with asyncio.timeout(5):
                await task
    assert (work.begun, work.ended, work.now[A]) == ([A], [], 0)


async def test_what_was_woken_too_late_is_worked_on_by_the_next_run(engine: Engine) -> None:
    work = Recorder()
    work.gate.set()
    async with running(engine, work):
        await engine.wake(A)
        await until(lambda: work.ended == [A])
    await engine.wake(B)
    async with running(engine, work):
        await until(lambda: work.ended == [A, B])


async def test_many_are_woken_at_once_whatever_waits_already(engine: Engine) -> None:
    work = Recorder()
    work.gate.set()
    conversations = [ConversationId(f"c{number}") for number in range(20)]
    await engine.wake(*conversations[5:9])
    await engine.wake(*conversations)
    await engine.wake()
    async with running(engine, work):
        await until(lambda: set(work.ended) == set(conversations))
        await a_while()
    assert sorted(work.ended) == sorted(conversations)

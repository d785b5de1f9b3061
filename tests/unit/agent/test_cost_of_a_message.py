"""What one message costs: statements (with each BEGIN), commits, tasks, thread hops. They may fall, and not rise."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic_ai.messages import ModelMessage
from sqlalchemy import Engine, event
from tests.support.scripted_model import ScriptedHarness, answers, calls
from tests.support.statements import executed

from cleo.agent.model.budget import Budget
from cleo.agent.run import resume
from cleo.ports import Tool, Transaction
from cleo.store import SqlStore


async def look(name: str) -> str:
    """Look at something."""
    return f"saw {name}"


async def jot(text: str) -> str:
    """Write something down."""
    return f"noted {text}"


TOOLS = (Tool(name="look", function=look, read_only=True), Tool(name="jot", function=jot))


@dataclass
class Cost:
    statements: int = 0
    commits: int = 0
    tasks: int = 0
    hops: int = 0


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[ScriptedHarness]:
    harness = ScriptedHarness(tmp_path, TOOLS)
    await harness.say("the first message makes people and conversations")
    yield harness
    await harness.store.close()


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Generator[Cost]:
    cost = Cost()
    loop = asyncio.get_running_loop()

    def commit(*_: object) -> None:
        cost.commits += 1

    def task(
        loop: asyncio.AbstractEventLoop, work: Coroutine[object, object, object], **more: object
    ) -> object:
        cost.tasks += 1
        return asyncio.Task(work, loop=loop, **more)  # type: ignore[arg-type]  # as the loop hands it on

    def hopping(name: str) -> None:
        real: Callable[..., object] = getattr(SqlStore, name)

        async def hop(self: SqlStore, work: Callable[[Transaction], object]) -> object:
            cost.hops += 1
            return await real(self, work)  # type: ignore[misc]  # it is async

        monkeypatch.setattr(SqlStore, name, hop)

    hopping("read")
    hopping("write")
    real_executor = loop.run_in_executor

    def in_executor(*args: object) -> object:
        cost.hops += 1
        return real_executor(*args)  # type: ignore[arg-type]  # handed on

    monkeypatch.setattr(loop, "run_in_executor", in_executor)
    event.listen(Engine, "commit", commit)
    loop.set_task_factory(task)  # type: ignore[arg-type]  # see above
    try:
        with executed() as statements:
            yield cost
        cost.statements = len(statements)
    finally:
        loop.set_task_factory(None)
        event.remove(Engine, "commit", commit)
        monkeypatch.undo()


async def measure(harness: ScriptedHarness, monkeypatch: pytest.MonkeyPatch) -> Cost:
    harness.clock.advance(5)
    with counted(monkeypatch) as cost:
        await harness.hear("hello")
        await harness.worker.work(harness.engine.waiting.pop(0))
    assert harness.channel.delivered[-1].text == "ok"
    return cost


def within(cost: Cost, limit: Cost) -> bool:
    return all(
        getattr(cost, name) <= getattr(limit, name) for name in ("statements", "commits", "tasks", "hops")
    )


async def test_a_turn_of_words(harness: ScriptedHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    cost = await measure(harness, monkeypatch)
    assert within(cost, Cost(statements=16, commits=4, tasks=2, hops=4)), cost


async def test_a_turn_with_a_tool_that_reads(
    harness: ScriptedHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.script.steps = [answers(calls("look", {"name": "sky"}))]
    cost = await measure(harness, monkeypatch)
    assert within(cost, Cost(statements=16, commits=4, tasks=2, hops=4)), cost


async def test_a_turn_with_an_effect(harness: ScriptedHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    harness.script.steps = [answers(calls("jot", {"text": "milk"}))]
    cost = await measure(harness, monkeypatch)
    assert within(cost, Cost(statements=23, commits=7, tasks=2, hops=7)), cost


async def test_a_busy_chat_is_decoded_once(harness: ScriptedHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[bytes] = []
    real = resume.read_body

    def read(body: bytes) -> ModelMessage:
        decoded.append(body)
        return real(body)

    monkeypatch.setattr(resume, "read_body", read)
    for number in range(5):
        await harness.say(f"turn {number}")
    assert decoded == []
    assert len(harness.script.seen[-1]) == 11
    await harness.restart()
    await harness.say("after a restart")
    assert len(decoded) == 12
    await harness.say("/new")
    await harness.say("anew")
    assert len(harness.script.seen[-1]) == 1


async def test_a_window_of_an_earlier_epoch_counts_for_nothing(harness: ScriptedHarness) -> None:
    """Somebody else had the chat meanwhile, and may have changed a message in its place."""
    chat = harness.channel.delivered[-1].to

    def elsewhere(tx: Transaction) -> None:
        for _ in range(2):
            tx.conversations.lease(chat)
        [first, *_] = tx.transcript.window(chat, 10)
        tx.transcript_rows.replace(chat, 1, first.replace(b"the first message", b"another message"))

    await harness.store.write(elsewhere)
    await harness.say("hello")
    assert "another message" in str(harness.script.seen[-1])


async def test_what_is_kept_of_a_chat_is_measured_now_and_then(
    harness: ScriptedHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To measure it takes as long as it is; each run adds but two messages."""
    measured: list[int] = []
    real = Budget.newest

    def newest(self: Budget, messages: Sequence[ModelMessage], *, turn: int) -> Sequence[ModelMessage]:
        measured.append(len(messages))
        return real(self, messages, turn=turn)

    monkeypatch.setattr(Budget, "newest", newest)
    for number in range(40):
        await harness.say(f"turn {number}")
    assert measured == [32, 64]

"""Several processes on one Postgres, killed, paused and cut off: nothing lost, nothing twice, each chat in order."""

import asyncio
import signal
import sys
import time
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.support.fleet import Fleet, WorkerWithModel, stop
from tests.support.postgres import Postgres
from tests.support.program import Part, until
from tests.support.system import CLEO

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def one_fleet(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Fleet]:
    with postgres.database() as url:
        async with Fleet(postgres, url, tmp_path_factory.mktemp("fleet")) as fleet:
            yield fleet


@pytest_asyncio.fixture(loop_scope="module")
async def fleet(one_fleet: Fleet) -> AsyncGenerator[Fleet]:
    """Every story begins with all processes up and all gates open."""
    await one_fleet.start()
    yield one_fleet
    for worker in one_fleet.workers:
        worker.model.gate.set()


@pytest.fixture(autouse=True)
def shown(one_fleet: Fleet) -> Generator[None]:
    """Show what the processes logged beside a story that failed."""
    yield
    for part in one_fleet.parts:
        sys.stdout.write(f"--- {part.name}\n{part.tail(15)}\n")


def closed(fleet: Fleet) -> None:
    for worker in fleet.workers:
        worker.model.gate.clear()


async def held_by(fleet: Fleet, words: str) -> tuple[WorkerWithModel, WorkerWithModel]:
    """Tell who works on what was said, and who does not."""

    async def look() -> tuple[WorkerWithModel, WorkerWithModel] | None:
        one, other = fleet.workers
        if one.model.has_heard(words):
            return one, other
        return (other, one) if other.model.has_heard(words) else None

    return await until("somebody to work on it", look)


async def hears(worker: WorkerWithModel, words: str) -> None:
    async def look() -> bool | None:
        return worker.model.has_heard(words) or None

    await until(f"{worker.part.name} to work on it", look)


async def test_two_workers_share_the_work_and_each_chat_keeps_its_order(fleet: Fleet) -> None:
    chats, numbers = [fleet.chat() for _ in range(8)], [f"m{number}" for number in range(100, 160)]

    for said in range(6, len(numbers) + 1, 6):  # one alone may be quick enough for a handful of messages
        await fleet.talk(chats, numbers[said - 6 : said])
        await fleet.answered(chats, numbers[:said])
        if all(worker.model.heard for worker in fleet.workers):
            return
    raise AssertionError("one of them did nothing")


async def test_a_killed_worker_is_replaced_within_five_seconds(fleet: Fleet) -> None:
    chat = fleet.chat()
    closed(fleet)
    await fleet.say(chat, "m201")
    dying, other = await held_by(fleet, "m201")
    killed = time.monotonic()
    await dying.part.kill()
    await hears(other, "m201")
    assert time.monotonic() - killed < 5
    other.model.gate.set()
    await fleet.answered([chat], ["m201"])


async def test_a_paused_worker_that_comes_back_is_fenced_off(fleet: Fleet) -> None:
    chat = fleet.chat()
    closed(fleet)
    await fleet.say(chat, "m301")
    paused, other = await held_by(fleet, "m301")
    stop(paused.part, signal.SIGSTOP)
    try:
        await hears(other, "m301")
        other.model.gate.set()
        await fleet.answered([chat], ["m301"])
    finally:
        stop(paused.part, signal.SIGCONT)
    paused.model.gate.set()

    async def stopped_there() -> bool:
        return "taken over by another worker" in paused.part.logged

    await until("the paused worker to notice", stopped_there)
    await fleet.talk([chat], ["m302", "m303"])
    await fleet.answered([chat], ["m301", "m302", "m303"])
    assert paused.part.is_running


async def test_a_server_that_crashes_under_load_costs_nothing(fleet: Fleet) -> None:
    chats, numbers = [fleet.chat() for _ in range(6)], [f"m{number}" for number in range(400, 412)]
    talking = asyncio.create_task(fleet.talk(chats, numbers))
    for _ in range(2):
        await asyncio.sleep(1.0)
        await asyncio.to_thread(fleet.postgres.kill)
        await asyncio.to_thread(fleet.postgres.start)
    await talking
    await fleet.answered(chats, numbers)


async def test_every_process_killed_in_turn_under_load_costs_nothing(fleet: Fleet) -> None:
    chats, numbers = [fleet.chat() for _ in range(6)], [f"m{number}" for number in range(500, 515)]
    talking = asyncio.create_task(fleet.talk(chats, numbers))
    for part in (fleet.workers[0].part, fleet.api, fleet.workers[1].part):
        await asyncio.sleep(0.7)
        await part.kill()
        await fleet.start()
    await talking
    await fleet.answered(chats, numbers)


async def test_one_process_alone_works_on_postgres_too(
    postgres: Postgres, tmp_path: Path, fleet: Fleet
) -> None:
    """`cleo up`, killed between question and answer."""
    with postgres.database() as url:
        up = Part("up", [CLEO, "up"], tmp_path)
        env = fleet.env(fleet.workers[0]) | {"DATABASE_URL": url, "CLEO_DATA": str(tmp_path / "data")}
        chat = fleet.chat()
        closed(fleet)
        await up.start(env)
        try:
            at = (await up.says(r"listens on (http://\S+)"))[1]
            await fleet.say(chat, "m601", at=at)
            await hears(fleet.workers[0], "m601")
            await up.kill()
            fleet.workers[0].model.gate.set()
            await up.start(env)
            await fleet.answered([chat], ["m601"])
        finally:
            await up.kill()

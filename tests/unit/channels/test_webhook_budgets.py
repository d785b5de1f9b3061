"""What a webhook holds before it knows who sent it, and how long one large request keeps others waiting."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from starlette.requests import Request
from tests.support.agent_harness import FRIEND, AgentHarness
from tests.support.cloud_payloads import CloudWebhookClient, change, status

from cleo.channels.http.webhook_auth import BodyReader, RequestRefused

PIECE = b"x" * 1024


def slow_request(pieces: int, go_on: asyncio.Event) -> Request:
    """A body that arrives but for its end, which waits for `go_on`."""
    left = iter(range(pieces))

    async def receive() -> dict[str, object]:
        if next(left, None) is not None:
            return {"type": "http.request", "body": PIECE, "more_body": True}
        await go_on.wait()
        return {"type": "http.request", "body": b"", "more_body": False}

    return Request({"type": "http", "headers": []}, receive)  # type: ignore[arg-type]  # as servers do


def late_request(pieces: int, task: asyncio.Task[int]) -> Request:
    """A body that arrives in the moment in which the time of another task is up."""

    async def receive() -> dict[str, object]:
        while not task.cancelling():  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0)
        return {"type": "http.request", "body": PIECE * pieces, "more_body": False}

    return Request({"type": "http", "headers": []}, receive)  # type: ignore[arg-type]  # as servers do


async def outcome(read: Callable[[], Awaitable[bytes]]) -> int:
    try:
        return len(await read())
    except RequestRefused as refused:
        return -refused.status


async def test_the_bodies_that_were_begun_first_are_given_up_when_too_much_is_held() -> None:
    reader = BodyReader(max_bytes=4096, seconds=10.0, held=16 * 1024)
    go_on = asyncio.Event()
    reading = [asyncio.create_task(outcome(lambda: reader.read(slow_request(4, go_on)))) for _ in range(10)]
    for _ in range(50):
        await asyncio.sleep(0)
    go_on.set()
    assert await asyncio.gather(*reading) == [-503] * 6 + [4096] * 4
    assert await reader.read(slow_request(4, go_on)) == PIECE * 4, "what was read is not held any more"


async def test_what_was_broken_off_is_not_held_any_more() -> None:
    reader = BodyReader(max_bytes=4096, seconds=0.05, held=8 * 1024)
    never = asyncio.Event()
    for _ in range(5):
        assert await outcome(lambda: reader.read(slow_request(4, never))) == -408
        assert await outcome(lambda: reader.read(slow_request(9, never))) == -413


async def test_a_body_whose_time_is_up_makes_room_without_being_given_up() -> None:
    reader = BodyReader(max_bytes=8 * 1024, seconds=0.05, held=16 * 1024)
    never = asyncio.Event()
    slow = asyncio.create_task(outcome(lambda: reader.read(slow_request(8, never))))
    await asyncio.sleep(0.02)
    newer = asyncio.create_task(outcome(lambda: reader.read(slow_request(8, never))))
    assert await reader.read(late_request(8, slow)) == PIECE * 8
    assert [await slow, await newer] == [-503, -408]


async def test_one_request_with_many_statuses_lets_others_through(tmp_path: Path) -> None:
    """They are not of messages that Cleo sent: whatever they tell, they are kept."""
    harness = AgentHarness(tmp_path)
    client = CloudWebhookClient(harness.receiver, harness.clock)
    statuses = [status(f"wamid.{number}") for number in range(6000)]
    posting = asyncio.create_task(client.post_changes(change(statuses=statuses)))
    waits: list[float] = []
    stalls: list[float] = []
    while not posting.done():
        since = time.monotonic()
        await asyncio.sleep(0.01)
        stalls.append(time.monotonic() - since - 0.01)
        since = time.monotonic()
        await harness.hear("hello", FRIEND)
        waits.append(time.monotonic() - since)
    assert await posting == 200
    assert len(waits) > 10
    assert max(stalls) < 0.5
    assert max(waits) < 1.0
    assert await client.post_changes(change(statuses=statuses[:300])) == 200
    await harness.store.close()


@pytest.mark.parametrize("count", [0, 1, 250, 251])
async def test_every_event_of_a_request_is_kept_once(tmp_path: Path, count: int) -> None:
    harness = AgentHarness(tmp_path)
    client = CloudWebhookClient(harness.receiver, harness.clock)
    for _ in range(2):
        assert await client.post_changes(change(statuses=[status(f"wamid.{n}") for n in range(count)])) == 200
    told = [
        await harness.store.read(lambda tx, n=n: tx.webhook_events.receipts(f"wamid.{n}"))  # type: ignore[arg-type]
        for n in {0, max(count - 1, 0)}
    ]
    assert [len(each) for each in told] == [1 if count else 0] * len(told)
    await harness.store.close()

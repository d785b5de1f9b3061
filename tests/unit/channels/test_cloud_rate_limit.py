"""How fast messages follow each other through the Cloud API."""

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.cloud_client import CloudClientHarness, Ticks, cloud_client

from cleo.channels.whatsapp.cloud.outbound.limiter import Rate, RateLimiter
from cleo.domain.conversation import ConversationId
from cleo.domain.errors import SendFailed
from cleo.domain.message import SendKey
from cleo.ports import Sent


@pytest.fixture
async def cloud(tmp_path: Path) -> AsyncIterator[CloudClientHarness]:
    async with cloud_client(tmp_path) as cloud:
        yield cloud


def limiter(ticks: Ticks, *, per_chat: Rate | None = None, per_account: Rate | None = None) -> RateLimiter:
    return RateLimiter(
        per_chat=per_chat or Rate(burst=10, seconds=6),
        per_account=per_account or Rate(burst=10**6, seconds=1e-6),
        clock=ticks,
    )


async def refused(paced: RateLimiter, chat: str = "ann") -> float:
    with pytest.raises(SendFailed) as caught:
        await paced.take(chat)
    assert caught.value.retry_after is not None
    return caught.value.retry_after


async def test_ten_go_at_once_and_then_one_in_six_seconds() -> None:
    ticks = Ticks()
    paced = limiter(ticks)
    for _ in range(10):
        await paced.take("ann")
    assert await refused(paced) == pytest.approx(6)
    ticks.now = 6
    await paced.take("ann")
    assert await refused(paced) == pytest.approx(6)
    await paced.take("bea")
    ticks.now = 1000
    for _ in range(10):
        await paced.take("ann")
    assert await refused(paced) == pytest.approx(6)


async def test_all_chats_together_have_a_pace_too_whose_short_waits_are_waited() -> None:
    ticks = Ticks()
    paced = limiter(ticks, per_account=Rate(burst=2, seconds=0.02))
    began = time.monotonic()
    for chat in ("a", "b", "c"):
        await paced.take(chat)
    assert time.monotonic() - began >= 0.019
    slow = limiter(ticks, per_account=Rate(burst=1, seconds=60))
    await slow.take("a")
    assert await refused(slow, "b") == pytest.approx(60)


@given(gaps=st.lists(st.floats(0, 30), max_size=60))
async def test_no_chat_ever_gets_more_than_its_share(gaps: list[float]) -> None:
    ticks = Ticks()
    paced, went = limiter(ticks), list[float]()
    for gap in gaps:
        ticks.now += gap
        try:
            await paced.take("ann")
        except SendFailed as error:
            assert 0 < (error.retry_after or 0) <= 6.000001
        else:
            went.append(ticks.now)
    for first, start in enumerate(went):
        for last, end in enumerate(went[first:], first):
            assert last - first + 1 <= 10 + (end - start + 0.5) / 6 + 1e-6


async def test_what_whatsapp_says_closes_a_chat_longer_each_time() -> None:
    ticks = Ticks()
    paced = limiter(ticks)
    for wait in (1, 6, 16, 64):  # what is borrowed is paid back at six seconds each
        assert paced.penalize("ann") == pytest.approx(wait)
        assert await refused(paced) == pytest.approx(wait)
        ticks.now += wait
        await paced.take("ann")
    paced.reset("ann")
    ticks.now += 1000
    assert paced.penalize("ann") == 1
    for _ in range(20):
        assert paced.penalize("ann") <= 3600


async def test_chats_that_are_quiet_are_forgotten_and_busy_ones_are_not() -> None:
    ticks = Ticks()
    paced = limiter(ticks)
    for number in range(990):
        await paced.take(f"quiet {number}")
    ticks.now = 100
    for _ in range(10):
        await paced.take("ann")
    for number in range(2000):
        await paced.take(f"new {number % 500}")
        ticks.now += 0.001
    assert await refused(paced) > 1
    assert len(paced._chats) < 1000  # pyright: ignore[reportPrivateUsage] - what memory it takes


async def test_the_eleventh_message_waits_in_the_queue_and_other_chats_go_on(
    cloud: CloudClientHarness,
) -> None:
    for number in range(10):
        await cloud.client.send_text(cloud.chat(), str(number), key=SendKey(str(number)), quoted=None)
    with pytest.raises(SendFailed) as caught:
        await cloud.client.send_text(cloud.chat(), "10", key=SendKey("10"), quoted=None)
    assert caught.value.retry_after == pytest.approx(6)
    assert len(cloud.accepted) == 10
    other = replace(cloud.chat(), id=ConversationId("whatsapp/bea"))
    assert isinstance(await cloud.client.send_text(other, "hi", key=SendKey("b"), quoted=None), Sent)


async def test_whatsapps_own_limit_for_a_person_is_kept_longer_each_time(cloud: CloudClientHarness) -> None:
    cloud.fault("send", "refuse", code=131056, times=2)
    for wait in (1, 6):
        with pytest.raises(SendFailed) as caught:
            await cloud.client.send_text(cloud.chat(), "hi", key=SendKey("k"), quoted=None)
        assert (caught.value.code, caught.value.retry_after) == (131056, pytest.approx(wait))
        cloud.ticks.now += wait
    assert isinstance(await cloud.client.send_text(cloud.chat(), "hi", key=SendKey("k"), quoted=None), Sent)
    cloud.ticks.now += 1000
    cloud.fault("send", "refuse", code=131056)
    with pytest.raises(SendFailed) as caught:
        await cloud.client.send_text(cloud.chat(), "hi", key=SendKey("k2"), quoted=None)
    assert caught.value.retry_after == pytest.approx(1)  # a message that was taken made it start anew


async def test_a_longer_pause_that_whatsapp_names_counts(cloud: CloudClientHarness) -> None:
    cloud.fault("send", "refuse", code=131056, retry_after=40)
    with pytest.raises(SendFailed) as caught:
        await cloud.client.send_text(cloud.chat(), "hi", key=SendKey("k"), quoted=None)
    assert caught.value.retry_after == 40

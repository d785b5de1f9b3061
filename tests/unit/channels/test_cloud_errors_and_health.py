"""What Graph refuses, what that means for the message and for the number, and how the number is doing."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.cloud_client import NUMBER, TOKEN, CloudClientHarness, cloud_client

from cleo.domain.errors import SendError, SendFailed, SendRejected, SendUncertain
from cleo.domain.message import SendKey
from cleo.ports import Outcome, Sent


@pytest.fixture
async def cloud(tmp_path: Path) -> AsyncIterator[CloudClientHarness]:
    async with cloud_client(tmp_path) as cloud:
        yield cloud


async def text(cloud: CloudClientHarness, key: str = "k") -> Outcome:
    return await cloud.client.send_text(cloud.chat(), "hi", key=SendKey(key), quoted=None)


async def failure(cloud: CloudClientHarness, key: str = "k") -> SendError:
    with pytest.raises(SendError) as caught:
        await text(cloud, key)
    return caught.value


REFUSALS: dict[type[SendError], tuple[int, ...]] = {
    SendFailed: (
        *(1, 2, 131000, 131016, 131057, 133004),
        *(4, 80007, 130429, 131208),
        *(0, 10, 190, 131005, 131031, 368, 131042, 133010, 131048),
    ),
    SendRejected: (
        *(131021, 131026, 131030, 131049, 131050, 130472, 130497),
        *(100, 131008, 131009, 131051, 131053, 132001, 135000, 131215),
        777777,
    ),
}
"""Error numbers of Meta's, by what they mean for the message."""


@pytest.mark.parametrize("error", REFUSALS)
async def test_every_refusal_says_whether_to_try_again(
    cloud: CloudClientHarness, error: type[SendError]
) -> None:
    for code in REFUSALS[error]:
        cloud.ticks.now += 3600
        cloud.fault("send", "refuse", code=code)
        told = await failure(cloud)
        assert isinstance(told, error)
        assert told.code == code
    assert cloud.accepted == []


BY_STATUS: dict[type[SendError], tuple[dict[str, Any], ...]] = {
    SendFailed: (
        {"code": 777777, "http": 500},
        {"code": 777777, "http": 400, "transient": True},
        {"code": 777777, "http": 408},
        {"code": 777777, "http": 429},
        {"code": 131000, "http": 408},
        {"http": 429, "body": "html"},
        {"http": 403, "body": "html"},
        {"http": 404, "body": "empty"},
        {"http": 302, "body": "html"},
    ),
    SendUncertain: (
        {"http": 500, "body": "html"},
        {"http": 502, "body": "empty"},
        {"http": 504, "body": "html"},
        {"http": 408, "body": "html"},
        {"http": 200, "body": "html"},
    ),
    SendRejected: ({"http": 413, "body": "html"},),
}
"""Answers that the status explains, because the number is not known or another server wrote them."""


@pytest.mark.parametrize("error", BY_STATUS)
async def test_what_has_no_known_number_is_judged_by_its_status(
    cloud: CloudClientHarness, error: type[SendError]
) -> None:
    for order in BY_STATUS[error]:
        cloud.ticks.now += 3600
        cloud.fault("send", "refuse", **order)
        assert isinstance(await failure(cloud), error), order


async def test_whatsapp_says_when_to_come_back(cloud: CloudClientHarness) -> None:
    cloud.fault("send", "refuse", code=130429, retry_after=17)
    assert (await failure(cloud)).retry_after == 17
    cloud.fault("send", "refuse", http=429, body="html", retry_after=18)
    assert (await failure(cloud)).retry_after == 18


@pytest.mark.parametrize(
    "order",
    [{"do": "reset"}, {"do": "timeout", "ms": 2000}, {"do": "reset", "when": "after"}, {"do": "no_id"}],
)
async def test_silence_after_the_request_left_is_uncertain(
    cloud: CloudClientHarness, order: dict[str, Any]
) -> None:
    cloud.fault("send", **order)
    assert isinstance(await failure(cloud), SendUncertain)


async def test_nobody_listening_means_not_sent(cloud: CloudClientHarness) -> None:
    await cloud.go_down()
    told = await failure(cloud)
    assert isinstance(told, SendFailed)
    assert "WHATSAPP_CLOUD_BASE_URL" in str(told)
    assert (await cloud.client.health()).code == "unreachable"


async def test_no_token_is_ever_shown(cloud: CloudClientHarness) -> None:
    shown = [repr(vars(cloud.client)), repr(vars(cloud.client._graph.origin))]  # pyright: ignore[reportPrivateUsage] - looks for a secret
    assert not any(TOKEN in text for text in shown)


# ── a number that cannot send ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("code", "word"), [(190, "token"), (131042, "account"), (131048, "account")])
async def test_a_number_that_cannot_send_stops_and_tries_from_time_to_time(
    cloud: CloudClientHarness, code: int, word: str
) -> None:
    cloud.fault("send", "refuse", code=code, times=2)
    first = await failure(cloud)
    health = await cloud.client.health()
    assert (health.state, health.code, health.message) == ("down", word, str(first))
    asked = cloud.calls()
    cloud.ticks.now = 9
    again = await failure(cloud)
    assert (again.code, again.retry_after) == (code, 1)
    assert cloud.calls() == asked
    cloud.ticks.now = 10
    assert isinstance(await failure(cloud), SendFailed)
    assert cloud.calls() == asked + 1
    cloud.ticks.now = 29
    assert (await failure(cloud)).retry_after == 1
    cloud.ticks.now = 30
    assert isinstance(await text(cloud), Sent)
    assert (await cloud.client.health()).state == "ok"
    assert isinstance(await text(cloud), Sent)


async def test_only_one_message_at_a_time_tries_whether_the_number_can_again(
    cloud: CloudClientHarness,
) -> None:
    cloud.fault("send", "refuse", code=190)
    await failure(cloud)
    cloud.ticks.now = 10
    cloud.fault("send", "reset")
    assert isinstance(await failure(cloud), SendUncertain)
    assert isinstance(await failure(cloud), SendFailed)
    assert cloud.accepted == []


async def test_who_waits_while_one_tries_does_not_wait_as_long_again(cloud: CloudClientHarness) -> None:
    cloud.fault("send", "refuse", code=190)
    await failure(cloud)
    cloud.ticks.now = 10
    cloud.fault("send", "delay", ms=200)
    trying = asyncio.create_task(text(cloud))
    await asyncio.sleep(0)
    assert (await failure(cloud)).retry_after == 2
    assert isinstance(await trying, Sent)
    assert isinstance(await text(cloud), Sent)


async def test_a_changed_token_at_meta_is_noticed_and_recovers(cloud: CloudClientHarness) -> None:
    cloud.number(token="another")
    told = await failure(cloud)
    assert "WHATSAPP_CLOUD_TOKEN" in str(told)
    cloud.number(token=TOKEN)
    cloud.ticks.now = 10
    assert isinstance(await text(cloud), Sent)


# ── health ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("change", "state", "code"),
    [
        ({}, "ok", "connected"),
        ({"quality_rating": "YELLOW"}, "ok", "connected"),
        ({"quality_rating": "RED"}, "degraded", "quality"),
        ({"status": "BANNED"}, "down", "account"),
        ({"token": "another"}, "down", "token"),
        ({"scopes": ["whatsapp_business_messaging"]}, "ok", "connected"),
    ],
)
async def test_health_is_what_meta_says_of_the_number(
    cloud: CloudClientHarness, change: dict[str, Any], state: str, code: str
) -> None:
    cloud.number(**change)
    health = await cloud.client.health()
    assert (health.state, health.code) == (state, code)
    assert health.message


async def test_health_is_asked_for_once_a_minute(cloud: CloudClientHarness) -> None:
    for _ in range(3):
        await cloud.client.health()
    assert cloud.calls(NUMBER) == 1
    cloud.ticks.now = 60
    cloud.fault("admin", "refuse", http=500, body="html")
    assert (await cloud.client.health()).code == "busy"
    cloud.ticks.now = 65
    assert (await cloud.client.health()).state == "ok"

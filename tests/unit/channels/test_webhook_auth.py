"""Authentication of the webhook."""

import json

import pytest
from structlog.testing import capture_logs
from tests.support.door import (
    ANN,
    JSON,
    PATH,
    RIGHT,
    SECRET,
    Door,
    Headers,
    event,
    is_shut,
    never_read,
    with_secret,
)

from cleo.domain.content import Text
from cleo.domain.errors import ConfigError


@pytest.fixture
def door() -> Door:
    return Door()


async def test_a_plain_event_is_accepted_once(door: Door) -> None:
    first, second = await door.post(event()), await door.post(event())
    assert (first.status_code, first.json()) == (200, {"status": "accepted"})
    assert (second.status_code, second.json()) == (200, {"status": "duplicate"})
    assert [message.content for message in door.received.messages] == [Text(body="hi")]


async def test_A01_without_secret_nothing_is_read(door: Door) -> None:
    assert is_shut(await door.ask(never_read(), JSON))
    assert door.received.messages == []


@pytest.mark.parametrize(
    "wrong",
    [SECRET[:-1] + "X", SECRET[:-1], SECRET + " ", " " + SECRET, SECRET + "x", SECRET.upper(), "", " "],
)
async def test_A02_almost_the_secret_is_not_the_secret(door: Door, wrong: str) -> None:
    assert is_shut(await door.ask(never_read(), with_secret(wrong)))


@pytest.mark.parametrize("wrong", ["é", "é".encode("latin-1"), b"\xff", b"\x00", b"\x1b[0m", b"\x7f", "😀"])
async def test_A03_bytes_beyond_ascii_are_a_wrong_secret(door: Door, wrong: str | bytes) -> None:
    assert is_shut(await door.ask(never_read(), with_secret(wrong)))


@pytest.mark.parametrize("secrets", [(SECRET, "wrong"), ("wrong", SECRET), (SECRET, SECRET), (SECRET, "")])
async def test_A04_two_secrets_are_none(door: Door, secrets: tuple[str, str]) -> None:
    assert is_shut(await door.ask(never_read(), with_secret(*secrets)))


@pytest.mark.parametrize("secret", ["", " ", "with space ", "é", "a\nb", "\x00"])
def test_A05_a_secret_that_cannot_be_one_stops_the_start(secret: str) -> None:
    with pytest.raises(ConfigError, match="WHATSAPP_WEBHOOK_SECRET"):
        Door(secret=secret)


async def test_A05_without_any_secret_configured_events_are_taken() -> None:
    """The first specification makes the secret optional; who listens to a network is told to set one."""
    door = Door(secret=None)
    assert (await door.post(event(), JSON)).status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_A06_other_methods_tell_nothing(door: Door, method: str) -> None:
    assert is_shut(await door.ask(b"{", JSON, method=method))
    known = await door.ask(b"{", RIGHT, method=method)
    assert (known.status_code, known.content, known.headers["Allow"]) == (405, b"", "POST")


async def test_A06_without_secret_broken_json_looks_like_any_other_refusal(door: Door) -> None:
    answers = [
        await door.ask(body, JSON) for body in (b"{", b"[" * 9, b"", b"\xff", json.dumps(event()).encode())
    ]
    assert all(is_shut(answer) for answer in answers)
    assert len({str(sorted(answer.headers.items())) for answer in answers}) == 1


async def test_A06_another_case_is_another_path(door: Door) -> None:
    assert (await door.ask(b"{", RIGHT, path=PATH.upper())).status_code == 404


async def test_A07_a_secret_can_change_while_running() -> None:
    current = ["old-secret"]
    door = Door(secret=lambda: current[0])
    assert (await door.post(event(), with_secret("old-secret"))).status_code == 200
    current[0] = "new-secret"
    assert is_shut(await door.post(event(), with_secret("old-secret")))
    assert (await door.post(event(), with_secret("new-secret"))).status_code == 200


async def test_A08_the_secret_counts_in_its_header_only(door: Door) -> None:
    with capture_logs() as logs:
        answer = await door.ask(
            json.dumps(event(secret=SECRET)).encode(),
            JSON,
            path=f"{PATH}?X-Webhook-Secret={SECRET}&secret={SECRET}",
        )
    assert is_shut(answer)
    assert SECRET not in str(logs)


async def test_A09_who_forwarded_it_does_not_matter(door: Door) -> None:
    local: Headers = [
        *JSON,
        ("X-Forwarded-For", "127.0.0.1"),
        ("X-Real-IP", "127.0.0.1"),
        ("Host", "localhost"),
    ]
    assert is_shut(await door.ask(never_read(), local))


async def test_B01_the_same_event_again_is_a_duplicate(door: Door) -> None:
    assert [(await door.post(event())).json()["status"] for _ in range(3)] == [
        "accepted",
        "duplicate",
        "duplicate",
    ]


async def test_B03_the_first_text_under_an_id_wins(door: Door) -> None:
    await door.post(event(text="first"))
    await door.post(event(text="second"))
    assert [message.content for message in door.received.messages] == [Text(body="first")]


async def test_B04_the_same_id_of_others_is_another_message(door: Door) -> None:
    group = "120363000000000001@g.us"
    for fields in ({}, {"from": "4915187654321@s.whatsapp.net"}, {"from": group, "senderId": ANN}):
        assert (await door.post(event(**fields))).json() == {"status": "accepted"}
    assert (await door.post(event(**{"from": group, "senderId": "4915187654321@c.us"}))).json()[
        "status"
    ] == "accepted"

"""Authentication of the webhook."""

import json

import pytest
from structlog.testing import capture_logs
from tests.support.webhook_client import (
    ANN,
    AUTHORIZED,
    JSON,
    PATH,
    SECRET,
    Headers,
    WebhookClient,
    event,
    is_forbidden,
    never_read,
    with_secret,
)

from cleo.domain.content import Text
from cleo.domain.errors import ConfigError


@pytest.fixture
def client() -> WebhookClient:
    return WebhookClient()


async def test_a_plain_event_is_accepted_once(client: WebhookClient) -> None:
    first, second = await client.post(event()), await client.post(event())
    assert (first.status_code, first.json()) == (200, {"status": "accepted"})
    assert (second.status_code, second.json()) == (200, {"status": "duplicate"})
    assert [message.content for message in client.received.messages] == [Text(body="hi")]


async def test_without_secret_nothing_is_read(client: WebhookClient) -> None:
    assert is_forbidden(await client.ask(never_read(), JSON))
    assert client.received.messages == []


@pytest.mark.parametrize(
    "wrong",
    [SECRET[:-1] + "X", SECRET[:-1], SECRET + " ", " " + SECRET, SECRET + "x", SECRET.upper(), "", " "],
)
async def test_almost_the_secret_is_not_the_secret(client: WebhookClient, wrong: str) -> None:
    assert is_forbidden(await client.ask(never_read(), with_secret(wrong)))


@pytest.mark.parametrize("wrong", ["é", "é".encode("latin-1"), b"\xff", b"\x00", b"\x1b[0m", b"\x7f", "😀"])
async def test_bytes_beyond_ascii_are_a_wrong_secret(client: WebhookClient, wrong: str | bytes) -> None:
    assert is_forbidden(await client.ask(never_read(), with_secret(wrong)))


@pytest.mark.parametrize("secrets", [(SECRET, "wrong"), ("wrong", SECRET), (SECRET, SECRET), (SECRET, "")])
async def test_two_secrets_are_none(client: WebhookClient, secrets: tuple[str, str]) -> None:
    assert is_forbidden(await client.ask(never_read(), with_secret(*secrets)))


@pytest.mark.parametrize("secret", ["", " ", "with space ", "é", "a\nb", "\x00"])
def test_a_secret_that_cannot_be_one_stops_the_start(secret: str) -> None:
    with pytest.raises(ConfigError, match="WHATSAPP_WEBHOOK_SECRET"):
        WebhookClient(secret=secret)


async def test_without_any_secret_configured_events_are_taken() -> None:
    """The first specification makes the secret optional; who listens to a network is told to set one."""
    client = WebhookClient(secret=None)
    assert (await client.post(event(), JSON)).status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_other_methods_tell_nothing(client: WebhookClient, method: str) -> None:
    assert is_forbidden(await client.ask(b"{", JSON, method=method))
    known = await client.ask(b"{", AUTHORIZED, method=method)
    assert (known.status_code, known.content, known.headers["Allow"]) == (405, b"", "POST")


async def test_without_secret_broken_json_looks_like_any_other_refusal(client: WebhookClient) -> None:
    answers = [
        await client.ask(body, JSON) for body in (b"{", b"[" * 9, b"", b"\xff", json.dumps(event()).encode())
    ]
    assert all(is_forbidden(answer) for answer in answers)
    assert len({str(sorted(answer.headers.items())) for answer in answers}) == 1


async def test_another_case_is_another_path(client: WebhookClient) -> None:
    assert (await client.ask(b"{", AUTHORIZED, path=PATH.upper())).status_code == 404


async def test_a_secret_can_change_while_running() -> None:
    current = ["old-secret"]
    client = WebhookClient(secret=lambda: current[0])
    assert (await client.post(event(), with_secret("old-secret"))).status_code == 200
    current[0] = "new-secret"
    assert is_forbidden(await client.post(event(), with_secret("old-secret")))
    assert (await client.post(event(), with_secret("new-secret"))).status_code == 200


async def test_the_secret_counts_in_its_header_only(client: WebhookClient) -> None:
    with capture_logs() as logs:
        answer = await client.ask(
            json.dumps(event(secret=SECRET)).encode(),
            JSON,
            path=f"{PATH}?X-Webhook-Secret={SECRET}&secret={SECRET}",
        )
    assert is_forbidden(answer)
    assert SECRET not in str(logs)


async def test_who_forwarded_it_does_not_matter(client: WebhookClient) -> None:
    local: Headers = [
        *JSON,
        ("X-Forwarded-For", "127.0.0.1"),
        ("X-Real-IP", "127.0.0.1"),
        ("Host", "localhost"),
    ]
    assert is_forbidden(await client.ask(never_read(), local))


async def test_the_same_event_again_is_a_duplicate(client: WebhookClient) -> None:
    assert [(await client.post(event())).json()["status"] for _ in range(3)] == [
        "accepted",
        "duplicate",
        "duplicate",
    ]


async def test_the_first_text_under_an_id_wins(client: WebhookClient) -> None:
    await client.post(event(text="first"))
    await client.post(event(text="second"))
    assert [message.content for message in client.received.messages] == [Text(body="first")]


async def test_the_same_id_of_others_is_another_message(client: WebhookClient) -> None:
    group = "120363000000000001@g.us"
    for fields in ({}, {"from": "4915187654321@s.whatsapp.net"}, {"from": group, "senderId": ANN}):
        assert (await client.post(event(**fields))).json() == {"status": "accepted"}
    assert (await client.post(event(**{"from": group, "senderId": "4915187654321@c.us"}))).json()[
        "status"
    ] == "accepted"

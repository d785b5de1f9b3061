"""What the webhook reads and what it refuses to."""

import asyncio
import json
import time
from collections.abc import AsyncIterator

import pytest
from tests.support.webhook_client import (
    ANN,
    AUTHORIZED,
    FIELDS,
    JSON,
    MIB,
    SECRET,
    Headers,
    WebhookClient,
    event,
    explains,
    never_read,
)

from cleo.channels.whatsapp.bridge.contract import InboundEvent
from cleo.domain.content import Text


@pytest.fixture
def client() -> WebhookClient:
    return WebhookClient()


async def test_a_length_beyond_the_limit_is_refused_before_reading(client: WebhookClient) -> None:
    answer = await client.ask(never_read(), [*AUTHORIZED, ("Content-Length", "10000000000")])
    assert (answer.status_code, answer.headers["Connection"]) == (413, "close")
    answer = await client.ask(never_read(), [*AUTHORIZED, ("Content-Length", "9" * 5000)])
    assert answer.status_code == 413


async def test_a_body_without_end_is_cut_at_the_limit(client: WebhookClient) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 65536
            yield b" " * 65536

    answer = await client.ask(endless(), AUTHORIZED)
    assert (answer.status_code, answer.headers["Connection"]) == (413, "close")
    assert sent <= MIB + 2 * 65536


async def test_a_body_that_drips_is_cut_off() -> None:
    async def drip() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.01)

    answer = await WebhookClient(seconds=0.1).ask(drip(), AUTHORIZED)
    assert (answer.status_code, answer.headers["Connection"]) == (408, "close")


BOMBS = {
    "nested arrays": b"[" * 100_000,
    "nested objects": b'{"a":' * 100_000,
    "closed nesting": b"[" * 50_000 + b"]" * 50_000,
    "nesting that the parser bears": b'{"x":' + b"[" * 900 + b'"\\ud800"' + b"]" * 900 + b"}",
    "long integer": b'{"timestamp":' + b"9" * 10_000 + b"}",
    "longer integer": b'{"timestamp":-' + b"9" * 1_000_000 + b"}",
    "infinite float": b'{"timestamp":1e400}',
    "negative infinite float": b'{"timestamp":-1e400}',
    "NaN": b'{"timestamp":NaN}',
    "Infinity": b'{"timestamp":Infinity}',
    "-Infinity": b'{"timestamp":-Infinity}',
    "many keys": b"{" + b",".join(b'"k%d":1' % n for n in range(80_000)) + b"}",
    "many keys inside": b'{"x":[{' + b",".join(b'"k%d":1' % n for n in range(80_000)) + b"}]}",
    "a million keys": b"{" + b",".join(b'"k%d":1' % n for n in range(1_000_000)) + b"}",
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
async def test_a_bomb_is_refused_quickly(client: WebhookClient, bomb: bytes) -> None:
    started = time.process_time()
    answer = await client.ask(bomb)
    assert answer.status_code in {413, 422}
    assert time.process_time() - started < 0.5  # 50 ms on an idle machine
    assert client.received.messages == []


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity, gzip", ""])
async def test_packed_bodies_are_refused(client: WebhookClient, encoding: str) -> None:
    answer = await client.ask(never_read(), [*AUTHORIZED, ("Content-Encoding", encoding)])
    assert answer.status_code == 415
    assert explains(answer)


async def test_identity_is_not_packed(client: WebhookClient) -> None:
    assert (await client.post(event(), [*AUTHORIZED, ("Content-Encoding", "Identity")])).status_code == 200


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "application/xml",
        "application/jsonp",
        "application/json; charset=utf-16",
        "",
        b"\xff",
    ],
)
async def test_only_json_is_read(client: WebhookClient, kind: str | bytes) -> None:
    secret: Headers = [("X-Webhook-Secret", SECRET)]
    answer = await client.ask(never_read(), [*secret, ("Content-Type", kind)])
    assert answer.status_code == 415


async def test_the_content_type_is_given_exactly_once(client: WebhookClient) -> None:
    secret: Headers = [("X-Webhook-Secret", SECRET)]
    assert (await client.ask(never_read(), secret)).status_code == 415
    assert (await client.ask(never_read(), [*AUTHORIZED, *JSON])).status_code == 415
    kind = [("Content-Type", "Application/JSON ; Charset=UTF-8")]
    assert (await client.post(event(), [*secret, *kind])).status_code == 200


@pytest.mark.parametrize(
    "timestamp", ["true", '"17"', "-1", str(2**63), str(2**200), "1.5", "null", "[]", "{}"]
)
async def test_a_time_that_is_none_is_refused(client: WebhookClient, timestamp: str) -> None:
    body = json.dumps(event()).replace("1785000000000", timestamp).encode()
    answer = await client.ask(body)
    assert answer.status_code == 422
    assert explains(answer, timestamp)


@pytest.mark.parametrize(
    ("timestamp", "at"),
    [("1785000000", 1785000000000), ("1785000000000.0", 1785000000000), ("1.0", 1000), ("0", 0)],
)
async def test_seconds_and_whole_floats_are_times(client: WebhookClient, timestamp: str, at: int) -> None:
    body = json.dumps(event()).replace("1785000000000", timestamp).encode()
    assert (await client.ask(body)).status_code == 200
    assert client.received.messages[0].at == at


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (r"\ud800", "\ufffd"),
        (r"a\udc00b", "a\ufffdb"),
        (r"\u0000", "\ufffd"),
        (r"\ufffe", "\ufffe"),
        (r"\ud83d\ude00", "😀"),
        (r"\ude00\ud83d", "\ufffd\ufffd"),
        (r"\\ud800", r"\ud800"),
    ],
)
async def test_what_no_database_can_keep_is_replaced(client: WebhookClient, written: str, kept: str) -> None:
    body = json.dumps(event(text="TEXT")).replace("TEXT", written).encode()
    assert (await client.ask(body)).status_code == 200
    assert client.received.messages[0].content == Text(body=kept)


@pytest.mark.parametrize("written", [r"\ud800", r"\u0000", "é"])
async def test_in_an_id_it_is_refused(client: WebhookClient, written: str) -> None:
    body = json.dumps(event(messageId="ID")).replace("ID", written).encode()
    assert (await client.ask(body)).status_code == 422


LISTS = {"senderAliases", "receiptFor", "mentions"}


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize(
    "wrong", [None, [], {}, "x" * 1_000_000, "x" * MIB], ids=["null", "[]", "{}", "1MB", "1MiB"]
)
async def test_every_field_of_a_wrong_type_is_refused(
    client: WebhookClient, name: str, wrong: object
) -> None:
    """Null is how JavaScript says "not there", so only required fields refuse it; an empty list is no alias."""
    status = (await client.post(event(**{name: wrong}))).status_code
    missing = wrong is None and not InboundEvent.model_fields[_python_name(name)].is_required()
    empty = wrong == [] and name in LISTS
    null_list = wrong is None and name in LISTS
    if null_list or not (missing or empty):
        assert status in {413, 422}
    else:
        assert status == 200


def _python_name(alias: str) -> str:
    return next(name for name, field in InboundEvent.model_fields.items() if (field.alias or name) == alias)


async def test_an_event_with_nothing_in_it_is_ignored(client: WebhookClient) -> None:
    answer = await client.post({"from": ANN, "messageId": "3A", "timestamp": 1})
    assert (answer.status_code, answer.json()) == (200, {"status": "ignored"})
    assert client.received.messages == []


async def test_unknown_fields_are_ignored(client: WebhookClient) -> None:
    assert (await client.post(event(pushName="x", nested={"a": [1]}, message_id="other"))).json()[
        "status"
    ] == "accepted"
    assert client.received.messages[0].id == "3A1F0C"


async def test_fields_have_the_names_of_the_wire_only(client: WebhookClient) -> None:
    body = {"from": "4915112345678@s.whatsapp.net", "message_id": "3A", "timestamp": 1, "text": "x"}
    assert (await client.post(body)).status_code == 422


@pytest.mark.parametrize("half", [{"reaction": "👍"}, {"reactsToMessageId": "3EB0"}])
async def test_half_a_reaction_is_ignored(client: WebhookClient, half: dict[str, object]) -> None:
    answer = await client.post(event(**half))
    assert (answer.status_code, answer.json()) == (200, {"status": "ignored"})
    assert client.received.messages == []


@pytest.mark.parametrize(
    "body",
    [
        b'{"from":"1@lid","from":"2@lid","messageId":"3A","timestamp":1,"text":"x"}',
        b'{"from":"1@lid","messageId":"3A","timestamp":1,"media":{"url":"a","url":"b"}}',
        b'{"from":"1@lid","messageId":"3A","timestamp":1,"x":[{"y":1,"\\u0079":2}]}',
    ],
)
async def test_keys_given_twice_are_refused(client: WebhookClient, body: bytes) -> None:
    answer = await client.ask(body)
    assert answer.status_code == 422
    assert "twice" in answer.json()["message"]


@pytest.mark.parametrize(
    "id", ["a/b", "../x", "a b", "", "x" * 129, "x" * 10_240, "a\nb", "3A\n", "\t", "é", "a\u200bb"]
)
@pytest.mark.parametrize("name", ["messageId", "reactsToMessageId", "edits", "revokes"])
async def test_ids_are_short_and_plain(client: WebhookClient, name: str, id: str) -> None:
    assert (await client.post(event(**{name: id}))).status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"null",
        b"[]",
        b'"x"',
        b"1",
        b"{}",
        b"{'from':1}",
        json.dumps(event()).encode() + b"x",
        b'{"text":"\n"}',
        b"\xef\xbb\xbf" + json.dumps(event()).encode(),
        json.dumps(event()).encode("utf-16"),
        json.dumps(event()).encode("utf-16-le"),
        json.dumps(event()).encode("utf-32"),
        json.dumps(event()).encode()[:-3],
        b'{"text":"\xff"}',
        b'{"text":"\xed\xa0\x80"}',
    ],
)
async def test_what_is_no_event_is_refused_in_words(client: WebhookClient, body: bytes) -> None:
    answer = await client.ask(body)
    assert answer.status_code == 422
    assert explains(answer)


async def test_a_byte_order_mark_is_called_by_its_name(client: WebhookClient) -> None:
    answer = await client.ask(b"\xef\xbb\xbf" + json.dumps(event()).encode())
    assert "byte order mark" in answer.json()["message"]


async def test_a_refusal_names_fields_and_repeats_nothing(client: WebhookClient) -> None:
    answer = await client.post(
        event(
            **{
                "messageId": "CANARY 1",
                "timestamp": "CANARY2",
                "text": 7,
                "from": "CANARY<3>",
                "receipt": "CANARY4",
            }
        )
    )
    assert answer.status_code == 422
    assert explains(answer, "CANARY")
    for name in ("messageId", "timestamp", "text", "from", "receipt"):
        assert name in answer.json()["message"]


async def test_a_thousand_wrong_entries_are_told_shortly(client: WebhookClient) -> None:
    answer = await client.post(event(receiptFor=["a b"] * 1000))
    assert answer.status_code == 422
    assert len(answer.content) < 2000

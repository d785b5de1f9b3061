"""The webhook of the Cloud API: who is authenticated, what is read, and what Meta is to send again."""

import asyncio
import hashlib
import hmac
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from tests.support.agent_harness import AgentHarness
from tests.support.clock import FakeClock
from tests.support.cloud_payloads import (
    APP_SECRET,
    NUMBER,
    PATH,
    REOPEN_TEMPLATE,
    VERIFY_TOKEN,
    CloudWebhookClient,
    change,
    encode,
    message_payload,
    signature,
    webhook,
)
from tests.support.recording_receiver import RecordingReceiver

from cleo.channels.whatsapp.cloud.inbound.webhook import MAX_BYTES, cloud_routes
from cleo.domain.errors import ConfigError

BODY = encode(webhook(change(messages=[message_payload()])))
QUERY = f"{PATH}?hub.mode=subscribe&hub.verify_token={VERIFY_TOKEN}&hub.challenge="


@pytest.fixture
def received() -> RecordingReceiver:
    return RecordingReceiver()


@pytest.fixture
def client(received: RecordingReceiver) -> CloudWebhookClient:
    return CloudWebhookClient(received, FakeClock())


@pytest.mark.parametrize("challenge", ["1158201444", "0", "x" * 256, "a%20b%3Cb%3E"])
async def test_the_handshake_gives_back_exactly_the_challenge(
    client: CloudWebhookClient, challenge: str
) -> None:
    answer = await client.ask("GET", QUERY + challenge)
    assert (answer.status_code, answer.text) == (200, challenge.replace("%20", " ").replace("%3Cb%3E", "<b>"))
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?hub.mode=subscribe&hub.challenge=1",
        "?hub.mode=subscribe&hub.challenge=1&hub.verify_token=",
        f"?hub.mode=subscribe&hub.challenge=1&hub.verify_token={VERIFY_TOKEN}x",
        "?hub.mode=subscribe&hub.challenge=1&hub.verify_token=%C3%A9%00%FF",
        f"?hub.mode=unsubscribe&hub.challenge=1&hub.verify_token={VERIFY_TOKEN}",
        f"?hub.challenge=1&hub.verify_token={VERIFY_TOKEN}",
        f"?hub.mode=subscribe&hub.verify_token={VERIFY_TOKEN}",
        f"?hub.mode=subscribe&hub.verify_token={VERIFY_TOKEN}&hub.challenge={'1' * 257}",
    ],
)
async def test_any_other_handshake_is_refused(client: CloudWebhookClient, query: str) -> None:
    answer = await client.ask("GET", PATH + query)
    assert (answer.status_code, answer.content) == (403, b"")


HEX = signature(BODY).removeprefix(b"sha256=")
SIGNATURES = {
    "none": [],
    "empty": [b""],
    "without its name": [HEX],
    "upper case": [b"sha256=" + HEX.upper()],
    "upper-case name": [b"SHA256=" + HEX],
    "sha1": [b"sha1=" + hmac.new(APP_SECRET.encode(), BODY, hashlib.sha1).hexdigest().encode()],
    "sha1 as sha256": [b"sha256=" + hmac.new(APP_SECRET.encode(), BODY, hashlib.sha1).hexdigest().encode()],
    "of another secret": [signature(BODY, "another")],
    "of another body": [signature(BODY + b" ")],
    "not ASCII": ["sha256=é".encode()],
    "latin-1": [b"sha256=\xe9" + HEX[1:]],
    "cut": [signature(BODY)[:-1]],
    "with a space": [signature(BODY) + b" x"],
    "twice": [signature(BODY), signature(BODY)],
    "right and wrong": [signature(BODY), b"sha256=" + b"0" * 64],
}


@pytest.mark.parametrize("signatures", SIGNATURES.values(), ids=SIGNATURES)
async def test_a_body_without_its_right_signature_is_not_kept(
    client: CloudWebhookClient, received: RecordingReceiver, signatures: list[bytes]
) -> None:
    answer = await client.ask(
        "POST", content=BODY, headers=[(b"X-Hub-Signature-256", each) for each in signatures]
    )
    assert (answer.status_code, answer.content) == (403, b"")
    assert received.batches == []


async def test_the_signature_is_over_the_bytes_as_they_came(
    client: CloudWebhookClient, received: RecordingReceiver
) -> None:
    raw = BODY.replace(b'"hi from', rb'"\u00fc \ud83d\ude00 hi from').replace(b":", b" :  ")
    assert (await client.post(raw)).status_code == 200
    assert received.batches[0].raw == raw


async def test_no_header_but_the_signature_is_asked_for(
    client: CloudWebhookClient, received: RecordingReceiver
) -> None:
    for kind in (b"application/json; charset=utf-16", b"text/plain", b""):
        headers = [(b"X-Hub-Signature-256", signature(BODY)), (b"Content-Type", kind)]
        assert (await client.ask("POST", content=BODY, headers=headers)).status_code == 200
    assert len(received.batches) == 3


@pytest.mark.parametrize("setting", ["WHATSAPP_CLOUD_APP_SECRET", "WHATSAPP_CLOUD_VERIFY_TOKEN"])
def test_without_a_secret_there_is_no_door(setting: str) -> None:
    secrets = {"WHATSAPP_CLOUD_APP_SECRET": "a", "WHATSAPP_CLOUD_VERIFY_TOKEN": "b"} | {setting: " "}
    with pytest.raises(ConfigError, match=setting):
        cloud_routes(
            RecordingReceiver(),
            app_secret=secrets["WHATSAPP_CLOUD_APP_SECRET"],
            verify_token=secrets["WHATSAPP_CLOUD_VERIFY_TOKEN"],
            phone_number_id=NUMBER,
            reopen_template=REOPEN_TEMPLATE,
            clock=FakeClock(),
        )


async def test_a_body_beyond_the_limit_is_cut_off(
    client: CloudWebhookClient, received: RecordingReceiver
) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 65536
            yield b" " * 65536

    answer = await client.ask("POST", content=endless())
    assert (answer.status_code, answer.headers["Connection"]) == (413, "close")
    assert sent <= MAX_BYTES + 2 * 65536
    largest = BODY + b" " * (MAX_BYTES - len(BODY))
    assert (await client.post(largest)).status_code == 200
    assert (await client.post(largest + b" ")).status_code == 413
    assert len(received.batches) == 1


async def test_a_body_that_drips_is_cut_off(received: RecordingReceiver) -> None:
    async def drip() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.01)

    client = CloudWebhookClient(received, FakeClock(), seconds=0.1)
    assert (await client.ask("POST", content=drip())).status_code == 408


@pytest.mark.parametrize("trouble", ["broken", "full"])
async def test_what_could_not_be_kept_is_asked_for_again(
    client: CloudWebhookClient, received: RecordingReceiver, trouble: str
) -> None:
    setattr(received, trouble, True)
    answer = await client.post(BODY)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    setattr(received, trouble, False)
    assert (await client.post(BODY)).status_code == 200


async def test_a_broken_database_is_a_503_and_loses_nothing(tmp_path: Path) -> None:
    harness = AgentHarness(tmp_path)
    client = CloudWebhookClient(harness.receiver, harness.clock)
    lock = sqlite3.connect(tmp_path / "cleo.db", isolation_level=None)
    lock.execute("ALTER TABLE webhook_events RENAME TO gone")
    assert (await client.post(BODY)).status_code == 503
    lock.execute("ALTER TABLE gone RENAME TO webhook_events")
    lock.close()
    assert (await client.post(BODY)).status_code == 200
    await harness.settle()
    assert await harness.store.read(lambda tx: tx.webhook_events.any_since(0)) is True
    await harness.store.close()


BODIES = {
    "no JSON": b"{",
    "nothing": b"",
    "a list": b"[]",
    "null": b"null",
    "text": b'"hi"',
    "bytes": b"\xff\xfe\x00",
    "bottomless": b'{"entry":' * 50_000,
    "no entries": b'{"object":"whatsapp_business_account"}',
    "entries that are none": b'{"entry":{}}',
}


@pytest.mark.parametrize("raw", BODIES.values(), ids=BODIES)
async def test_what_is_signed_and_no_webhook_is_kept_as_one_thing(
    client: CloudWebhookClient, received: RecordingReceiver, raw: bytes
) -> None:
    assert (await client.post(raw)).status_code == 200
    (item,) = received.batches[0].events
    assert (item.kind, item.meaning, bool(item.problem)) == ("unreadable", None, True)
    assert received.batches[0].raw == raw


async def test_logs_hold_nothing_that_was_sent(
    client: CloudWebhookClient, received: RecordingReceiver
) -> None:
    with capture_logs() as logs:
        await client.post(
            encode(
                webhook(
                    change(
                        messages=[
                            message_payload(),
                            message_payload("wamid.CANARY", type="CANARY text", of=None),
                        ]
                    )
                )
            )
        )
        await client.post(b'{"CANARY')
        await client.post(BODY, b"sha256=CANARY")
        await client.ask("GET", f"{QUERY}CANARY".replace(VERIFY_TOKEN, "CANARY"))
        received.broken = True
        await client.post(BODY)
    assert len(logs) >= 4
    assert all(word not in str(logs) for word in ("CANARY", "4915100000001", APP_SECRET, VERIFY_TOKEN))

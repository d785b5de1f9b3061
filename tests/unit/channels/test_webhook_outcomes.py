"""What the webhook does with what it read."""

import pytest
from structlog.testing import capture_logs
from tests.support.webhook_client import PATH, SECRET, WebhookClient, event, with_secret


@pytest.fixture
def client() -> WebhookClient:
    return WebhookClient()


async def test_what_could_not_be_kept_is_asked_for_again(client: WebhookClient) -> None:
    client.received.broken = True
    answer = await client.post(event())
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    client.received.broken = False
    assert (await client.post(event())).json() == {"status": "accepted"}


async def test_what_is_too_much_now_is_asked_for_again(client: WebhookClient) -> None:
    client.received.full = True
    answer = await client.post(event())
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.json()["error"] == "overloaded"
    assert "CLEO_INBOX_MAX" in answer.json()["message"]
    client.received.full = False
    assert (await client.post(event())).json() == {"status": "accepted"}


async def test_a_receipt_goes_its_own_way(client: WebhookClient) -> None:
    answer = await client.post(event(receipt="delivered", receiptFor=["3EB0AA"], text=None))
    assert answer.json() == {"status": "accepted"}
    assert [receipt.of for receipt in client.received.receipts] == [("3EB0AA",)]
    assert client.received.messages == []


@pytest.mark.parametrize("chat", ["status@broadcast", "1@newsletter", "0@s.whatsapp.net", "a@b.c"])
async def test_what_nobody_can_answer_is_ignored(client: WebhookClient, chat: str) -> None:
    answer = await client.post(event(**{"from": chat}))
    assert (answer.status_code, answer.json()) == (200, {"status": "ignored"})


async def test_somebody_else_in_a_direct_chat_is_ignored(client: WebhookClient) -> None:
    assert (await client.post(event(senderId="4915187654321@s.whatsapp.net"))).json() == {"status": "ignored"}
    assert client.received.messages == []


async def test_logs_hold_nothing_that_was_sent(
    client: WebhookClient, capfd: pytest.CaptureFixture[str]
) -> None:
    client.received.broken = True
    with capture_logs() as logs:
        await client.post(event(text="CANARY\n\x1b[31m{"))
        client.received.broken = False
        await client.post(event(text="CANARY"))
        await client.post(event(**{"from": "CANARY@x.y"}))
        await client.post(event(messageId="CANARY CANARY"))
        await client.ask(b'{"CANARY": CANARY')
        await client.post(event(), with_secret("CANARY"))
    output = str(logs) + "".join(capfd.readouterr())
    assert logs
    assert all(word not in output for word in ("CANARY", "4915112345678", SECRET))


def test_the_door_is_described_in_openapi(client: WebhookClient) -> None:
    described = client.app.openapi()
    post = described["paths"][PATH]["post"]
    assert set(described["paths"][PATH]) == {"post"}
    reference = post["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    schema = described["components"]["schemas"][reference.rpartition("/")[2]]
    assert {"from", "messageId", "text", "media", "timestamp", "senderId", "reaction"} <= set(
        schema["properties"]
    )
    assert [parameter["name"] for parameter in post["parameters"]] == ["X-Webhook-Secret"]
    assert set(post["responses"]) == {"200", "403", "405", "408", "413", "415", "422", "503"}

"""What the webhook does with what it read."""

import pytest
from structlog.testing import capture_logs
from tests.support.door import PATH, SECRET, Door, event, with_secret


@pytest.fixture
def door() -> Door:
    return Door()


async def test_X29_what_could_not_be_kept_is_asked_for_again(door: Door) -> None:
    door.received.broken = True
    answer = await door.post(event())
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    door.received.broken = False
    assert (await door.post(event())).json() == {"status": "accepted"}


async def test_X43_what_is_too_much_now_is_asked_for_again(door: Door) -> None:
    door.received.full = True
    answer = await door.post(event())
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.json()["error"] == "overloaded"
    assert "CLEO_INBOX_MAX" in answer.json()["message"]
    door.received.full = False
    assert (await door.post(event())).json() == {"status": "accepted"}


async def test_a_receipt_goes_its_own_way(door: Door) -> None:
    answer = await door.post(event(receipt="delivered", receiptFor=["3EB0AA"], text=None))
    assert answer.json() == {"status": "accepted"}
    assert [receipt.of for receipt in door.received.receipts] == [("3EB0AA",)]
    assert door.received.messages == []


@pytest.mark.parametrize("chat", ["status@broadcast", "1@newsletter", "0@s.whatsapp.net", "a@b.c"])
async def test_N01_what_nobody_can_answer_is_ignored(door: Door, chat: str) -> None:
    answer = await door.post(event(**{"from": chat}))
    assert (answer.status_code, answer.json()) == (200, {"status": "ignored"})


async def test_O07_somebody_else_in_a_direct_chat_is_ignored(door: Door) -> None:
    assert (await door.post(event(senderId="4915187654321@s.whatsapp.net"))).json() == {"status": "ignored"}
    assert door.received.messages == []


async def test_L01_L02_logs_hold_nothing_that_was_sent(door: Door, capfd: pytest.CaptureFixture[str]) -> None:
    door.received.broken = True
    with capture_logs() as logs:
        await door.post(event(text="CANARY\n\x1b[31m{"))
        door.received.broken = False
        await door.post(event(text="CANARY"))
        await door.post(event(**{"from": "CANARY@x.y"}))
        await door.post(event(messageId="CANARY CANARY"))
        await door.ask(b'{"CANARY": CANARY')
        await door.post(event(), with_secret("CANARY"))
    output = str(logs) + "".join(capfd.readouterr())
    assert logs
    assert all(word not in output for word in ("CANARY", "4915112345678", SECRET))


def test_the_door_is_described_in_openapi(door: Door) -> None:
    described = door.app.openapi()
    post = described["paths"][PATH]["post"]
    assert set(described["paths"][PATH]) == {"post"}
    reference = post["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    schema = described["components"]["schemas"][reference.rpartition("/")[2]]
    assert {"from", "messageId", "text", "media", "timestamp", "senderId", "reaction"} <= set(
        schema["properties"]
    )
    assert [parameter["name"] for parameter in post["parameters"]] == ["X-Webhook-Secret"]
    assert set(post["responses"]) == {"200", "403", "405", "408", "413", "415", "422", "503"}

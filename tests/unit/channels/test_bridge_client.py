"""The bridge's answers and silences, over real sockets."""

import hashlib
import os
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx2
import pytest
from tests.support.fake_bridge import FakeBridge, Trouble
from tests.support.files_at import FilesAt, once

from cleo.channels.whatsapp.bridge.client import WhatsAppBridgeClient
from cleo.channels.whatsapp.bridge.contract import message_id_for
from cleo.channels.whatsapp.bridge.http import BridgeHttp
from cleo.channels.whatsapp.bridge.origin import BridgeOrigin
from cleo.domain.content import File, FileId, MessageId, Reaction
from cleo.domain.conversation import Conversation, ConversationId
from cleo.domain.errors import SendError, SendFailed, SendRejected, SendUncertain
from cleo.domain.identity import Address
from cleo.domain.message import Quoted, SendKey
from cleo.ports import Degraded, Sent

ANN = Address("phone:+4915112345678")


def chat(address: Address) -> Conversation:
    return Conversation(id=ConversationId("whatsapp/x"), channel="whatsapp", address=address)


CHAT = chat(ANN)
ANN_JID = "4915112345678@s.whatsapp.net"
GROUP = Address("group:120363000000000001")


@pytest.fixture
def files(tmp_path: Path) -> FilesAt:
    return FilesAt(tmp_path)


@pytest.fixture
async def bridge() -> AsyncGenerator[FakeBridge]:
    async with FakeBridge() as bridge:
        yield bridge


@pytest.fixture
async def client(bridge: FakeBridge, files: FilesAt) -> AsyncGenerator[WhatsAppBridgeClient]:
    client = WhatsAppBridgeClient(bridge.url, files=files, secret="s3cret", timeout=0.4)
    yield client
    await client.close()


async def failure(client: WhatsAppBridgeClient, key: str = "k") -> SendError:
    with pytest.raises(SendError) as caught:
        await client.send_text(CHAT, "hi", key=SendKey(key), quoted=None)
    return caught.value


async def test_a_text_goes_out_with_secret_and_key(bridge: FakeBridge, client: WhatsAppBridgeClient) -> None:
    sent = await client.send_text(CHAT, "*hi*", key=SendKey("run-1/0"), quoted=None)
    assert sent.message_id == "3EB0FAKE0000"
    [asked] = bridge.asked
    assert asked.fields == {"to": ANN_JID, "text": "*hi*"}
    assert asked.headers["x-webhook-secret"] == "s3cret"
    assert asked.key == "run-1/0"


async def test_a_reply_names_its_message(bridge: FakeBridge, client: WhatsAppBridgeClient) -> None:
    quoted = Quoted(id=MessageId("3A1F"), sender=Address("lid:219876543210987"), text="hi")
    await client.send_text(chat(GROUP), "yes", key=SendKey("k"), quoted=quoted)
    assert bridge.asked[0].fields == {
        "to": "120363000000000001@g.us",
        "text": "yes",
        "quoted": {"messageId": "3A1F", "senderId": "219876543210987@lid", "text": "hi"},
    }


@pytest.mark.parametrize(
    ("answer", "id"),
    [
        (b'{"messageId": "3EB0AA"}', "3EB0AA"),
        (b'{"id": "3EB0BB", "ok": true}', "3EB0BB"),
        (b'{"key": {"id": "3EB0CC", "remoteJid": "x"}, "status": 1}', "3EB0CC"),
        (b'{"messageId": null, "id": 5, "key": {"id": "3EB0DD"}}', "3EB0DD"),
        (b'{"messageId": "a b", "key": "x"}', None),
        (b'{"success": true}', None),
        (b"[]", None),
        (b"OK", None),
        (b"\xff\xfe", None),
        (b"", None),
        (b"x" * 1_000_000, None),
    ],
)
async def test_any_2xx_is_sent(
    bridge: FakeBridge, client: WhatsAppBridgeClient, answer: bytes, id: str | None
) -> None:
    bridge.answer = answer
    assert (await client.send_text(CHAT, "hi", key=SendKey("k"), quoted=None)).message_id == id


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, SendRejected),
        (404, SendRejected),
        (409, SendRejected),
        (413, SendRejected),
        (415, SendRejected),
        (422, SendRejected),
        (401, SendFailed),
        (403, SendFailed),
        (408, SendFailed),
        (429, SendFailed),
        (500, SendFailed),
        (502, SendFailed),
        (503, SendFailed),
        (302, SendFailed),
        (504, SendUncertain),
    ],
)
async def test_every_refusal_says_whether_to_try_again(
    bridge: FakeBridge, client: WhatsAppBridgeClient, status: int, error: type[SendError]
) -> None:
    bridge.troubles.append(Trouble(status=status))
    assert type(await failure(client)) is error


async def test_a_refusal_speaks_with_the_bridges_words(
    bridge: FakeBridge, client: WhatsAppBridgeClient
) -> None:
    body = b'{"error": "refused", "message": "This person never wrote to this number.", "code": 463}'
    bridge.troubles.append(Trouble(status=422, body=body))
    error = await failure(client)
    assert (str(error), error.code) == ("This person never wrote to this number.", 463)


async def test_a_wrong_secret_is_told_with_its_setting(
    bridge: FakeBridge, client: WhatsAppBridgeClient
) -> None:
    bridge.secret = "another"
    assert "WHATSAPP_WEBHOOK_SECRET" in str(await failure(client))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "Mon, 01 Jun 2026 10:00:30 GMT", "Date": "Mon, 01 Jun 2026 10:00:00 GMT"}, 30.0),
        ({"Retry-After": "Mon, 01 Jun 2026 09:00:00 GMT", "Date": "Mon, 01 Jun 2026 10:00:00 GMT"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "1" * 400}, None),
        ({}, None),
    ],
)
async def test_the_bridge_says_when_to_come_back(
    bridge: FakeBridge, client: WhatsAppBridgeClient, headers: dict[str, str], seconds: float | None
) -> None:
    bridge.troubles.append(Trouble(status=503, headers=headers))
    assert (await failure(client)).retry_after == seconds


async def test_nobody_listening_means_not_sent(bridge: FakeBridge, client: WhatsAppBridgeClient) -> None:
    await bridge.stop()
    error = await failure(client)
    assert isinstance(error, SendFailed)
    assert "WHATSAPP_BRIDGE_URL" in str(error)


@pytest.mark.parametrize("then", ["close", "reset", "lost", "stall"])
async def test_silence_after_the_request_left_is_uncertain(
    bridge: FakeBridge, client: WhatsAppBridgeClient, then: str
) -> None:
    bridge.troubles.append(Trouble(then=then))  # pyright: ignore[reportArgumentType] - one of the literals above
    assert isinstance(await failure(client), SendUncertain)


async def test_the_same_key_again_shows_one_bubble(files: FilesAt) -> None:
    async with FakeBridge(ours=True) as bridge:
        client = WhatsAppBridgeClient(bridge.url, files=files, timeout=0.4)
        await client.send_text(CHAT, "first", key=SendKey("k0"), quoted=None)
        bridge.troubles.append(Trouble(then="lost"))
        assert isinstance(await failure(client, "k1"), SendUncertain)
        sent = await client.send_text(CHAT, "hi", key=SendKey("k1"), quoted=None)
        assert bridge.sent_to(ANN_JID) == ["first", "hi"]
        assert (bridge.repeats, sent.message_id) == (1, client.message_id("k1"))
        await client.close()


async def test_a_bridge_that_restarted_between_two_sends_is_reached(
    bridge: FakeBridge, client: WhatsAppBridgeClient
) -> None:
    await client.send_text(CHAT, "1", key=SendKey("k1"), quoted=None)
    port = bridge.port
    await bridge.stop()
    await bridge.start(port)
    await client.send_text(CHAT, "2", key=SendKey("k2"), quoted=None)
    assert bridge.sent_to(ANN_JID) == ["1", "2"]


async def test_connections_are_kept(bridge: FakeBridge, client: WhatsAppBridgeClient) -> None:
    for number in range(5):
        await client.send_text(CHAT, str(number), key=SendKey(str(number)), quoted=None)
    assert bridge.connections == 1


async def test_a_stored_file_goes_out_with_its_fields(
    bridge: FakeBridge, client: WhatsAppBridgeClient, files: FilesAt
) -> None:
    body = os.urandom(300_000)
    file = File(
        kind="document",
        mimetype="application/pdf",
        name='Größe "1".pdf',
        caption="The offer ✓",
        stored=await files.keep(once(body), 10**6),
    )
    quoted = Quoted(id=MessageId("3A1F"))
    assert (await client.send_file(CHAT, file, key=SendKey("k"), quoted=quoted)).message_id
    [asked] = bridge.asked
    assert (asked.path, asked.key) == ("/send-media", "k")
    assert (asked.file, asked.file_type) == (body, "application/pdf")
    assert asked.fields == {
        "to": ANN_JID,
        "kind": "document",
        "mimetype": "application/pdf",
        "filename": 'Größe "1".pdf',
        "caption": "The offer ✓",
        "quoted": '{"messageId": "3A1F"}',
    }


async def test_a_link_in_the_store_is_not_followed(
    bridge: FakeBridge, client: WhatsAppBridgeClient, files: FilesAt, tmp_path: Path
) -> None:
    planted = tmp_path / "planted"
    planted.symlink_to("/etc/passwd")
    files.kept[FileId("f")] = planted
    with pytest.raises(SendRejected):
        await client.send_file(CHAT, File(kind="document", stored=FileId("f")), key=SendKey("k"), quoted=None)
    assert bridge.asked == []


@pytest.mark.parametrize("file", [File(kind="image"), File(kind="image", stored=FileId("gone"))])
async def test_a_file_that_is_not_there_is_rejected(client: WhatsAppBridgeClient, file: File) -> None:
    with pytest.raises(SendRejected):
        await client.send_file(CHAT, file, key=SendKey("k"), quoted=None)


@pytest.mark.parametrize(
    ("to", "text"), [(Address("telegram:7"), "x"), (ANN, ""), (ANN, "\ud800"), (ANN, "x" * 65537)]
)
async def test_what_no_bridge_could_send_is_rejected(
    bridge: FakeBridge, client: WhatsAppBridgeClient, to: Address, text: str
) -> None:
    with pytest.raises(SendRejected) as caught:
        await client.send_text(chat(to), text, key=SendKey("k"), quoted=None)
    assert bridge.asked == []
    assert "xxx" not in str(caught.value)


@pytest.mark.parametrize("own", [False, True])
async def test_our_bridge_reacts(files: FilesAt, own: bool) -> None:
    async with FakeBridge(ours=True) as bridge:
        client = WhatsAppBridgeClient(bridge.url, files=files)
        reaction = Reaction(emoji="👀", to=MessageId("3A"), on_own=own)
        sent = await client.react(chat(GROUP), reaction, key=SendKey("k"), author=ANN)
        assert sent == Sent(message_id=MessageId(message_id_for("k")))
        assert bridge.asked[0].fields == {
            "to": "120363000000000001@g.us",
            "messageId": "3A",
            "emoji": "👀",
            "fromMe": own,
            "senderId": ANN_JID,
        }
        await client.close()


@pytest.mark.parametrize(
    "trouble",
    [
        Trouble(status=404),
        Trouble(
            status=404,
            body=b'{"message": "Route POST:/react not found", "error": "Not Found", "statusCode": 404}',
        ),
        Trouble(status=405),
    ],
)
async def test_a_bridge_without_reactions_degrades(
    bridge: FakeBridge, client: WhatsAppBridgeClient, trouble: Trouble
) -> None:
    bridge.troubles.append(trouble)
    sent = await client.react(CHAT, Reaction(emoji="👀", to=MessageId("3A")), key=SendKey("k"), author=None)
    assert isinstance(sent, Degraded)


async def test_our_bridges_404_to_a_reaction_is_a_refusal(
    bridge: FakeBridge, client: WhatsAppBridgeClient
) -> None:
    bridge.troubles.append(
        Trouble(status=404, body=b'{"error": "unknown_message", "message": "Never seen."}')
    )
    with pytest.raises(SendRejected, match="Never seen"):
        await client.react(CHAT, Reaction(emoji="👀", to=MessageId("3A")), key=SendKey("k"), author=None)


async def test_typing_is_asked_once_of_a_bridge_that_cannot(
    bridge: FakeBridge, client: WhatsAppBridgeClient
) -> None:
    await client.typing(CHAT, True)
    await client.typing(CHAT, False)
    assert [asked.path for asked in bridge.asked] == ["/typing"]


async def test_typing_never_raises(bridge: FakeBridge, client: WhatsAppBridgeClient) -> None:
    bridge.troubles.append(Trouble(then="reset"))
    await client.typing(CHAT, True)
    await client.typing(chat(Address("telegram:7")), True)
    await bridge.stop()
    await client.typing(CHAT, True)


async def test_typing_is_shown_by_our_bridge(files: FilesAt) -> None:
    async with FakeBridge(ours=True) as bridge:
        client = WhatsAppBridgeClient(bridge.url, files=files)
        await client.typing(CHAT, True)
        await client.typing(CHAT, False)
        assert [asked.fields["state"] for asked in bridge.asked] == ["composing", "paused"]
        await client.close()


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, b'{"state": "connected", "message": "Fine."}', ("ok", "connected")),
        (200, b'{"state": "connecting", "message": "Soon."}', ("degraded", "connecting")),
        (503, b'{"state": "linking", "message": "Scan the code."}', ("down", "linking")),
        (200, b'{"status": "ok", "connected": true}', ("ok", "reachable")),
        (200, b'{"status": "ok", "connected": false}', ("down", "disconnected")),
        (200, b'{"status": "Disconnected"}', ("down", "disconnected")),
        (200, b'{"status": {"a": 1}, "connected": "?"}', ("ok", "reachable")),
        (200, b"OK", ("ok", "reachable")),
        (500, b"", ("down", "unhealthy")),
        (403, b"", ("down", "wrong_secret")),
    ],
)
async def test_health_of_any_bridge(
    bridge: FakeBridge, client: WhatsAppBridgeClient, status: int, body: bytes, expected: tuple[str, str]
) -> None:
    bridge.health_status, bridge.health = status, body
    health = await client.health()
    assert (health.state, health.code) == expected
    assert health.message


async def test_health_of_no_bridge(bridge: FakeBridge, client: WhatsAppBridgeClient) -> None:
    await bridge.stop()
    health = await client.health()
    assert (health.state, health.code) == ("down", "unreachable")
    assert "WHATSAPP_BRIDGE_URL" in health.message


def test_the_id_of_a_key_is_part_of_the_contract() -> None:
    assert message_id_for("run-1/0") == "3EB0" + hashlib.sha256(b"run-1/0").hexdigest()[:18].upper()
    assert len(message_id_for("x")) == 22


@pytest.mark.parametrize(
    ("url", "verified"), [("https://bridge.example", True), ("http://127.0.0.1:1", False)]
)
async def test_where_tls_is_spoken_the_certificate_is_verified(
    monkeypatch: pytest.MonkeyPatch, url: str, verified: bool
) -> None:
    """What verifies it is only built for that."""
    told: list[object] = []
    real = httpx2.AsyncClient

    def client(**more: object) -> httpx2.AsyncClient:
        told.append(more["verify"])
        return real(**more)  # type: ignore[arg-type]  # handed on

    monkeypatch.setattr(httpx2, "AsyncClient", client)
    http = BridgeHttp(BridgeOrigin(url), secret=None, timeout=1.0)
    assert told == [verified] * 2
    await http.close()

"""Whoever listens at the bridge's address learns nothing before it has proven to be the bridge."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from tests.support.fake_bridge import FakeBridge, Trouble
from tests.support.files_at import FilesAt

from cleo.channels.whatsapp.bridge.client import WhatsAppBridgeClient
from cleo.domain.content import File
from cleo.domain.conversation import Conversation, ConversationId
from cleo.domain.errors import FetchError, SendError, SendFailed
from cleo.domain.identity import Address
from cleo.domain.message import SendKey

CHAT = Conversation(
    id=ConversationId("whatsapp/x"), channel="whatsapp", address=Address("phone:+4915112345678")
)
SECRET = "s3cret-of-both"


@pytest.fixture
async def bridge() -> AsyncGenerator[FakeBridge]:
    async with FakeBridge() as bridge:
        yield bridge


def client_of(bridge: FakeBridge, tmp_path: Path, *, required: bool) -> WhatsAppBridgeClient:
    return WhatsAppBridgeClient(
        bridge.url, files=FilesAt(tmp_path), secret=SECRET, timeout=0.4, proof_required=required
    )


async def send(client: WhatsAppBridgeClient, key: str = "k") -> None:
    await client.send_text(CHAT, "hi", key=SendKey(key), quoted=None)


@pytest.mark.parametrize("proves", [None, "another secret"])
async def test_a_program_without_the_proof_is_told_nothing(
    bridge: FakeBridge, tmp_path: Path, proves: str | None
) -> None:
    bridge.proves = proves
    client = client_of(bridge, tmp_path, required=True)
    with pytest.raises(SendFailed, match="does not prove"):
        await send(client)
    health = await client.health()
    assert (health.state, health.code) == ("down", "not_the_bridge")
    assert await client.number() is None
    await client.typing(CHAT, on=True)
    with pytest.raises(FetchError):
        file = File(kind="image", mimetype="image/png", url=f"{bridge.url}/media/x")
        [part async for part in client.fetch(file)]
    assert bridge.asked == []
    assert SECRET not in json.dumps(bridge.challenges)
    await client.close()


async def test_the_bridge_is_asked_once_a_connection_with_another_challenge_each_time(
    bridge: FakeBridge, tmp_path: Path
) -> None:
    bridge.proves = SECRET
    client = client_of(bridge, tmp_path, required=True)
    for number in range(3):
        await send(client, f"k{number}")
    assert (len(bridge.asked), len(bridge.challenges)) == (3, 1)
    bridge.troubles.append(Trouble(then="reset"))
    with pytest.raises(SendError):
        await send(client, "cut off")
    await send(client, "again")
    assert len(set(bridge.challenges)) == 2
    await client.close()


async def test_one_that_proved_itself_once_must_do_so_again(bridge: FakeBridge, tmp_path: Path) -> None:
    bridge.proves = SECRET
    client = client_of(bridge, tmp_path, required=False)
    await send(client)
    port = int(bridge.url.rpartition(":")[2])
    await bridge.stop()
    async with FakeBridge() as impostor:
        await impostor.stop()
        await impostor.start(port)
        for _ in range(2):  # the first may find the old connection broken
            with pytest.raises(SendError):
                await send(client)
        assert impostor.challenges != []
        assert impostor.asked == []
    await client.close()


async def test_one_that_hangs_up_instead_of_a_proof_was_sent_nothing(
    bridge: FakeBridge, tmp_path: Path
) -> None:
    bridge.proof_lost = True
    client = client_of(bridge, tmp_path, required=False)
    with pytest.raises(SendFailed, match="cannot be reached"):
        await send(client)
    assert bridge.asked == []
    await client.close()


async def test_one_that_cannot_prove_itself_yet_is_asked_on_each_connection(
    bridge: FakeBridge, tmp_path: Path
) -> None:
    client = client_of(bridge, tmp_path, required=False)
    await send(client)
    bridge.troubles.append(Trouble(then="reset"))
    with pytest.raises(SendError):
        await send(client, "cut off")
    bridge.proves = SECRET
    await send(client, "again")
    bridge.troubles.append(Trouble(then="reset"))
    with pytest.raises(SendError):
        await send(client, "cut off again")
    bridge.proves = None
    with pytest.raises(SendFailed, match="does not prove"):
        await send(client, "to another one")
    await client.close()


async def test_a_bridge_of_the_first_specification_works_without(bridge: FakeBridge, tmp_path: Path) -> None:
    client = client_of(bridge, tmp_path, required=False)
    await send(client)
    assert bridge.asked[0].headers["x-webhook-secret"] == SECRET
    await client.close()


async def test_a_wrong_proof_is_refused_in_any_case(bridge: FakeBridge, tmp_path: Path) -> None:
    bridge.proves = "another secret"
    client = client_of(bridge, tmp_path, required=False)
    with pytest.raises(SendFailed):
        await send(client)
    assert bridge.asked == []
    await client.close()

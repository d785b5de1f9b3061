"""Files come from the bridge's own origin and from nowhere else."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from tests.support.fake_bridge import FakeBridge, Media
from tests.support.files_at import FilesAt

from cleo.channels.whatsapp.bridge.client import WhatsAppBridgeClient
from cleo.channels.whatsapp.bridge.origin import BridgeOrigin
from cleo.domain.content import File
from cleo.domain.errors import ConfigError, FetchError


@pytest.fixture
async def bridge() -> AsyncGenerator[FakeBridge]:
    async with FakeBridge(secret="s3cret") as bridge:
        yield bridge


@pytest.fixture
async def client(bridge: FakeBridge) -> AsyncGenerator[WhatsAppBridgeClient]:
    client = WhatsAppBridgeClient(
        bridge.url, files=FilesAt(Path()), secret="s3cret", timeout=0.5, file_max_bytes=100_000
    )
    yield client
    await client.close()


async def fetch(client: WhatsAppBridgeClient, url: str | None) -> bytes:
    return b"".join([chunk async for chunk in client.fetch(File(kind="image", url=url))])


async def test_a_file_is_fetched_with_the_secret(bridge: FakeBridge, client: WhatsAppBridgeClient) -> None:
    bridge.media["/media/9f2c"] = Media(body=b"picture")
    assert await fetch(client, f"{bridge.url}/media/9f2c") == b"picture"
    assert await fetch(client, "/media/9f2c") == b"picture"


ELSEWHERE = [
    "http://127.1:{port}/x",
    "http://2130706433:{port}/x",
    "http://0x7f000001:{port}/x",
    "http://017700000001:{port}/x",
    "http://①②⑦.⓪.⓪.①:{port}/x",
    "http://[::]:{port}/x",
    "http://[::1]:{port}/x",
    "http://[::ffff:127.0.0.1]:{port}/x",
    "http://[::ffff:169.254.169.254]/x",
    "http://[64:ff9b::7f00:1]/x",
    "http://[2002:7f00:1::]/x",
    "http://[fe80::1%25lo]/x",
    "http://localhost.:{port}/x",
    "http://localhost:{port}/x",
    "http://user@127.0.0.1:{port}/x",
    "http://user:pass@127.0.0.1:{port}/x",
    "http://127.0.0.1:{port}\\@bridge/x",
    "http://evil.example\\@127.0.0.1:{port}/x",
    "http://127.0.0.1:{port}@evil.example/x",
    "http://169.254.169.254/latest/meta-data",
    "http://[fd00:ec2::254]/x",
    "http://100.100.100.200/x",
    "//evil.example/x",
    "http://127.0.0.1/x",
    "http://127.0.0.1:1/x",
    "https://127.0.0.1:{port}/x",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/x",
    "ftp://127.0.0.1:{port}/x",
    "data:text/plain,hello",
    "javascript:alert(1)",
    "http://127.0.0.1:{port}\r\nX: y/",
    "http://127.0.0.1:99999999/x",
    "http://",
]


@pytest.mark.parametrize("url", ELSEWHERE)
async def test_no_packet_goes_elsewhere(
    bridge: FakeBridge, client: WhatsAppBridgeClient, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_packet(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr("anyio.connect_tcp", no_packet)
    monkeypatch.setattr("asyncio.open_connection", no_packet)
    with pytest.raises(FetchError, match="WHATSAPP_BRIDGE_URL"):
        await fetch(client, url.format(port=bridge.port))
    assert bridge.connections == 0


async def test_a_redirect_is_not_followed(bridge: FakeBridge, client: WhatsAppBridgeClient) -> None:
    async with FakeBridge() as other:
        other.media["/x"] = Media(body=b"secret of another service")
        bridge.media["/m"] = Media(body=b"", status=302, headers={"Location": f"{other.url}/x"})
        with pytest.raises(FetchError, match="302"):
            await fetch(client, f"{bridge.url}/m")
        assert other.asked == []


async def test_the_secret_goes_to_the_bridge_alone(bridge: FakeBridge, client: WhatsAppBridgeClient) -> None:
    async with FakeBridge() as other:
        with pytest.raises(FetchError):
            await fetch(client, f"{other.url}/x")
        assert other.connections == 0


async def test_proxies_of_the_environment_are_not_used(
    bridge: FakeBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with FakeBridge() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        client = WhatsAppBridgeClient(bridge.url, files=FilesAt(Path()), secret="s3cret")
        assert (await client.health()).state == "ok"
        assert proxy.connections == 0
        await client.close()


async def test_a_file_that_is_larger_than_it_said_is_cut(
    bridge: FakeBridge, client: WhatsAppBridgeClient
) -> None:
    bridge.media["/exact"] = Media(body=b"x" * 100_000)
    assert len(await fetch(client, "/exact")) == 100_000
    bridge.media["/large"] = Media(body=b"x" * 100_001)
    with pytest.raises(FetchError, match="CLEO_FILE_MAX_BYTES"):
        await fetch(client, "/large")
    bridge.media["/chunked"] = Media(
        body=b"186a1\r\n" + b"x" * 100_001 + b"\r\n0\r\n\r\n", headers={"Transfer-Encoding": "chunked"}
    )
    with pytest.raises(FetchError, match="CLEO_FILE_MAX_BYTES"):
        await fetch(client, "/chunked")


@pytest.mark.parametrize(
    ("media", "why"),
    [
        (Media(body=b"gone", status=410), "410"),
        (Media(body=b"", status=206), "206"),
        (Media(body=b"\x1f\x8b", headers={"Content-Encoding": "gzip"}), "packed"),
        (Media(body=b"half", headers={"Content-Length": "9"}), "broke off"),
    ],
)
async def test_a_file_that_cannot_be_had_says_why(
    bridge: FakeBridge, client: WhatsAppBridgeClient, media: Media, why: str
) -> None:
    bridge.media["/m"] = media
    with pytest.raises(FetchError, match=why):
        await fetch(client, "/m")


async def test_a_message_without_a_place_has_no_file(client: WhatsAppBridgeClient) -> None:
    with pytest.raises(FetchError):
        await fetch(client, None)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:3001",
        "ftp://x",
        "http://",
        "http://u:p@x",
        "http://x?y=1",
        "http://x#y",
        "http://[",
        "x y",
    ],
)
def test_a_bridge_url_that_cannot_be_one_names_the_setting(url: str) -> None:
    with pytest.raises(ConfigError, match="WHATSAPP_BRIDGE_URL=http://localhost:3001"):
        BridgeOrigin(url)


def test_a_bridge_may_live_below_a_path() -> None:
    origin = BridgeOrigin("http://host:3001/wa/")
    assert str(origin.endpoint("/send")) == "http://host:3001/wa/send"
    assert str(origin.media("http://HOST:3001/media/1?t=2")) == "http://host:3001/media/1?t=2"

"""Files through the Cloud API, both ways."""

import base64
import hashlib
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests.support.cloud_client import CloudClientHarness, cloud_client
from tests.support.files_at import once

from cleo.channels.whatsapp.cloud.capabilities import CLOUD
from cleo.channels.whatsapp.cloud.outbound.media_fallback import with_fallback
from cleo.domain.content import File, FileId, FileKind
from cleo.domain.errors import FetchError, SendError, SendFailed, SendRejected, SendUncertain
from cleo.domain.message import SendKey
from cleo.ports import Degraded, FileLimit, Outcome, Refused, Sent

MB = 1024 * 1024
OPUS = b"OggS" + b"\0" * 24 + b"OpusHead" + b"\0" * 64


@pytest.fixture
async def cloud(tmp_path: Path) -> AsyncIterator[CloudClientHarness]:
    async with cloud_client(tmp_path) as cloud:
        yield cloud


async def send(
    cloud: CloudClientHarness, kind: FileKind, mimetype: str, body: bytes = b"x" * 100, **more: Any
) -> Outcome:
    stored = await cloud.files.keep(once(body), 10**9)
    file = File(kind=kind, mimetype=mimetype, stored=stored, **more)
    return await cloud.client.send_file(cloud.chat(), file, key=SendKey("k"), quoted=None)


async def read(cloud: CloudClientHarness, url: str | None) -> bytes:
    file = File(kind="image", url=url)
    return b"".join([chunk async for chunk in cloud.client.fetch(file)])


async def unread(cloud: CloudClientHarness, url: str | None) -> str:
    with pytest.raises(FetchError) as caught:
        await read(cloud, url)
    return str(caught.value)


# ── out ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "mimetype", "shown"),
    [
        ("image", "image/jpeg", "image"),
        ("image", "image/jpg", "image"),
        ("video", "video/mp4", "video"),
        ("audio", "audio/mpeg", "audio"),
        ("audio", "audio/x-m4a", "audio"),
        ("document", "application/pdf", "document"),
        ("document", "text/csv; charset=utf-8", "document"),
        ("sticker", "image/webp", "sticker"),
    ],
)
async def test_a_file_is_uploaded_and_then_sent_by_its_id(
    cloud: CloudClientHarness, kind: FileKind, mimetype: str, shown: str
) -> None:
    body = os.urandom(70_000)
    sent = await send(cloud, kind, mimetype, body, name='Größe "1".x')
    assert (type(sent), isinstance(sent, Sent) and sent.state) == (Sent, "accepted")
    [bubble] = cloud.shown
    assert bubble.kind == shown
    assert bubble.media
    assert bubble.media.sha256 == hashlib.sha256(body).hexdigest()
    assert (cloud.calls("/media"), cloud.calls("/messages")) == (1, 1)


async def test_a_document_has_its_name_and_caption(cloud: CloudClientHarness) -> None:
    await send(cloud, "document", "application/pdf", name='Größe "1".pdf', caption="The offer ✓")
    [bubble] = cloud.shown
    assert bubble.media
    assert (bubble.media.filename, bubble.caption) == ('Größe "1".pdf', "The offer ✓")
    await send(cloud, "document", "application/pdf")
    assert cloud.accepted[1]["document"]["filename"] == "file.pdf"


async def test_a_voice_message_is_one_only_as_opus(cloud: CloudClientHarness) -> None:
    assert type(await send(cloud, "voice", "audio/ogg; codecs=opus", OPUS)) is Sent
    recorded = await send(cloud, "voice", "audio/mpeg")
    assert isinstance(recorded, Degraded)
    assert "recording" in recorded.how
    assert [bubble.kind for bubble in cloud.shown] == ["voice", "audio"]


async def test_a_caption_that_cannot_be_shown_is_told_to_be_missing(cloud: CloudClientHarness) -> None:
    sent = await send(cloud, "audio", "audio/mpeg", caption="secret words")
    assert isinstance(sent, Degraded)
    assert "caption" in sent.how
    assert "secret" not in sent.how


async def test_a_document_that_is_a_picture_is_sent_as_one(cloud: CloudClientHarness) -> None:
    sent = await send(cloud, "document", "image/png", caption="Look")
    assert isinstance(sent, Degraded)
    assert sent.how == "The document was sent as a picture."
    assert (cloud.shown[0].kind, cloud.shown[0].caption) == ("image", "Look")


@pytest.mark.parametrize(
    ("kind", "mimetype", "size", "word"),
    [
        ("image", "image/png", 5 * MB + 1, "5.0 MB"),
        ("video", "video/mp4", 16 * MB + 1, "16.0 MB"),
        ("image", "image/gif", 100, "image/jpeg"),
        ("document", "application/zip", 100, "application/pdf"),
        ("sticker", "image/webp", 501 * 1024, "0.5 MB"),
        ("image", "image/jpeg", 0, "empty"),
    ],
)
async def test_what_whatsapp_does_not_take_is_not_uploaded(
    cloud: CloudClientHarness, kind: FileKind, mimetype: str, size: int, word: str
) -> None:
    with pytest.raises(SendRejected, match=word):
        await send(cloud, kind, mimetype, b"x" * size)
    assert cloud.calls() == 0


def test_what_fits_as_something_else_is_sent_so() -> None:
    can = replace(CLOUD, files={**CLOUD.files, "document": FileLimit(max_bytes=100 * MB)})
    file = File(kind="image", mimetype="image/gif", caption="Look")
    sendable = with_fallback(file, 6 * MB, can)
    assert (sendable.kind, sendable.mimetype, sendable.name) == ("document", "image/gif", "file.gif")
    assert (sendable.how, sendable.caption) == ("The picture was sent as a document.", "Look")
    with pytest.raises(SendRejected):
        with_fallback(file, 101 * MB, can)


async def test_a_caption_that_is_too_long_is_refused_whole(cloud: CloudClientHarness) -> None:
    with pytest.raises(SendRejected, match="1024"):
        await send(cloud, "image", "image/png", caption="x" * 1025)
    assert type(await send(cloud, "image", "image/png", caption="x" * 1024)) is Sent


@pytest.mark.parametrize("file", [File(kind="image"), File(kind="image", stored=FileId("gone"))])
async def test_a_file_that_is_not_there_is_rejected(cloud: CloudClientHarness, file: File) -> None:
    with pytest.raises(SendRejected):
        await cloud.client.send_file(cloud.chat(), file, key=SendKey("k"), quoted=None)


async def test_a_file_that_comes_too_late_is_not_uploaded(cloud: CloudClientHarness) -> None:
    stored = await cloud.files.keep(once(b"x"), 10)
    file = File(kind="image", mimetype="image/png", stored=stored)
    late = await cloud.client.send_file(cloud.chat(ago=None), file, key=SendKey("k"), quoted=None)
    assert isinstance(late, Refused)
    assert cloud.calls() == 0


@pytest.mark.parametrize(
    ("order", "error"),
    [
        ({"do": "reset"}, SendFailed),
        ({"do": "timeout", "ms": 2000}, SendFailed),
        ({"do": "reset", "when": "after"}, SendFailed),
        ({"do": "refuse", "http": 502, "body": "html"}, SendFailed),
        ({"do": "refuse", "code": 131016}, SendFailed),
        ({"do": "refuse", "code": 190}, SendFailed),
        ({"do": "refuse", "code": 131053}, SendRejected),
    ],
)
async def test_a_failed_upload_sent_nothing(
    cloud: CloudClientHarness, order: dict[str, Any], error: type[SendError]
) -> None:
    cloud.fault("upload", **order)
    with pytest.raises(error):
        await send(cloud, "image", "image/png")
    assert cloud.shown == []
    cloud.ticks.now = 60
    assert type(await send(cloud, "image", "image/png")) is Sent


async def test_a_send_that_was_cut_off_after_the_upload_is_uncertain(cloud: CloudClientHarness) -> None:
    cloud.fault("send", "reset", when="after")
    with pytest.raises(SendUncertain):
        await send(cloud, "image", "image/png")


# ── in ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("form", ["hex", "base64", "urlsafe", "none"])
async def test_a_file_is_fetched_by_its_id_and_checked(cloud: CloudClientHarness, form: str) -> None:
    body = os.urandom(200_000)
    digest = hashlib.sha256(body)
    told = {
        "hex": digest.hexdigest().upper(),
        "base64": base64.b64encode(digest.digest()).decode(),
        "urlsafe": base64.urlsafe_b64encode(digest.digest()).decode().rstrip("="),
        "none": "",
    }[form]
    url = f"cloud:{cloud.inbound(body)}" + (f"?sha256={quote(told, safe='')}" if told else "")
    assert await read(cloud, url) == body
    assert cloud.tokens("media") == {"known"}


@pytest.mark.parametrize("sha256", ["0" * 64, base64.b64encode(b"0" * 32).decode(), "damaged", "x", "é"])
async def test_a_file_with_another_hash_than_the_webhook_said_is_not_kept(
    cloud: CloudClientHarness, sha256: str
) -> None:
    url = f"cloud:{cloud.inbound(b'picture')}?sha256={quote(sha256, safe='')}"
    assert "damaged" in await unread(cloud, url)


@pytest.mark.parametrize(
    ("on", "order", "said"),
    [
        ("media", {"do": "sha256"}, "damaged"),
        ("download", {"do": "corrupt"}, "damaged"),
        ("download", {"do": "truncate"}, "broke off"),
        ("download", {"do": "oversize", "bytes": 2 * 10**6}, "CLEO_FILE_MAX_BYTES"),
        ("media", {"do": "length", "bytes": 2 * 10**6}, "CLEO_FILE_MAX_BYTES"),
        ("media", {"do": "foreign"}, "not Meta's"),
        ("download", {"do": "redirect"}, "302"),
        ("download", {"do": "reset"}, "broke off"),
        ("download", {"do": "timeout", "ms": 2000}, "broke off"),
        ("download", {"do": "refuse", "http": 503, "body": "html"}, "503"),
        ("media", {"do": "reset"}, "broke off"),
        ("media", {"do": "timeout", "ms": 2000}, "broke off"),
        ("media", {"do": "refuse", "http": 500, "body": "html"}, "now"),
        ("media", {"do": "refuse", "code": 131000}, "tried again"),
        ("media", {"do": "refuse", "code": 190}, "WHATSAPP_CLOUD_TOKEN"),
        ("media", {"do": "refuse", "code": 100}, "seven days"),
        ("media", {"do": "expire", "times": 2}, "404"),
    ],
)
async def test_every_trouble_with_a_file_is_told(
    cloud: CloudClientHarness, on: str, order: dict[str, Any], said: str
) -> None:
    id = cloud.inbound(b"picture")
    cloud.fault(on, **order)
    assert said in await unread(cloud, f"cloud:{id}")
    assert cloud.tokens("foreign") == set()
    assert await read(cloud, f"cloud:{id}") == b"picture"


async def test_a_length_that_lies_small_does_no_harm(cloud: CloudClientHarness) -> None:
    cloud.fault("media", "length")
    assert await read(cloud, f"cloud:{cloud.inbound(b'picture')}") == b"picture"


@pytest.mark.parametrize("status", [401, 404, 410])
async def test_a_url_that_is_over_is_asked_for_once_more(cloud: CloudClientHarness, status: int) -> None:
    id = cloud.inbound(b"picture")
    cloud.fault("download", "refuse", http=status, body="html")
    assert await read(cloud, f"cloud:{id}") == b"picture"
    cloud.fault("media", "expire")
    assert await read(cloud, f"cloud:{id}") == b"picture"


async def test_a_file_that_drips_has_a_deadline(cloud: CloudClientHarness) -> None:
    id = cloud.inbound(b"x" * 2000)
    cloud.fault("download", "drip", bytes=500, ms=20)
    assert len(await read(cloud, f"cloud:{id}")) == 2000
    cloud.fault("download", "drip", bytes=500, ms=20)
    got = 0
    with pytest.raises(FetchError, match="slowly"):
        async for chunk in cloud.client.fetch(File(kind="image", url=f"cloud:{id}")):
            got += len(chunk)
            cloud.ticks.now += 100
    assert 0 < got < 2000


async def test_a_file_that_is_over_after_a_week_can_be_sent_once_more(cloud: CloudClientHarness) -> None:
    id = cloud.inbound(b"picture")
    cloud.simulator.state.shift = 8 * 86400.0
    assert "once more" in await unread(cloud, f"cloud:{id}")


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "http://169.254.169.254/latest",
        "https://lookaside.fbsbx.com/x",
        "cloud:",
        "cloud:../1001",
        "cloud:1001/messages",
        "cloud:1?sha256=",
        "cloud:1?fields=x",
        "cloud:1%2F",
        "cloud:1#x",
        "file:///etc/passwd",
    ],
)
async def test_no_other_address_is_fetched(cloud: CloudClientHarness, url: str | None) -> None:
    await unread(cloud, url)
    assert cloud.calls() == 0


async def test_a_file_of_another_number_is_not_given(cloud: CloudClientHarness) -> None:
    cloud.number(token="another")
    assert "WHATSAPP_CLOUD_TOKEN" in await unread(cloud, f"cloud:{cloud.inbound(b'picture')}")

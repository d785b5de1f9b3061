"""Files: upload, metadata, download, and the faults of these."""

import hashlib
from typing import Any

import httpx2
import pytest

from cloud_harness import NUMBER, TOKEN, Harness, error_code

PNG = b"\x89PNG" + b"x" * 2000


async def inbound(harness: Harness) -> Any:
    """Send a picture from Ann's phone; returns it as the webhook has it."""
    media = {"kind": "image", "base64": "iVBORw0KGgo=", "mimetype": "image/png", "filename": "../../x.png"}
    await harness.send_from_phone(media=media)
    return (await harness.settled()).elements("messages")[-1]["image"]


async def metadata(harness: Harness, id: str) -> Any:
    return (await harness.graph("GET", f"/{id}")).json()


async def download(harness: Harness, url: str) -> httpx2.Response:
    return await harness.http.get(url, headers={"Authorization": f"Bearer {TOKEN}"})


async def test_uploads_are_checked_by_kind_and_size(harness: Harness) -> None:
    assert (await harness.upload(PNG, "image/png")).is_success
    assert error_code(await harness.upload(b"GIF89a", "image/gif")) == 100
    assert error_code(await harness.upload(b"", "image/png")) == 100
    assert error_code(await harness.upload(b"x" * (5 * 1024 * 1024 + 1), "image/png")) == 131053
    assert error_code(await harness.upload(b"x" * (100 * 1024 + 1), "image/webp")) == 131053
    assert error_code(await harness.upload(b"OggS....vorbis", "audio/ogg")) == 131053
    assert error_code(await harness.graph("POST", f"/{NUMBER}/media", data={"type": "image/png"})) == 100
    picture = (await harness.upload(PNG, "image/png")).json()["id"]
    assert error_code(await harness.send({"type": "audio", "audio": {"id": picture}})) == 131053
    await harness.send({"type": "image", "image": {"id": picture, "caption": "look"}})
    [bubble] = await harness.bubbles()
    assert (bubble["caption"], bubble["media"]["sha256"]) == ("look", hashlib.sha256(PNG).hexdigest())
    shown = await harness.http.get(f"{harness.simulator.control}/phones/p1/media/{bubble['id']}")
    assert shown.content == PNG
    assert (await harness.graph("DELETE", f"/{picture}")).json() == {"success": True}
    assert error_code(await harness.send({"type": "image", "image": {"id": picture}})) == 100


async def test_files_are_downloaded_in_two_steps_until_they_expire(harness: Harness) -> None:
    named = await inbound(harness)
    known = await metadata(harness, named["id"])
    got = await download(harness, known["url"])
    assert hashlib.sha256(got.content).hexdigest() == known["sha256"]
    assert int(known["file_size"]) == len(got.content)
    assert named["filename"] == "../../x.png"
    assert (await harness.http.get(known["url"])).status_code == 401
    await harness.control("POST", "/clock", {"shift": 301})
    assert (await download(harness, known["url"])).status_code == 404
    assert (await download(harness, (await metadata(harness, named["id"]))["url"])).is_success
    await harness.control("POST", "/clock", {"shift": 8 * 86400})
    assert (await metadata(harness, named["id"]))["error"]["code"] == 100


async def test_faults_of_the_metadata_of_a_file(harness: Harness) -> None:
    id = (await inbound(harness))["id"]
    before = await metadata(harness, id)
    await harness.add_fault("media", "sha256")
    await harness.add_fault("media", "length", bytes=3)
    changed = await metadata(harness, id)
    assert changed["sha256"] != before["sha256"]
    assert changed["file_size"] == "3"
    await harness.add_fault("media", "expire")
    assert (await download(harness, (await metadata(harness, id))["url"])).status_code == 404
    await harness.add_fault("media", "refuse", http=404, code=100)
    assert (await harness.graph("GET", f"/{id}")).status_code == 404
    await harness.add_fault("media", "foreign")
    foreign = (await metadata(harness, id))["url"]
    await download(harness, foreign)
    hosts = [(line["host"], line["token"]) for line in await harness.log("call")]
    assert hosts[-1] == ("foreign", "known")


async def test_faults_of_a_download(harness: Harness) -> None:
    known = await metadata(harness, (await inbound(harness))["id"])
    whole = (await download(harness, known["url"])).content
    await harness.add_fault("download", "oversize", bytes=1000)
    assert len((await download(harness, known["url"])).content) == len(whole) + 1000
    await harness.add_fault("download", "corrupt")
    assert (await download(harness, known["url"])).content not in {whole, b""}
    await harness.add_fault("download", "drip", bytes=2, ms=1)
    assert (await download(harness, known["url"])).content == whole
    await harness.add_fault("download", "name", filename="../../etc/x")
    assert "../../etc/x" in (await download(harness, known["url"])).headers["Content-Disposition"]
    await harness.add_fault("download", "redirect")
    led = await download(harness, known["url"])
    assert (led.status_code, led.headers["Location"].startswith("http://localhost:")) == (302, True)
    await harness.add_fault("download", "truncate")
    with pytest.raises(httpx2.TransportError):
        await download(harness, known["url"])
    await harness.add_fault("download", "refuse", http=401)
    assert (await download(harness, known["url"])).status_code == 401

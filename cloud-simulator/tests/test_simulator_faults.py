"""Trouble with sends and files: each fault of the fake Graph server does what its name says, and how often."""

import hashlib
import json
from collections.abc import AsyncGenerator
from typing import Any

import httpx2
import pytest

from cloud_harness import ANN, NUMBER, TOKEN, Rig, rigged

PNG = b"\x89PNG" + b"x" * 2000


@pytest.fixture
async def rig() -> AsyncGenerator[Rig]:
    async with rigged() as rig:
        yield rig


def code(answer: httpx2.Response) -> int | None:
    return answer.json().get("error", {}).get("code")


async def inbound(rig: Rig) -> Any:
    """A picture that Ann has sent, as the webhook names it."""
    media = {"kind": "image", "base64": "iVBORw0KGgo=", "mimetype": "image/png", "filename": "../../x.png"}
    await rig.says(media=media)
    return (await rig.settled()).leaves("messages")[-1]["image"]


async def meta(rig: Rig, id: str) -> Any:
    return (await rig.ask("GET", f"/{id}")).json()


async def download(rig: Rig, url: str) -> httpx2.Response:
    return await rig.http.get(url, headers={"Authorization": f"Bearer {TOKEN}"})


@pytest.mark.parametrize("do", ["reset", "timeout"])
async def test_a_break_before_acceptance_sends_nothing_and_one_after_it_sends(rig: Rig, do: str) -> None:
    for when, shown in (("before", 0), ("after", 1)):
        await rig.fault("send", do, when=when, ms=20)
        with pytest.raises(httpx2.TransportError):
            await rig.text(ref=f"{when}")
        assert len(await rig.bubbles()) == shown
    assert (await rig.settled()).statuses() == ["sent", "delivered"]
    assert [line["ref"] for line in await rig.log("accepted")] == ["after"]


async def test_a_break_after_acceptance_does_not_keep_the_statuses_back(rig: Rig) -> None:
    await rig.fault("send", "timeout", when="after")
    with pytest.raises(httpx2.TimeoutException):
        await rig.text(ref="o1", timeout=0.3)
    assert (await rig.settled()).statuses("o1") == ["sent", "delivered"]


@pytest.mark.parametrize(
    ("order", "status", "graph"),
    [
        ({"code": 131000}, 500, 131000),
        ({"code": 2, "transient": True}, 503, 2),
        ({"code": 80007, "http": 429, "retry_after": 7}, 429, 80007),
        ({"code": 131056}, 400, 131056),
        ({"code": 190}, 401, 190),
        ({"code": 999999}, 400, 999999),
        ({"http": 502, "body": "html"}, 502, None),
        ({"http": 408, "body": "empty"}, 408, None),
    ],
)
async def test_fault_refuse(rig: Rig, order: dict[str, Any], status: int, graph: int | None) -> None:
    await rig.fault("send", "refuse", **order)
    answer = await rig.text()
    assert answer.status_code == status
    assert answer.headers.get("Retry-After") == (
        str(order["retry_after"]) if "retry_after" in order else None
    )
    if graph is None:
        with pytest.raises(json.JSONDecodeError):
            answer.json()
    else:
        assert code(answer) == graph
    assert await rig.bubbles() == []
    assert (await rig.text()).is_success


async def test_refused_after_acceptance_it_was_sent_all_the_same(rig: Rig) -> None:
    await rig.fault("send", "refuse", when="after", http=500, body="html")
    assert (await rig.text(ref="o1")).status_code == 500
    assert (await rig.settled()).statuses("o1") == ["sent", "delivered"]


async def test_fault_any_with_190_lasts_until_it_is_taken_back(rig: Rig) -> None:
    fault = await rig.fault("any", "refuse", code=190, times=0)
    for _ in range(3):
        assert code(await rig.text()) == 190
    assert code(await rig.ask("GET", f"/{NUMBER}")) == 190
    await rig.control("DELETE", f"/faults/{fault}")
    assert (await rig.text()).is_success


async def test_fault_fail_and_statuses(rig: Rig) -> None:
    await rig.fault("send", "fail", code=131049)
    assert code(await rig.text("")) == 131009  # which uses no fault up
    await rig.fault("send", "statuses", statuses=["delivered", "sent"], ref="shuffled")
    failed = {"status": "failed", "code": 131026}
    await rig.fault("send", "statuses", statuses=["sent", failed, "delivered"], ref="risen")
    for ref in ("failed", "shuffled", "risen"):
        assert (await rig.text(ref=ref)).is_success
    heard = await rig.settled()
    errors = [leaf["errors"][0]["code"] for leaf in heard.leaves("statuses") if leaf["status"] == "failed"]
    assert heard.statuses("failed") == ["failed"]
    assert heard.statuses("shuffled") == ["delivered", "sent"]
    assert heard.statuses("risen") == ["sent", "failed", "delivered"]
    assert errors == [131049, 131026]
    assert [bubble["ref"] for bubble in await rig.bubbles()] == ["shuffled", "risen"]


async def test_fault_early_brings_the_statuses_before_the_answer(rig: Rig) -> None:
    await rig.fault("send", "early")
    await rig.text(ref="o1")
    assert rig.callback.statuses("o1") == ["sent", "delivered"]


async def test_fault_no_id_hold_and_wa_id(rig: Rig) -> None:
    await rig.fault("send", "no_id", ref="o1")
    await rig.fault("send", "hold", ref="o2", ms=50)
    await rig.fault("send", "wa_id", ref="o3", wa_id="551187654321")
    first, second, third = [(await rig.text(ref=f"o{n}")).json() for n in (1, 2, 3)]
    assert "messages" not in first
    assert second["messages"][0]["message_status"] == "held_for_quality_assessment"
    assert third["contacts"] == [{**first["contacts"][0], "wa_id": "551187654321"}]
    await rig.until(lambda: "delivered" in rig.callback.statuses("o2"))


async def test_a_number_has_other_spellings(rig: Rig) -> None:
    bo = await rig.phone(name="Bo", number="5511987654321", aliases=["551187654321"])
    await rig.says(bo["id"], text="oi")
    answer = (await rig.send({"to": "551187654321", "text": {"body": "oi"}})).json()
    assert answer["contacts"][0] | {"user_id": ""} == {
        "input": "551187654321", "wa_id": "5511987654321", "user_id": "",
    }  # fmt: skip
    assert len(await rig.bubbles(bo["id"])) == 1


async def test_faults_choose_by_phone_kind_ref_and_text_and_count(rig: Rig) -> None:
    bo = await rig.phone(name="Bo", number="4915100000001")
    await rig.says(bo["id"], text="hi")
    await rig.fault("send", "refuse", phone=bo["number"], code=131048)
    await rig.fault("send", "refuse", ref="run-*", skip=1, times=2, code=131042)
    await rig.fault("send", "refuse", kind="image", code=131053)
    await rig.fault("send", "refuse", text="*secret*", code=368)
    assert code(await rig.text()) is None
    assert code(await rig.send({"to": bo["number"], "text": {"body": "x"}})) == 131048
    assert [code(await rig.text(ref=f"run-{n}")) for n in range(4)] == [None, 131042, 131042, None]
    assert code(await rig.send({"type": "image", "image": {"link": "https://example.org/x"}})) == 131053
    assert code(await rig.text("a secret word")) == 368
    struck = {one["code"]: one["struck"] for one in await rig.control("GET", "/faults")}
    assert struck == {131048: 1, 131042: 2, 131053: 1, 368: 1}
    await rig.control("DELETE", "/faults")
    assert await rig.control("GET", "/faults") == []


async def test_a_fault_that_cannot_be_is_refused(rig: Rig) -> None:
    with pytest.raises(AssertionError, match="On read there is only"):
        await rig.fault("read", "merge")


async def test_files_go_up_by_kind_and_size(rig: Rig) -> None:
    assert (await rig.upload(PNG, "image/png")).is_success
    assert code(await rig.upload(b"GIF89a", "image/gif")) == 100
    assert code(await rig.upload(b"", "image/png")) == 100
    assert code(await rig.upload(b"x" * (5 * 1024 * 1024 + 1), "image/png")) == 131053
    assert code(await rig.upload(b"x" * (100 * 1024 + 1), "image/webp")) == 131053
    assert code(await rig.upload(b"OggS....vorbis", "audio/ogg")) == 131053
    assert code(await rig.ask("POST", f"/{NUMBER}/media", data={"type": "image/png"})) == 100
    picture = (await rig.upload(PNG, "image/png")).json()["id"]
    assert code(await rig.send({"type": "audio", "audio": {"id": picture}})) == 131053
    await rig.send({"type": "image", "image": {"id": picture, "caption": "look"}})
    [bubble] = await rig.bubbles()
    assert (bubble["caption"], bubble["media"]["sha256"]) == ("look", hashlib.sha256(PNG).hexdigest())
    assert (await rig.http.get(f"{rig.graph.control}/phones/p1/media/{bubble['id']}")).content == PNG
    assert (await rig.ask("DELETE", f"/{picture}")).json() == {"success": True}
    assert code(await rig.send({"type": "image", "image": {"id": picture}})) == 100


async def test_files_come_down_in_two_steps_while_they_live(rig: Rig) -> None:
    named = await inbound(rig)
    known = await meta(rig, named["id"])
    got = await download(rig, known["url"])
    assert hashlib.sha256(got.content).hexdigest() == known["sha256"]
    assert int(known["file_size"]) == len(got.content)
    assert named["filename"] == "../../x.png"
    assert (await rig.http.get(known["url"])).status_code == 401
    await rig.control("POST", "/clock", {"shift": 301})
    assert (await download(rig, known["url"])).status_code == 404
    assert (await download(rig, (await meta(rig, named["id"]))["url"])).is_success
    await rig.control("POST", "/clock", {"shift": 8 * 86400})
    assert (await meta(rig, named["id"]))["error"]["code"] == 100


async def test_faults_of_what_is_said_about_a_file(rig: Rig) -> None:
    id = (await inbound(rig))["id"]
    true = await meta(rig, id)
    await rig.fault("media", "sha256")
    await rig.fault("media", "length", bytes=3)
    told = await meta(rig, id)
    assert told["sha256"] != true["sha256"]
    assert told["file_size"] == "3"
    await rig.fault("media", "expire")
    assert (await download(rig, (await meta(rig, id))["url"])).status_code == 404
    await rig.fault("media", "refuse", http=404, code=100)
    assert (await rig.ask("GET", f"/{id}")).status_code == 404
    await rig.fault("media", "foreign")
    foreign = (await meta(rig, id))["url"]
    await download(rig, foreign)
    hosts = [(line["host"], line["token"]) for line in await rig.log("call")]
    assert hosts[-1] == ("foreign", "known")


async def test_faults_of_a_download(rig: Rig) -> None:
    known = await meta(rig, (await inbound(rig))["id"])
    whole = (await download(rig, known["url"])).content
    await rig.fault("download", "oversize", bytes=1000)
    assert len((await download(rig, known["url"])).content) == len(whole) + 1000
    await rig.fault("download", "corrupt")
    assert (await download(rig, known["url"])).content not in {whole, b""}
    await rig.fault("download", "drip", bytes=2, ms=1)
    assert (await download(rig, known["url"])).content == whole
    await rig.fault("download", "name", filename="../../etc/x")
    assert "../../etc/x" in (await download(rig, known["url"])).headers["Content-Disposition"]
    await rig.fault("download", "redirect")
    led = await download(rig, known["url"])
    assert (led.status_code, led.headers["Location"].startswith("http://localhost:")) == (302, True)
    await rig.fault("download", "truncate")
    with pytest.raises(httpx2.TransportError):
        await download(rig, known["url"])
    await rig.fault("download", "refuse", http=401)
    assert (await download(rig, known["url"])).status_code == 401


async def test_a_business_can_ask_about_itself(rig: Rig) -> None:
    fields = "status,quality_rating,throughput,platform_type,health_status,webhook_configuration"
    told = (await rig.ask("GET", f"/{NUMBER}", params={"fields": fields})).json()
    assert (told["id"], told["status"], told["throughput"]) == (NUMBER, "CONNECTED", {"level": "STANDARD"})
    assert code(await rig.ask("GET", f"/{NUMBER}", params={"fields": "shoe_size"})) == 100
    token = (await rig.ask("GET", "/debug_token", params={"input_token": TOKEN})).json()["data"]
    assert token["is_valid"]
    assert "whatsapp_business_messaging" in token["scopes"]
    other = (await rig.ask("GET", "/debug_token", params={"input_token": "x"})).json()["data"]
    assert not other["is_valid"]


async def test_several_numbers_keep_apart(rig: Rig) -> None:
    second = {
        "phone_number_id": "1002",
        "waba_id": "9002",
        "token": "second",
        "display_phone_number": "15550002000",
    }
    await rig.number(**second)
    await rig.says(text="to the second", to="1002")
    heard = await rig.settled()
    assert [value["metadata"]["phone_number_id"] for value in heard.values()] == ["1002"]
    answer = await rig.http.post(
        f"{rig.graph.base_url}/v26.0/1002/messages",
        headers={"Authorization": "Bearer second"},
        json={"messaging_product": "whatsapp", "to": ANN, "text": {"body": "hi"}},
    )
    assert answer.is_success
    assert [bubble["from"] for bubble in await rig.bubbles()] == ["1002"]
    assert code(await rig.ask("POST", "/1002/messages", json={})) == 100


async def test_the_same_seed_gives_the_same_ids() -> None:
    ids: list[str] = []
    for _ in range(2):
        async with rigged() as rig:
            ids.append(json.dumps((await rig.text()).json()))
    assert ids[0] == ids[1]

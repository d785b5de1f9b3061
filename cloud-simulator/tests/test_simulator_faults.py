"""Faults of sends: each does what it is documented to do, as often as asked."""

import json
from typing import Any

import httpx2
import pytest

from cloud_harness import NUMBER, Harness, error_code


@pytest.mark.parametrize("do", ["reset", "timeout"])
async def test_a_reset_or_timeout_before_acceptance_sends_nothing_and_one_after_it_sends(
    harness: Harness, do: str
) -> None:
    for when, shown in (("before", 0), ("after", 1)):
        await harness.add_fault("send", do, when=when, ms=20)
        with pytest.raises(httpx2.TransportError):
            await harness.send_text(ref=f"{when}")
        assert len(await harness.bubbles()) == shown
    assert (await harness.settled()).statuses() == ["sent", "delivered"]
    assert [line["ref"] for line in await harness.log("accepted")] == ["after"]


async def test_a_timeout_after_acceptance_does_not_delay_the_statuses(harness: Harness) -> None:
    await harness.add_fault("send", "timeout", when="after")
    with pytest.raises(httpx2.TimeoutException):
        await harness.send_text(ref="o1", timeout=0.3)
    assert (await harness.settled()).statuses("o1") == ["sent", "delivered"]


@pytest.mark.parametrize(
    ("rule", "status", "graph"),
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
async def test_fault_refuse(harness: Harness, rule: dict[str, Any], status: int, graph: int | None) -> None:
    await harness.add_fault("send", "refuse", **rule)
    answer = await harness.send_text()
    assert answer.status_code == status
    assert answer.headers.get("Retry-After") == (str(rule["retry_after"]) if "retry_after" in rule else None)
    if graph is None:
        with pytest.raises(json.JSONDecodeError):
            answer.json()
    else:
        assert error_code(answer) == graph
    assert await harness.bubbles() == []
    assert (await harness.send_text()).is_success


async def test_an_error_after_acceptance_means_that_the_message_is_sent(harness: Harness) -> None:
    await harness.add_fault("send", "refuse", when="after", http=500, body="html")
    assert (await harness.send_text(ref="o1")).status_code == 500
    assert (await harness.settled()).statuses("o1") == ["sent", "delivered"]


async def test_fault_any_with_190_lasts_until_it_is_removed(harness: Harness) -> None:
    fault = await harness.add_fault("any", "refuse", code=190, times=0)
    for _ in range(3):
        assert error_code(await harness.send_text()) == 190
    assert error_code(await harness.graph("GET", f"/{NUMBER}")) == 190
    await harness.control("DELETE", f"/faults/{fault}")
    assert (await harness.send_text()).is_success


async def test_fault_fail_and_statuses(harness: Harness) -> None:
    await harness.add_fault("send", "fail", code=131049)
    assert error_code(await harness.send_text("")) == 131009  # which uses no fault up
    await harness.add_fault("send", "statuses", statuses=["delivered", "sent"], ref="reordered")
    failed = {"status": "failed", "code": 131026}
    await harness.add_fault("send", "statuses", statuses=["sent", failed, "delivered"], ref="revived")
    for ref in ("failed", "reordered", "revived"):
        assert (await harness.send_text(ref=ref)).is_success
    received = await harness.settled()
    failures = [status for status in received.elements("statuses") if status["status"] == "failed"]
    errors = [status["errors"][0]["code"] for status in failures]
    assert received.statuses("failed") == ["failed"]
    assert received.statuses("reordered") == ["delivered", "sent"]
    assert received.statuses("revived") == ["sent", "failed", "delivered"]
    assert errors == [131049, 131026]
    assert [bubble["ref"] for bubble in await harness.bubbles()] == ["reordered", "revived"]


async def test_fault_early_posts_the_statuses_before_the_response(harness: Harness) -> None:
    await harness.add_fault("send", "early")
    await harness.send_text(ref="o1")
    assert harness.receiver.statuses("o1") == ["sent", "delivered"]


async def test_fault_no_id_hold_and_wa_id(harness: Harness) -> None:
    await harness.add_fault("send", "no_id", ref="o1")
    await harness.add_fault("send", "hold", ref="o2", ms=50)
    await harness.add_fault("send", "wa_id", ref="o3", wa_id="551187654321")
    first, second, third = [(await harness.send_text(ref=f"o{n}")).json() for n in (1, 2, 3)]
    assert "messages" not in first
    assert second["messages"][0]["message_status"] == "held_for_quality_assessment"
    assert third["contacts"] == [{**first["contacts"][0], "wa_id": "551187654321"}]
    await harness.until(lambda: "delivered" in harness.receiver.statuses("o2"))


async def test_a_phone_is_reached_by_its_aliases(harness: Harness) -> None:
    bo = await harness.add_phone(name="Bo", number="5511987654321", aliases=["551187654321"])
    await harness.send_from_phone(bo["id"], text="oi")
    answer = (await harness.send({"to": "551187654321", "text": {"body": "oi"}})).json()
    assert answer["contacts"][0] | {"user_id": ""} == {
        "input": "551187654321", "wa_id": "5511987654321", "user_id": "",
    }  # fmt: skip
    assert len(await harness.bubbles(bo["id"])) == 1


async def test_faults_match_by_phone_kind_ref_and_text_and_count(harness: Harness) -> None:
    bo = await harness.add_phone(name="Bo", number="4915100000001")
    await harness.send_from_phone(bo["id"], text="hi")
    await harness.add_fault("send", "refuse", phone=bo["number"], code=131048)
    await harness.add_fault("send", "refuse", ref="run-*", skip=1, times=2, code=131042)
    await harness.add_fault("send", "refuse", kind="image", code=131053)
    await harness.add_fault("send", "refuse", text="*secret*", code=368)
    assert error_code(await harness.send_text()) is None
    assert error_code(await harness.send({"to": bo["number"], "text": {"body": "x"}})) == 131048
    assert [error_code(await harness.send_text(ref=f"run-{n}")) for n in range(4)] == [
        None,
        131042,
        131042,
        None,
    ]
    assert (
        error_code(await harness.send({"type": "image", "image": {"link": "https://example.org/x"}}))
        == 131053
    )
    assert error_code(await harness.send_text("a secret word")) == 368
    applied = {one["code"]: one["applied"] for one in await harness.control("GET", "/faults")}
    assert applied == {131048: 1, 131042: 2, 131053: 1, 368: 1}
    await harness.control("DELETE", "/faults")
    assert await harness.control("GET", "/faults") == []


async def test_an_action_that_the_operation_does_not_have_is_refused(harness: Harness) -> None:
    with pytest.raises(AssertionError, match="On read there is only"):
        await harness.add_fault("read", "merge")

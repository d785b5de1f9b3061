"""What Meta refuses, the simulator refuses with the same error."""

from typing import Any

import pytest

from cloud_harness import ANN, NUMBER, TOKEN, Harness


def buttons(*titles: str, **more: object) -> dict[str, Any]:
    replies = [{"type": "reply", "reply": {"id": f"b{n}", "title": title}} for n, title in enumerate(titles)]
    body = {"type": "button", "body": {"text": "Which?"}, "action": {"buttons": replies}, **more}
    return {"type": "interactive", "interactive": body}


def rows(*sections: int, title: str | None = "Part", button: str = "Choose") -> dict[str, Any]:
    parts = [
        {"rows": [{"id": f"r{n}.{m}", "title": f"Row {m}"} for m in range(count)]}
        | ({"title": title} if title else {})
        for n, count in enumerate(sections)
    ]
    action = {"button": button, "sections": parts}
    return {
        "type": "interactive",
        "interactive": {"type": "list", "body": {"text": "Which?"}, "action": action},
    }


def link(kind: str, **more: object) -> dict[str, Any]:
    return {"type": kind, kind: {"link": "https://example.org/file", **more}}


def card(count: int) -> dict[str, Any]:
    return {
        "type": "contacts",
        "contacts": [{"name": {"formatted_name": "Bob", "first_name": "Bob"}}] * count,
    }


def asking(kind: str, name: str, **parameters: object) -> dict[str, Any]:
    action: dict[str, Any] = {"name": name, **({"parameters": parameters} if parameters else {})}
    return {"type": "interactive", "interactive": {"type": kind, "body": {"text": "?"}, "action": action}}


TEXT = {"text": {"body": "x"}}
PLACE = {"latitude": 52.5, "longitude": 13.4}

REFUSED: dict[str, tuple[int, dict[str, Any]]] = {
    "no product": (131008, {**TEXT, "messaging_product": None}),
    "another product": (131009, {**TEXT, "messaging_product": "sms"}),
    "no address": (131008, {**TEXT, "to": None}),
    "two addresses": (131009, {**TEXT, "recipient": "US.123"}),
    "an address that is none": (131009, {**TEXT, "to": "ann@example.org"}),
    "a recipient that is a number": (131009, {**TEXT, "to": None, "recipient": ANN}),
    "itself": (131021, {**TEXT, "to": "15550001000"}),
    "a group": (131215, {**TEXT, "to": "Y2FwaV9ncm91cDo=", "recipient_type": "group"}),
    "an unknown field": (100, {**TEXT, "message": "x"}),
    "an unknown field inside": (100, {"text": {"body": "x", "preview": True}}),
    "an unknown type": (100, {"type": "poll"}),
    "a type without its block": (131008, {"type": "image", **TEXT}),
    "two blocks": (100, {"type": "text", **TEXT, "location": PLACE}),
    "no words": (131009, {"text": {"body": ""}}),
    "too many words": (131009, {"text": {"body": "x" * 4097}}),
    "words that are none": (131009, {"text": {"body": 7}}),
    "a ref that is too long": (131009, {**TEXT, "biz_opaque_callback_data": "x" * 513}),
    "an answer to nothing": (131009, {**TEXT, "context": {"message_id": "wamid.nobody"}}),
    "a reaction to nothing": (131009, {"type": "reaction", "reaction": {"message_id": "wamid.x", "emoji": "👍"}}),
    "an unknown file": (100, {"type": "image", "image": {"id": "123"}}),
    "a file twice": (131009, link("image", id="123")),
    "no file": (131009, {"type": "image", "image": {"caption": "x"}}),
    "a link that is none": (131009, {"type": "image", "image": {"link": "/file"}}),
    "a long caption": (131009, link("image", caption="x" * 1025)),
    "a sound with a caption": (100, link("audio", caption="x")),
    "a place outside": (131009, {"type": "location", "location": {**PLACE, "latitude": 91}}),
    "no contacts": (131009, card(0)),
    "six contacts": (131009, card(6)),
    "no buttons": (131009, buttons()),
    "four buttons": (131009, buttons("a", "b", "c", "d")),
    "a long button": (131009, buttons("x" * 21)),
    "the same buttons": (131009, buttons("a", "a")),
    "a long body": (131009, buttons("a", body={"text": "x" * 1025})),
    "a long header": (131009, buttons("a", header={"type": "text", "text": "x" * 61})),
    "a header that is another": (131009, buttons("a", header={"type": "image", "text": "x"})),
    "a long footer": (131009, buttons("a", footer={"text": "x" * 61})),
    "eleven rows": (131009, rows(6, 5)),
    "eleven sections": (131009, rows(*[1] * 11)),
    "sections without titles": (131009, rows(1, 1, title=None)),
    "a long section": (131009, rows(1, title="x" * 25)),
    "a long list button": (131009, rows(1, button="x" * 21)),
    "a long link button": (
        131009, asking("cta_url", "cta_url", display_text="x" * 21, url="https://example.org"),
    ),
    "a flow without a name": (131009, asking("flow", "flow", flow_message_version="3", flow_cta="Go")),
    "another interactive": (131009, asking("product", "product")),
    "no such template": (
        132001, {"type": "template", "template": {"name": "nope", "language": {"code": "en_US"}}},
    ),
    "too many parameters": (132000, {"type": "template", "template": {
        "name": "hello_world", "language": {"code": "en_US"},
        "components": [{"type": "body", "parameters": [{"type": "text", "text": "x"}]}],
    }}),
}  # fmt: skip

ACCEPTED: dict[str, dict[str, Any]] = {
    "4096 letters": {"text": {"body": "x" * 4096, "preview_url": False}},
    "a caption of 1024": link("image", caption="x" * 1024),
    "a voice note": link("audio", voice=True),
    "three buttons": buttons("a", "b", "x" * 20, footer={"text": "x" * 60}),
    "ten rows": rows(5, 5),
    "five contacts": card(5),
    "a link": asking("cta_url", "cta_url", display_text="Go", url="https://example.org"),
    "where are you": asking("location_request_message", "send_location"),
    "who are you": asking("request_contact_info", "request_contact_info"),
    "a template": {"type": "template", "template": {"name": "hello_world", "language": {"code": "en_US"}}},
    "a number with spaces and a plus": {**TEXT, "to": f"+{ANN[:2]} {ANN[2:]}"},
}


async def test_invalid_messages_are_refused_with_graphs_error_and_are_not_shown(harness: Harness) -> None:
    wrong: dict[str, Any] = {}
    for name, (code, body) in REFUSED.items():
        answer = await harness.send(body)
        error = answer.json().get("error", {})
        if error.get("code") != code or answer.status_code < 400:
            wrong[name] = answer.json()
        assert not error or set(error) >= {"message", "type", "code", "error_data", "fbtrace_id"}
    assert wrong == {}
    assert await harness.bubbles() == []


async def test_valid_messages_are_accepted_and_shown(harness: Harness) -> None:
    for name, body in ACCEPTED.items():
        answer = await harness.send(body)
        assert answer.json().get("messages"), f"{name}: {answer.text}"
    assert len(await harness.bubbles()) == len(ACCEPTED)


async def test_the_token_must_be_known_belong_to_the_number_and_have_the_scope(harness: Harness) -> None:
    for headers in ({"Authorization": "Bearer other"}, {"Authorization": ""}, {"Authorization": TOKEN}):
        answer = await harness.send_text(headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, 190)
    assert (await harness.graph("POST", "/1002/messages", json={})).json()["error"]["error_subcode"] == 33
    await harness.register_number(scopes=["whatsapp_business_management"])
    assert (await harness.send_text()).json()["error"]["code"] == 10


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v26.0/1001/nothing"), ("PUT", "/v26.0/1001"), ("GET", "/latest/1001")]
)
async def test_unknown_paths_are_refused(harness: Harness, method: str, path: str) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = await harness.http.request(method, harness.simulator.base_url + path, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 2500)


async def test_a_body_that_is_no_json_object_is_refused(harness: Harness) -> None:
    for body in (b"", b"{", b"[]", b'"x"'):
        headers = {"Content-Type": "application/json"}
        answer = await harness.graph("POST", f"/{NUMBER}/messages", content=body, headers=headers)
        assert answer.json()["error"]["code"] == 100


async def test_only_received_messages_can_be_marked_as_read_and_any_message_of_the_chat_reacted_to(
    harness: Harness,
) -> None:
    own = (await harness.send_text()).json()["messages"][0]["id"]
    theirs = await harness.send_from_phone(text="look")
    for target, read, reacted in ((own, 131009, None), ("wamid.none", 131009, 131009), (theirs, None, None)):
        marked = await harness.send({"to": None, "status": "read", "message_id": target})
        assert marked.json().get("error", {}).get("code") == read
        answered = await harness.send({"type": "reaction", "reaction": {"message_id": target, "emoji": "👍"}})
        assert answered.json().get("error", {}).get("code") == reacted
    assert (await harness.bubbles())[-1]["reaction"] == {"id": theirs, "emoji": "👍"}
    assert (await harness.control("GET", "/phones/p1/receipts"))[-1]["id"] == theirs


async def test_after_thirty_days_a_message_can_neither_be_marked_as_read_nor_reacted_to(
    harness: Harness,
) -> None:
    theirs = await harness.send_from_phone(text="look")
    await harness.control("POST", "/clock", {"shift": 31 * 86400})
    read = await harness.send({"to": None, "status": "read", "message_id": theirs})
    assert read.json()["error"]["code"] == 131009


async def test_outside_the_window_only_a_template_is_accepted(harness: Harness) -> None:
    await harness.control("POST", "/clock", {"shift": 86401})
    assert (await harness.send_text(ref="late")).is_success
    failed = (await harness.settled()).elements("statuses")
    assert [(element["status"], element["errors"][0]["code"]) for element in failed] == [("failed", 131047)]
    await harness.control("POST", "/config", {"window": "sync"})
    assert (await harness.send_text()).json()["error"]["code"] == 131047
    assert (await harness.send(ACCEPTED["a template"])).is_success
    await harness.send_from_phone(text="here I am")
    assert (await harness.send_text()).is_success


async def test_a_reaction_does_not_open_the_window(harness: Harness) -> None:
    own = (await harness.send_text()).json()["messages"][0]["id"]
    await harness.control("POST", "/clock", {"shift": 86401})
    await harness.control("POST", "/config", {"window": "sync"})
    await harness.send_from_phone(reaction={"id": own, "emoji": "👍"})
    assert (await harness.send_text()).json()["error"]["code"] == 131047


async def test_the_pair_rate_limit_is_configurable(harness: Harness) -> None:
    await harness.control("POST", "/config", {"pair_burst": 2, "pair_seconds": 6})
    codes = [(await harness.send_text()).json().get("error", {}).get("code") for _ in range(3)]
    assert codes == [None, None, 131056]
    await harness.control("POST", "/clock", {"shift": 6})
    assert (await harness.send_text()).is_success


async def test_a_template_must_be_approved_and_its_placeholders_filled(harness: Harness) -> None:
    bill = {"waba_id": "9001", "name": "bill", "body": "Dear {{1}}, {{2}} please."}
    await harness.control("POST", "/templates", bill)
    parameters = [{"type": "text", "text": text} for text in ("Ann", "5 €")]
    template = {"name": "bill", "language": {"code": "en_US"}}
    body = {
        "type": "template",
        "template": {**template, "components": [{"type": "body", "parameters": parameters}]},
    }
    assert (await harness.send(body)).is_success
    assert (await harness.bubbles())[-1]["text"] == "Dear Ann, 5 € please."
    for status, code in (("PAUSED", 132015), ("DISABLED", 132016), ("REJECTED", 132001)):
        await harness.control("POST", "/templates", {**bill, "status": status})
        assert (await harness.send(body)).json()["error"]["code"] == code
    listed = (await harness.graph("GET", "/9001/message_templates")).json()["data"]
    assert {one["name"]: one["status"] for one in listed} == {"hello_world": "APPROVED", "bill": "REJECTED"}


async def test_a_message_to_an_unknown_number_is_accepted_and_fails_later(harness: Harness) -> None:
    assert (await harness.send({**TEXT, "to": "4915100000000"})).is_success
    failed = (await harness.settled()).elements("statuses")
    assert [(element["status"], element["errors"][0]["code"]) for element in failed] == [("failed", 131026)]

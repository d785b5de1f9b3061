"""Webhooks: signed, retried until they are accepted, and with faults."""

import json

import httpx2
import pytest

from cloud_harness import ANN, NUMBER, VERIFY_TOKEN, Harness


async def test_a_message_arrives_signed_and_escaped(harness: Harness) -> None:
    id = await harness.send_from_phone(text="Grüße 👍")
    received = await harness.settled()
    assert len(received.signed) == len(received.posts) == 1
    assert received.signed[0].isascii()
    [value] = received.values()
    assert value["metadata"]["phone_number_id"] == NUMBER
    assert value["contacts"][0] == {
        "profile": {"name": "Ann"},
        "wa_id": ANN,
        "user_id": value["contacts"][0]["user_id"],
    }
    [element] = value["messages"]
    assert (element["id"], element["from"], element["text"]["body"]) == (id, ANN, "Grüße 👍")


async def test_a_hidden_number_is_in_no_webhook_and_no_response(harness: Harness) -> None:
    bo = await harness.add_phone(
        name="Bo", number="4915100000001", username="bo.b", hide_phone=True, user_id="DE.42"
    )
    await harness.send_from_phone(bo["id"], text="hi")
    received = await harness.settled()
    [value] = received.values()
    assert value["contacts"] == [{"profile": {"name": "Bo", "username": "bo.b"}, "user_id": "DE.42"}]
    assert "from" not in value["messages"][0]
    assert value["messages"][0]["from_user_id"] == "DE.42"
    answer = (await harness.send({"to": None, "recipient": "DE.42", "text": {"body": "hello"}})).json()
    assert answer["contacts"] == [{"input": "DE.42", "user_id": "DE.42"}]
    assert all("recipient_id" not in element for element in (await harness.settled()).elements("statuses"))


async def test_a_message_is_followed_by_its_statuses_with_the_ref(harness: Harness) -> None:
    wamid = (await harness.send_text(ref="o1")).json()["messages"][0]["id"]
    received = await harness.settled()
    assert received.statuses("o1") == ["sent", "delivered"]
    assert {element["id"] for element in received.elements("statuses")} == {wamid}
    assert received.elements("statuses")[0]["pricing"]["category"] == "service"
    await harness.control("POST", "/phones/p1/read", {"id": wamid})
    assert (await harness.settled()).statuses("o1") == ["sent", "delivered", "read"]


async def test_a_voice_note_on_a_phone_with_auto_read_is_played(harness: Harness) -> None:
    bo = await harness.add_phone(name="Bo", number="4915100000001", autoRead=True)
    await harness.send_from_phone(bo["id"], text="hi")
    media = (await harness.upload(b"OggS....OpusHead", "audio/ogg")).json()["id"]
    await harness.send({"to": bo["number"], "type": "audio", "audio": {"id": media, "voice": True}})
    assert (await harness.settled()).statuses() == ["sent", "delivered", "read", "played"]
    assert (await harness.bubbles(bo["id"]))[0]["kind"] == "voice"


@pytest.mark.parametrize("answer", [500, 403, 302, 0])
async def test_a_webhook_that_is_not_accepted_is_retried_before_the_next_one(
    harness: Harness, answer: int
) -> None:
    harness.receiver.answers.extend([answer, answer])
    first, second = await harness.send_from_phone(text="1"), await harness.send_from_phone(text="2")
    received = await harness.settled()
    assert [element["id"] for element in received.elements("messages")] == [first, first, first, second]
    attempts = [(line["attempt"], line["answer"]) for line in await harness.log("webhook")][-4:]
    assert [attempt for attempt, _ in attempts] == [1, 2, 3, 1]
    assert [status for _, status in attempts[2:]] == [200, 200]


async def test_a_callback_must_know_the_verify_token(harness: Harness) -> None:
    with pytest.raises(AssertionError, match="did not answer the handshake"):
        await harness.register_number(verify_token="another")
    assert (await harness.log("handshake"))[-1]["answer"] == 403


async def test_there_are_no_webhooks_before_the_account_is_subscribed(harness: Harness) -> None:
    await harness.register_number(subscribed=False)
    assert (await harness.graph("GET", "/9001/subscribed_apps")).json() == {"data": []}
    await harness.send_from_phone(text="lost")
    assert (await harness.settled()).posts == []
    assert (await harness.graph("POST", "/9001/subscribed_apps")).json() == {"success": True}
    await harness.send_from_phone(text="kept")
    assert [element["text"]["body"] for element in (await harness.settled()).elements("messages")] == ["kept"]


async def test_numbers_settle_independently_and_an_unsubscribed_number_gets_no_retries(
    harness: Harness,
) -> None:
    harness.receiver.answers.extend([503] * 1000)
    await harness.register_number(phone_number_id="2002", display_phone_number="15550002002")
    await harness.send_from_phone(text="hi")
    assert (await harness.control("GET", "/settled?number=2002&wait=0.1"))["settled"]
    assert not (await harness.control("GET", f"/settled?number={NUMBER}&wait=100"))["settled"]
    await harness.register_number(subscribed=False)
    await harness.settled()
    [dropped] = await harness.log("dropped")
    assert dropped["note"] == "no longer subscribed, or no callback"


async def test_phones_send_every_kind_of_message(harness: Harness) -> None:
    choices = [{"type": "reply", "reply": {"id": f"b-{title}", "title": title}} for title in ("Yes", "No")]
    question = {"type": "button", "body": {"text": "Go?"}, "action": {"buttons": choices}}
    asked = (await harness.send({"type": "interactive", "interactive": question})).json()["messages"][0]["id"]
    await harness.send_from_phone(button={"title": "Yes"})
    await harness.send_from_phone(reaction={"id": asked, "emoji": "👍"})
    await harness.send_from_phone(reaction={"id": asked, "emoji": ""})
    await harness.send_from_phone(location={"latitude": 1.5, "longitude": 2.5})
    await harness.send_from_phone(text="re", quote={"id": asked})
    await harness.send_from_phone(raw={"type": "unsupported", "errors": [{"code": 131051}]})
    await harness.send_from_phone(
        media={"kind": "voice", "base64": "T2dnUw==", "mimetype": "audio/ogg; codecs=opus"}
    )
    pressed, liked, unliked, place, reply, other, voice = (await harness.settled()).elements("messages")
    assert pressed["interactive"] == {"type": "button_reply", "button_reply": {"id": "b-Yes", "title": "Yes"}}
    assert pressed["context"]["id"] == reply["context"]["id"] == asked
    assert liked["reaction"] == {"message_id": asked, "emoji": "👍"}
    assert unliked["reaction"] == {"message_id": asked}
    assert place["location"]["latitude"] == 1.5
    assert other["type"] == "unsupported"
    assert (voice["type"], voice["audio"]["voice"]) == ("audio", True)


async def test_a_reaction_to_an_own_message_has_no_webhook(harness: Harness) -> None:
    await harness.send_from_phone(reaction={"id": await harness.send_from_phone(text="mine"), "emoji": "👍"})
    assert [element["type"] for element in (await harness.settled()).elements("messages")] == ["text"]


async def test_a_change_of_number_has_a_webhook_without_contacts(harness: Harness) -> None:
    await harness.control("POST", "/phones/p1/identity", {"number": "4915199999999"})
    [value] = (await harness.settled()).values()
    [element] = value["messages"]
    assert "contacts" not in value
    assert (element["from"], element["system"]["type"], element["system"]["wa_id"]) == (
        ANN, "user_changed_number", "4915199999999",
    )  # fmt: skip
    assert element["system"]["user_id"] != element["system"]["previous_user_id"]
    assert (await harness.send({"to": "4915199999999", "text": {"body": "still here"}})).is_success


async def test_a_typing_indicator_lasts_until_the_reply_and_marks_as_read(harness: Harness) -> None:
    theirs = await harness.send_from_phone(text="question")
    body = {"to": None, "status": "read", "message_id": theirs, "typing_indicator": {"type": "text"}}
    assert (await harness.send(body)).json() == {"success": True}
    assert (await harness.control("GET", "/phones/p1/receipts"))[-1]["id"] == theirs
    await harness.send_text("answer")
    shown = await harness.control("GET", "/phones/p1/presence")
    assert [entry["state"] for entry in shown] == ["composing", "paused"]


async def test_fault_duplicate_posts_the_same_bytes_again(harness: Harness) -> None:
    await harness.add_fault("webhook", "duplicate", count=3)
    await harness.send_from_phone(text="once")
    received = await harness.settled()
    assert len(received.posts) == 3
    assert len({body for _, body in received.posts}) == 1


async def test_fault_rebatch_posts_an_event_again_beside_a_new_one(harness: Harness) -> None:
    await harness.add_fault("webhook", "rebatch")
    first = await harness.send_from_phone(text="1")
    await harness.until(lambda: len(harness.receiver.posts) == 1)
    second = await harness.send_from_phone(text="2")
    received = await harness.settled()
    assert [[element["id"] for element in value["messages"]] for value in received.values()] == [
        [first],
        [first, second],
    ]
    await harness.add_fault("webhook", "rebatch")
    alone = await harness.send_from_phone(text="3")
    received = await harness.settled()
    assert [element["id"] for element in received.elements("messages")][-2:] == [alone, alone]
    assert received.signed[-1] != received.signed[-2]


async def test_fault_merge_puts_people_and_statuses_into_one_post(harness: Harness) -> None:
    bo = await harness.add_phone(name="Bo", number="4915100000001")
    await harness.add_fault("webhook", "merge", times=4, count=4)
    await harness.send_text(ref="o1")
    await harness.send_from_phone(text="from Ann")
    await harness.send_from_phone(bo["id"], text="from Bo")
    received = await harness.settled()
    assert len(received.posts) == 1
    assert received.statuses("o1") == ["sent", "delivered"]
    assert len(received.elements("messages")) == 2
    assert len(received.elements("contacts")) == 2


async def test_merged_events_go_only_to_their_own_callback(harness: Harness) -> None:
    other = {"phone_number_id": "1002", "waba_id": "9002", "token": "second", "app_secret": "another"}
    await harness.register_number(**other)
    await harness.add_fault("webhook", "merge", times=3, count=3)
    await harness.send_from_phone(text="1")
    await harness.send_from_phone(text="secret", to="1002")
    await harness.send_from_phone(text="2")
    received = await harness.settled()
    assert len(received.posts) == 2
    assert [element["text"]["body"] for element in received.elements("messages")] == ["1", "2"]


async def test_an_account_can_have_its_own_callback(harness: Harness) -> None:
    url = f"{harness.callback}?dev=1"
    wrong = {"override_callback_uri": url, "verify_token": "wrong"}
    assert (await harness.graph("POST", "/9001/subscribed_apps", json=wrong)).json()["error"]["code"] == 2200
    right = {**wrong, "verify_token": VERIFY_TOKEN}
    assert (await harness.graph("POST", "/9001/subscribed_apps", json=right)).json() == {"success": True}
    assert [one["callback"] for one in await harness.control("GET", "/numbers")] == [url]


async def test_fault_lose_delay_and_skew(harness: Harness) -> None:
    await harness.add_fault("webhook", "lose", status="delivered")
    await harness.send_text(ref="o1")
    assert (await harness.settled()).statuses("o1") == ["sent"]
    await harness.add_fault("webhook", "delay", ms=100, text="slow")
    slow, quick = await harness.send_from_phone(text="slow"), await harness.send_from_phone(text="quick")
    assert [element["id"] for element in (await harness.settled()).elements("messages")] == [quick, slow]
    await harness.add_fault("webhook", "skew", seconds=-86400)
    before = int((await harness.settled()).elements("messages")[-1]["timestamp"])
    await harness.send_from_phone(text="of yesterday")
    assert int((await harness.settled()).elements("messages")[-1]["timestamp"]) < before - 80000


@pytest.mark.parametrize("kind", ["missing", "wrong", "sha1", "upper", "non-ascii"])
async def test_fault_signature_posts_a_bad_one_before_the_good_one(harness: Harness, kind: str) -> None:
    await harness.add_fault("webhook", "signature", signature=kind)
    await harness.send_from_phone(text="true")
    received = await harness.settled()
    (forged, one), (_, other) = received.posts
    assert one == other
    assert received.signed == [other]
    assert (forged is None) == (kind == "missing")


async def test_fault_truncate_and_oversize_post_bad_bodies_before_the_good_one(harness: Harness) -> None:
    await harness.add_fault("webhook", "truncate")
    await harness.add_fault("webhook", "oversize", bytes=4 * 1024 * 1024)
    await harness.send_from_phone(text="whole")
    half, large, whole = [body for _, body in (await harness.settled()).posts]
    assert whole.startswith(half)
    with pytest.raises(json.JSONDecodeError):
        json.loads(half)
    assert len(large) > 4 * 1024 * 1024


async def test_fault_poison_strip_and_field(harness: Harness) -> None:
    await harness.add_fault("webhook", "poison", element={"id": 7, "text": []})
    await harness.add_fault("webhook", "strip", keys=["from", "contacts"])
    await harness.send_from_phone(text="good")
    [value] = (await harness.settled()).values()
    poison, good = value["messages"]
    assert poison == {"id": 7, "text": []}
    assert "from" not in good
    assert "contacts" not in value
    await harness.add_fault("webhook", "field", field="standby")
    await harness.send_from_phone(text="not for you")
    await harness.send_from_phone(text="from the app", field="smb_message_echoes")
    standby, echo = [
        json.loads(body)["entry"][0]["changes"][0] for body in (await harness.settled()).signed[-2:]
    ]
    assert standby["field"] == "standby"
    assert echo["value"]["message_echoes"][0]["to"] == ANN


async def test_any_bytes_can_be_posted(harness: Harness) -> None:
    answer = await harness.control("POST", "/webhook", {"text": "[]"})
    await harness.control(
        "POST", "/webhook", {"field": "account_update", "value": {"event": "X"}, "signature": "upper"}
    )
    assert answer == {"status": 200}
    assert harness.receiver.signed == [b"[]"]
    assert json.loads(harness.receiver.posts[1][1])["entry"][0]["changes"][0]["value"]["event"] == "X"


async def test_the_message_history_shows_whether_webhooks_were_accepted(harness: Harness) -> None:
    harness.receiver.answers.append(500)
    wamid = (await harness.send_text()).json()["messages"][0]["id"]
    await harness.settled()
    answer: httpx2.Response = await harness.graph(
        "GET", f"/{NUMBER}/message_history", params={"message_id": wamid}
    )
    events = answer.json()["data"][0]["events"]["data"]
    assert [(one["delivery_status"], one["webhook_update_state"]) for one in events] == [
        ("SENT", "FAILURE"), ("SENT", "SUCCESS"), ("DELIVERED", "SUCCESS"),
    ]  # fmt: skip

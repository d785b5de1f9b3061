"""The fake's webhooks: signed like Meta's, again until they are taken, and every kind of trouble on the way."""

import json
from collections.abc import AsyncGenerator

import httpx2
import pytest

from cloud_harness import ANN, NUMBER, Rig, rigged


@pytest.fixture
async def rig() -> AsyncGenerator[Rig]:
    async with rigged() as rig:
        yield rig


async def test_a_message_arrives_signed_and_escaped(rig: Rig) -> None:
    id = await rig.says(text="Grüße 👍")
    heard = await rig.settled()
    assert len(heard.signed) == len(heard.posts) == 1
    assert heard.signed[0].isascii()
    [value] = heard.values()
    assert value["metadata"]["phone_number_id"] == NUMBER
    assert value["contacts"][0] == {
        "profile": {"name": "Ann"},
        "wa_id": ANN,
        "user_id": value["contacts"][0]["user_id"],
    }
    [leaf] = value["messages"]
    assert (leaf["id"], leaf["from"], leaf["text"]["body"]) == (id, ANN, "Grüße 👍")


async def test_who_hides_the_number_arrives_without_it(rig: Rig) -> None:
    bo = await rig.phone(name="Bo", number="4915100000001", username="bo.b", hide_phone=True, user_id="DE.42")
    await rig.says(bo["id"], text="hi")
    heard = await rig.settled()
    [value] = heard.values()
    assert value["contacts"] == [{"profile": {"name": "Bo", "username": "bo.b"}, "user_id": "DE.42"}]
    assert "from" not in value["messages"][0]
    assert value["messages"][0]["from_user_id"] == "DE.42"
    answer = (await rig.send({"to": None, "recipient": "DE.42", "text": {"body": "hello"}})).json()
    assert answer["contacts"] == [{"input": "DE.42", "user_id": "DE.42"}]
    assert all("recipient_id" not in leaf for leaf in (await rig.settled()).leaves("statuses"))


async def test_a_send_is_followed_by_its_states_with_the_ref(rig: Rig) -> None:
    wamid = (await rig.text(ref="o1")).json()["messages"][0]["id"]
    heard = await rig.settled()
    assert heard.statuses("o1") == ["sent", "delivered"]
    assert {leaf["id"] for leaf in heard.leaves("statuses")} == {wamid}
    assert heard.leaves("statuses")[0]["pricing"]["category"] == "service"
    await rig.control("POST", "/phones/p1/read", {"id": wamid})
    assert (await rig.settled()).statuses("o1") == ["sent", "delivered", "read"]


async def test_a_voice_note_on_a_phone_that_reads_at_once_is_played(rig: Rig) -> None:
    bo = await rig.phone(name="Bo", number="4915100000001", autoRead=True)
    await rig.says(bo["id"], text="hi")
    media = (await rig.upload(b"OggS....OpusHead", "audio/ogg")).json()["id"]
    await rig.send({"to": bo["number"], "type": "audio", "audio": {"id": media, "voice": True}})
    assert (await rig.settled()).statuses() == ["sent", "delivered", "read", "played"]
    assert (await rig.bubbles(bo["id"]))[0]["kind"] == "voice"


@pytest.mark.parametrize("answer", [500, 403, 302, 0])
async def test_what_is_not_taken_comes_again_before_what_came_later(rig: Rig, answer: int) -> None:
    rig.callback.answers.extend([answer, answer])
    first, second = await rig.says(text="1"), await rig.says(text="2")
    heard = await rig.settled()
    assert [leaf["id"] for leaf in heard.leaves("messages")] == [first, first, first, second]
    attempts = [(line["attempt"], line["answer"]) for line in await rig.log("webhook")][-4:]
    assert [attempt for attempt, _ in attempts] == [1, 2, 3, 1]
    assert [status for _, status in attempts[2:]] == [200, 200]


async def test_a_callback_must_know_the_verify_token(rig: Rig) -> None:
    with pytest.raises(AssertionError, match="did not answer the handshake"):
        await rig.number(verify_token="another")
    assert (await rig.log("handshake"))[-1]["answer"] == 403


async def test_nothing_comes_before_the_account_is_subscribed(rig: Rig) -> None:
    await rig.number(subscribed=False)
    assert (await rig.ask("GET", "/9001/subscribed_apps")).json() == {"data": []}
    await rig.says(text="lost")
    assert (await rig.settled()).posts == []
    assert (await rig.ask("POST", "/9001/subscribed_apps")).json() == {"success": True}
    await rig.says(text="heard")
    assert [leaf["text"]["body"] for leaf in (await rig.settled()).leaves("messages")] == ["heard"]


async def test_one_number_can_be_settled_while_another_is_not_and_one_that_is_gone_gets_nothing(
    rig: Rig,
) -> None:
    rig.callback.answers.extend([503] * 1000)
    await rig.number(phone_number_id="2002", display_phone_number="15550002002")
    await rig.says(text="hi")
    assert (await rig.control("GET", "/settled?number=2002&wait=0.1"))["settled"]
    assert not (await rig.control("GET", f"/settled?number={NUMBER}&wait=100"))["settled"]
    await rig.number(subscribed=False)
    await rig.settled()
    [dropped] = await rig.log("dropped")
    assert dropped["note"] == "nobody takes it any more"


async def test_people_can_do_all_that_people_do(rig: Rig) -> None:
    choices = [{"type": "reply", "reply": {"id": f"b-{title}", "title": title}} for title in ("Yes", "No")]
    question = {"type": "button", "body": {"text": "Go?"}, "action": {"buttons": choices}}
    asked = (await rig.send({"type": "interactive", "interactive": question})).json()["messages"][0]["id"]
    await rig.says(button={"title": "Yes"})
    await rig.says(reaction={"id": asked, "emoji": "👍"})
    await rig.says(reaction={"id": asked, "emoji": ""})
    await rig.says(location={"latitude": 1.5, "longitude": 2.5})
    await rig.says(text="re", quote={"id": asked})
    await rig.says(raw={"type": "unsupported", "errors": [{"code": 131051}]})
    await rig.says(media={"kind": "voice", "base64": "T2dnUw==", "mimetype": "audio/ogg; codecs=opus"})
    pressed, liked, unliked, place, reply, other, voice = (await rig.settled()).leaves("messages")
    assert pressed["interactive"] == {"type": "button_reply", "button_reply": {"id": "b-Yes", "title": "Yes"}}
    assert pressed["context"]["id"] == reply["context"]["id"] == asked
    assert liked["reaction"] == {"message_id": asked, "emoji": "👍"}
    assert unliked["reaction"] == {"message_id": asked}
    assert place["location"]["latitude"] == 1.5
    assert other["type"] == "unsupported"
    assert (voice["type"], voice["audio"]["voice"]) == ("audio", True)


async def test_a_reaction_on_an_own_message_is_told_to_nobody(rig: Rig) -> None:
    await rig.says(reaction={"id": await rig.says(text="mine"), "emoji": "👍"})
    assert [leaf["type"] for leaf in (await rig.settled()).leaves("messages")] == ["text"]


async def test_a_new_number_is_told_without_contacts(rig: Rig) -> None:
    await rig.control("POST", "/rotate", {"phone": "p1", "number": "4915199999999"})
    [value] = (await rig.settled()).values()
    [leaf] = value["messages"]
    assert "contacts" not in value
    assert (leaf["from"], leaf["system"]["type"], leaf["system"]["wa_id"]) == (
        ANN, "user_changed_number", "4915199999999",
    )  # fmt: skip
    assert leaf["system"]["user_id"] != leaf["system"]["previous_user_id"]
    assert (await rig.send({"to": "4915199999999", "text": {"body": "still here"}})).is_success


async def test_typing_shows_until_the_reply_and_marks_as_read(rig: Rig) -> None:
    theirs = await rig.says(text="question")
    body = {"to": None, "status": "read", "message_id": theirs, "typing_indicator": {"type": "text"}}
    assert (await rig.send(body)).json() == {"success": True}
    assert (await rig.control("GET", "/phones/p1/receipts"))[-1]["id"] == theirs
    await rig.text("answer")
    shown = await rig.control("GET", "/phones/p1/presence")
    assert [entry["state"] for entry in shown] == ["composing", "paused"]


async def test_fault_duplicate_sends_the_same_bytes_again(rig: Rig) -> None:
    await rig.fault("webhook", "duplicate", count=3)
    await rig.says(text="once")
    heard = await rig.settled()
    assert len(heard.posts) == 3
    assert len({body for _, body in heard.posts}) == 1


async def test_fault_rebatch_brings_it_again_beside_something_new(rig: Rig) -> None:
    await rig.fault("webhook", "rebatch")
    first = await rig.says(text="1")
    await rig.until(lambda: len(rig.callback.posts) == 1)
    second = await rig.says(text="2")
    heard = await rig.settled()
    assert [[leaf["id"] for leaf in value["messages"]] for value in heard.values()] == [
        [first],
        [first, second],
    ]
    await rig.fault("webhook", "rebatch")
    alone = await rig.says(text="3")
    heard = await rig.settled()
    assert [leaf["id"] for leaf in heard.leaves("messages")][-2:] == [alone, alone]
    assert heard.signed[-1] != heard.signed[-2]


async def test_fault_merge_puts_people_and_statuses_into_one_post(rig: Rig) -> None:
    bo = await rig.phone(name="Bo", number="4915100000001")
    await rig.fault("webhook", "merge", times=4, count=4)
    await rig.text(ref="o1")
    await rig.says(text="from Ann")
    await rig.says(bo["id"], text="from Bo")
    heard = await rig.settled()
    assert len(heard.posts) == 1
    assert heard.statuses("o1") == ["sent", "delivered"]
    assert len(heard.leaves("messages")) == 2
    assert len(heard.leaves("contacts")) == 2


async def test_what_is_merged_goes_only_to_whom_it_belongs(rig: Rig) -> None:
    other = {"phone_number_id": "1002", "waba_id": "9002", "token": "second", "app_secret": "another"}
    await rig.number(**other)
    await rig.fault("webhook", "merge", times=3, count=3)
    await rig.says(text="1")
    await rig.says(text="secret", to="1002")
    await rig.says(text="2")
    heard = await rig.settled()
    assert len(heard.posts) == 2
    assert [leaf["text"]["body"] for leaf in heard.leaves("messages")] == ["1", "2"]


async def test_an_account_can_have_its_own_callback(rig: Rig) -> None:
    url = f"{rig.callback_url}?dev=1"
    wrong = {"override_callback_uri": url, "verify_token": "wrong"}
    assert (await rig.ask("POST", "/9001/subscribed_apps", json=wrong)).json()["error"]["code"] == 2200
    right = {**wrong, "verify_token": rig.callback.verify}
    assert (await rig.ask("POST", "/9001/subscribed_apps", json=right)).json() == {"success": True}
    assert [one["callback"] for one in await rig.control("GET", "/numbers")] == [url]


async def test_fault_lose_delay_and_skew(rig: Rig) -> None:
    await rig.fault("webhook", "lose", status="delivered")
    await rig.text(ref="o1")
    assert (await rig.settled()).statuses("o1") == ["sent"]
    await rig.fault("webhook", "delay", ms=100, text="slow")
    slow, quick = await rig.says(text="slow"), await rig.says(text="quick")
    assert [leaf["id"] for leaf in (await rig.settled()).leaves("messages")] == [quick, slow]
    await rig.fault("webhook", "skew", seconds=-86400)
    before = int((await rig.settled()).leaves("messages")[-1]["timestamp"])
    await rig.says(text="of yesterday")
    assert int((await rig.settled()).leaves("messages")[-1]["timestamp"]) < before - 80000


@pytest.mark.parametrize("kind", ["missing", "wrong", "sha1", "upper", "non-ascii"])
async def test_fault_signature_comes_before_the_true_one(rig: Rig, kind: str) -> None:
    await rig.fault("webhook", "signature", signature=kind)
    await rig.says(text="true")
    heard = await rig.settled()
    (forged, one), (_, other) = heard.posts
    assert one == other
    assert heard.signed == [other]
    assert (forged is None) == (kind == "missing")


async def test_fault_truncate_and_oversize_come_before_the_whole(rig: Rig) -> None:
    await rig.fault("webhook", "truncate")
    await rig.fault("webhook", "oversize", bytes=4 * 1024 * 1024)
    await rig.says(text="whole")
    half, large, whole = [body for _, body in (await rig.settled()).posts]
    assert whole.startswith(half)
    with pytest.raises(json.JSONDecodeError):
        json.loads(half)
    assert len(large) > 4 * 1024 * 1024


async def test_fault_poison_strip_and_field(rig: Rig) -> None:
    await rig.fault("webhook", "poison", leaf={"id": 7, "text": []})
    await rig.fault("webhook", "strip", keys=["from", "contacts"])
    await rig.says(text="good")
    [value] = (await rig.settled()).values()
    poison, good = value["messages"]
    assert poison == {"id": 7, "text": []}
    assert "from" not in good
    assert "contacts" not in value
    await rig.fault("webhook", "field", field="standby")
    await rig.says(text="not for you")
    await rig.says(text="from the app", field="smb_message_echoes")
    standby, echo = [json.loads(body)["entry"][0]["changes"][0] for body in (await rig.settled()).signed[-2:]]
    assert standby["field"] == "standby"
    assert echo["value"]["message_echoes"][0]["to"] == ANN


async def test_any_bytes_can_be_posted(rig: Rig) -> None:
    told = await rig.control("POST", "/webhook", {"text": "[]"})
    await rig.control(
        "POST", "/webhook", {"field": "account_update", "value": {"event": "X"}, "signature": "upper"}
    )
    assert told == {"status": 200}
    assert rig.callback.signed == [b"[]"]
    assert json.loads(rig.callback.posts[1][1])["entry"][0]["changes"][0]["value"]["event"] == "X"


async def test_the_history_says_whether_webhooks_were_taken(rig: Rig) -> None:
    rig.callback.answers.append(500)
    wamid = (await rig.text()).json()["messages"][0]["id"]
    await rig.settled()
    answer: httpx2.Response = await rig.ask("GET", f"/{NUMBER}/message_history", params={"message_id": wamid})
    events = answer.json()["data"][0]["events"]["data"]
    assert [(one["delivery_status"], one["webhook_update_state"]) for one in events] == [
        ("SENT", "FAILURE"), ("SENT", "SUCCESS"), ("DELIVERED", "SUCCESS"),
    ]  # fmt: skip

"""Each kind of message from Meta, as the content that the bridge gives too."""

from typing import Any

import pytest
from tests.support.cloud_payloads import Json, change, message_payload, parse_change, parse_inbound

from cleo.domain.content import (
    Chosen,
    Content,
    Edit,
    File,
    Location,
    MessageId,
    Other,
    Reaction,
    Revoke,
    Text,
    is_about_another,
)
from cleo.domain.identity import Address
from cleo.domain.message import Inbound, Quoted


def kind(type: str, part: Any = None, **more: Any) -> Json:
    return message_payload(type=type) | ({} if part is None else {type: part}) | more


UNSUPPORTED = [
    {"code": 131051, "title": "Message type unknown", "error_data": {"details": "It is not supported."}}
]
CARD: Json = {
    "name": {"formatted_name": "Ada Lovelace"},
    "phones": [{"phone": "+49 30 1234", "wa_id": "49301234"}],
}
FULL_CARD: Json = CARD | {
    "emails": [{"email": "ada@example.com"}, None],
    "org": {"company": "Engines Ltd", "department": "Research", "title": "Analyst"},
    "urls": [{"url": "https://example.com"}],
    "addresses": [{"street": "1 St James's Sq", "city": "London", "country": "UK"}],
    "birthday": "1815-12-10",
}
VCARD = "\r\n".join(
    [
        "BEGIN:VCARD",
        "FN:Ada",
        "item1.TEL;type=CELL:+49 30 1",
        "EMAIL;TYPE=WORK:ada@example.com",
        "ORG:Engines\\; Co",
        "URL:https://example.com/a_very",
        " _long_address",
        "BDAY:1815-12-10",
        "ADR;TYPE=HOME:;;1 St James's Sq;London;;;",
        "PHOTO;ENCODING=b:AAAA",
        "END:VCARD",
    ]
)
KINDS: dict[str, tuple[Json, Content]] = {
    "text": (kind("text", {"body": "hi\n*you*"}), Text(body="hi\n*you*")),
    "text that is a number": (kind("text", {"body": 42}), Text(body="42")),
    "image": (
        kind(
            "image",
            {"id": "77", "mime_type": "IMAGE/jpeg", "caption": "me", "url": "https://x.fbsbx.com/secret"},
        ),
        File(kind="image", mimetype="image/jpeg", caption="me", url="cloud:77"),
    ),
    "video": (kind("video", {"id": 77}), File(kind="video", url="cloud:77")),
    "sticker": (
        kind("sticker", {"id": "77", "mime_type": "image/webp", "animated": True}),
        File(kind="sticker", mimetype="image/webp", url="cloud:77"),
    ),
    "document": (
        kind("document", {"id": "77", "sha256": "a+b/c=", "filename": "../../etc/\u202epasswd"}),
        File(kind="document", name="passwd", url="cloud:77?sha256=a%2Bb%2Fc%3D"),
    ),
    "audio": (
        kind("audio", {"id": "77", "mime_type": "audio/mpeg", "voice": False}),
        File(kind="audio", mimetype="audio/mpeg", url="cloud:77"),
    ),
    "voice note": (
        kind("audio", {"id": "77", "mime_type": "audio/ogg; codecs=opus", "voice": True}),
        File(kind="voice", mimetype="audio/ogg; codecs=opus", url="cloud:77"),
    ),
    "voice as a kind": (kind("voice", {"id": "77"}), File(kind="voice", url="cloud:77")),
    "location": (
        kind("location", {"latitude": 52.5, "longitude": "13.4", "name": "Cleo\n HQ", "address": "Here 1"}),
        Location(latitude=52.5, longitude=13.4, name="Cleo HQ", address="Here 1"),
    ),
    "contact": (kind("contacts", [CARD]), Other(kind="contact", body="Ada Lovelace, +49 30 1234")),
    "contacts": (
        kind("contacts", [CARD, {"name": {"first_name": "Bob", "last_name": "B"}, "phones": [None]}]),
        Other(kind="contacts", body="Ada Lovelace, +49 30 1234\nBob B"),
    ),
    "contact as vCard": (
        kind("contacts", [{"vcard": VCARD}]),
        Other(
            kind="contact",
            body="Ada, +49 30 1, ada@example.com, Engines; Co, https://example.com/a_very_long_address, "
            "born 1815-12-10, 1 St James's Sq, London",
        ),
    ),
    "contact in full": (
        kind("contacts", [FULL_CARD]),
        Other(
            kind="contact",
            body="Ada Lovelace, +49 30 1234, ada@example.com, Analyst, Research, Engines Ltd, https://example.com, "
            "1 St James's Sq, London, UK, born 1815-12-10",
        ),
    ),
    "reaction": (
        kind("reaction", {"message_id": "wamid.B", "emoji": "👍"}),
        Reaction(emoji="👍", to=MessageId("wamid.B")),
    ),
    "reaction taken back": (
        kind("reaction", {"message_id": "wamid.B"}),
        Reaction(emoji="", to=MessageId("wamid.B")),
    ),
    "button of a template": (
        kind("button", {"text": "Yes!", "payload": "yes:K7Q4"}),
        Chosen(id="yes:K7Q4", title="Yes!"),
    ),
    "button": (
        kind("interactive", {"type": "button_reply", "button_reply": {"id": "1", "title": "One"}}),
        Chosen(id="1", title="One"),
    ),
    "row": (
        kind(
            "interactive",
            {"type": "list_reply", "list_reply": {"id": "2", "title": "Two", "description": "x"}},
        ),
        Chosen(id="2", title="Two"),
    ),
    "flow": (
        kind(
            "interactive",
            {
                "type": "nfm_reply",
                "nfm_reply": {"name": "flow", "body": "Sent", "response_json": '{"day":"Mon"}'},
            },
        ),
        Other(kind="flow", body='Sent\n{"day":"Mon"}'),
    ),
    "permission to call": (
        kind(
            "interactive", {"type": "call_permission_reply", "call_permission_reply": {"response": "accept"}}
        ),
        Other(kind="call_permission_reply", body="response: accept"),
    ),
    "interactive without a part": (
        message_payload(type="interactive", errors=UNSUPPORTED),
        Other(kind="interactive"),
    ),
    "order": (
        kind(
            "order",
            {
                "catalog_id": "9",
                "text": "Please",
                "product_items": [
                    {"product_retailer_id": "tea", "quantity": 2, "item_price": 3.5, "currency": "EUR"},
                    "broken",
                    {"product_retailer_id": "cup"},
                ],
            },
        ),
        Other(kind="order", body="Please\n- 2 x tea at 3.5 EUR\n- 1 x cup"),
    ),
    "poll": (
        kind("unsupported", {"type": "poll_creation"}, errors=UNSUPPORTED),
        Other(kind="poll"),
    ),
    "unsupported": (
        message_payload(type="unsupported", errors=UNSUPPORTED),
        Other(kind="unsupported"),
    ),
    "edit": (
        kind(
            "edit", {"original_message_id": "wamid.B", "message": {"type": "text", "text": {"body": "new"}}}
        ),
        Edit(of=MessageId("wamid.B"), body="new"),
    ),
    "edit of a caption": (
        kind(
            "edit",
            {"original_message_id": "wamid.B", "message": {"type": "image", "image": {"caption": "new"}}},
        ),
        Edit(of=MessageId("wamid.B"), body="new"),
    ),
    "revoke": (kind("revoke", {"original_message_id": "wamid.B"}), Revoke(of=MessageId("wamid.B"))),
    "welcome": (kind("request_welcome"), Other(kind="request_welcome")),
    "a kind of tomorrow": (
        kind("hologram", {"body": "wow", "size": 3}),
        Other(kind="hologram", body="wow\nsize: 3"),
    ),
    "a kind without words": (kind("hologram", {"size": 3}), Other(kind="hologram", body="size: 3")),
    "a kind that is no name": (kind("Drop Table;"), Other(kind="unknown")),
}


@pytest.mark.parametrize(("message", "content"), KINDS.values(), ids=KINDS)
def test_every_kind_is_read(message: Json, content: Content) -> None:
    item = parse_change(change(messages=[message]))
    assert isinstance(item.meaning, Inbound)
    assert item.meaning.content == content
    assert item.problem == ""
    assert "fbsbx" not in str(item.meaning)


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        (message_payload(type="text"), Other(kind="text")),
        (kind("text", {"body": " "}), Other(kind="text")),
        (kind("text", "hi"), Other(kind="text", body="hi")),
        (kind("text", {"body": None, "preview": {"title": "hi"}}), Other(kind="text", body="hi")),
        (kind("image", {"mime_type": "image/png"}), Other(kind="image")),
        (kind("image", {"id": "7/../8"}), Other(kind="image")),
        (kind("image", {"caption": "the garden"}), Other(kind="image", body="the garden")),
        (
            kind("document", {"filename": "a.pdf", "caption": "the plan"}),
            Other(kind="document", body="filename: a.pdf\nthe plan"),
        ),
        (
            kind("location", {"latitude": 91, "longitude": 0}),
            Other(kind="location", body="latitude: 91\nlongitude: 0"),
        ),
        (
            kind("location", {"name": "Home", "address": "1 Main St"}),
            Other(kind="location", body="Home\naddress: 1 Main St"),
        ),
        (kind("contacts", [{}]), Other(kind="contacts")),
        (kind("button", {}), Other(kind="button")),
        (kind("interactive", {"button_reply": {"title": "x"}}), Other(kind="interactive", body="x")),
        (kind("contacts", [{"nickname": "Al"}]), Other(kind="contacts", body="nickname: Al")),
    ],
)
def test_what_cannot_be_read_is_flagged_and_still_answered(message: Json, kept: Content) -> None:
    item = parse_change(change(messages=[message]))
    assert isinstance(item.meaning, Inbound)
    assert (item.meaning.content, bool(item.problem), item.starts) == (kept, True, True)


@pytest.mark.parametrize("name", ["reaction", "edit", "revoke"])
def test_what_is_about_another_message_means_nothing_without_it(name: str) -> None:
    item = parse_change(change(messages=[kind(name, {"emoji": "👍"})]))
    assert (item.kind, item.meaning, bool(item.problem)) == (f"message/{name}", None, True)


def test_a_reply_names_the_message_and_never_its_words() -> None:
    message = parse_inbound(message_payload(context={"from": "15550001", "id": "wamid.B", "forwarded": True}))
    assert message.quoted == Quoted(id=MessageId("wamid.B"), sender=Address("phone:+15550001"))
    assert message.forwarded
    assert not parse_inbound(message_payload(context={"frequently_forwarded": False})).forwarded
    assert parse_inbound(message_payload(context={"frequently_forwarded": True})).quoted is None


def test_what_was_chosen_names_the_question() -> None:
    pressed = kind("button", {"text": "Yes", "payload": "yes"}, context={"from": "15550001", "id": "wamid.Q"})
    quoted = parse_inbound(pressed).quoted
    assert quoted is not None
    assert quoted.id == "wamid.Q"


@pytest.mark.parametrize(
    ("name", "opens"),
    [("text", True), ("hologram", True), ("reaction", False), ("system", False), ("request_welcome", False)],
)
def test_only_what_a_person_writes_opens_the_window(name: str, opens: bool) -> None:
    part = {
        "text": {"body": "x"},
        "reaction": {"message_id": "wamid.B"},
        "system": {"type": "user_changed_number"},
    }
    assert parse_change(change(messages=[kind(name, part.get(name, {}))])).opens_window is opens


@pytest.mark.parametrize("kind_of_it", ["edit", "pin", "keep_in_chat", "poll_update", "reaction"])
def test_what_whatsapp_keeps_back_about_another_message_starts_nothing(kind_of_it: str) -> None:
    item = parse_change(change(messages=[kind("unsupported", {"type": kind_of_it}, errors=UNSUPPORTED)]))
    assert isinstance(item.meaning, Inbound)
    assert item.meaning.content == Other(kind=kind_of_it)
    assert is_about_another(item.meaning.content)


REFERRAL = {
    "source_type": "ad",
    "headline": "Chat with us",
    "body": "Succulents!",
    "source_url": "https://fb.me/3",
    "welcome_message": {"text": "Hi there!"},
}


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (
            kind("text", {"body": "hi"}, referral=REFERRAL),
            "written after a tap on the ad: Chat with us; Succulents!; https://fb.me/3; its greeting was: Hi there!",
        ),
        (
            kind(
                "text",
                {"body": "hi"},
                context={"referred_product": {"catalog_id": "9", "product_retailer_id": "p1"}},
            ),
            "about the product p1 of the catalog 9",
        ),
        (
            kind("interactive", {"list_reply": {"id": "a", "title": "A", "description": "Next day"}}),
            "the choice is described as: Next day",
        ),
        (
            kind("location", {"latitude": 1, "longitude": 2, "url": "https://cafe.example"}),
            "the place has the page https://cafe.example",
        ),
        (
            kind("unsupported", None, errors=UNSUPPORTED),
            "WhatsApp says about this message: It is not supported.",
        ),
    ],
)
def test_what_a_message_came_with_is_told_beside_its_words(message: Json, told: str) -> None:
    item = parse_change(change(messages=[message]))
    assert isinstance(item.meaning, Inbound)
    assert item.meaning.context == (told,)
    assert told not in str(item.meaning.content)

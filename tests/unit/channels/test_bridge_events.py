"""From what the bridge tells to what it means."""

import pytest

from cleo.channels.whatsapp.bridge.contract import InboundEvent
from cleo.channels.whatsapp.bridge.events import Ignored, read_event
from cleo.domain.content import File, Location, MessageId, Other, Reaction, Text
from cleo.domain.identity import Address
from cleo.domain.message import Inbound, Quoted, Receipt

ANN = "4915112345678@s.whatsapp.net"
ANN_LID = "219876543210987@lid"
BOB = "4915187654321@s.whatsapp.net"
GROUP = "120363000000000001@g.us"


def read(**fields: object) -> Inbound | Receipt | Ignored:
    base: dict[str, object] = {"from": ANN, "messageId": "3A1F", "timestamp": 1785000000000}
    return read_event(InboundEvent.model_validate(base | fields))


def read_message(**fields: object) -> Inbound:
    meant = read(**fields)
    assert isinstance(meant, Inbound)
    return meant


def test_a_text_of_the_first_specification() -> None:
    meant = read_message(text="hi")
    assert meant.content == Text(body="hi")
    assert (meant.chat, meant.sender, meant.is_group) == (
        "phone:+4915112345678",
        "phone:+4915112345678",
        False,
    )


def test_seconds_become_milliseconds() -> None:
    assert read_message(text="hi", timestamp=1785000000).at == 1785000000000
    assert read_message(text="hi", timestamp=10**11).at == 10**11


@pytest.mark.parametrize(
    "nothing",
    [
        {},
        {"text": ""},
        {"text": " \n"},
        {"kind": "text"},
        {"kind": "receipt"},
        {"kind": "reaction", "text": "x"},
    ],
)
def test_an_event_with_nothing_in_it_is_ignored(nothing: dict[str, object]) -> None:
    assert read(**nothing) == Ignored("nothing_in_it")


@pytest.mark.parametrize(
    "half",
    [{"reaction": "👍"}, {"reaction": "👍", "text": "x"}, {"reactsToMessageId": "3EB0"}, {"reaction": ""}],
)
def test_half_a_reaction_is_ignored(half: dict[str, object]) -> None:
    assert read(**half) == Ignored("nothing_in_it")


def test_a_reaction_and_its_removal() -> None:
    assert read_message(reaction="👍", reactsToMessageId="3EB0").content == Reaction(
        emoji="👍", to=MessageId("3EB0")
    )
    assert read_message(reaction="", reactsToMessageId="3EB0").content == Reaction(
        emoji="", to=MessageId("3EB0")
    )


@pytest.mark.parametrize("chat", ["status@broadcast", "120363@newsletter", "0@s.whatsapp.net", "x@y.z"])
def test_chats_that_nobody_can_answer_are_ignored(chat: str) -> None:
    assert read(**{"from": chat, "text": "hi"}) == Ignored("nobody_to_answer")


def test_a_name_is_a_label_and_no_identity() -> None:
    meant = read_message(text="hi", senderName="+49 151\n\u202e87654321\x1b[0m")
    assert meant.sender_name == "+49 151 87654321[0m"
    assert meant.sender == "phone:+4915112345678"


def test_a_lid_with_the_digits_of_a_phone_is_somebody_else() -> None:
    assert read(text="hi", senderId="4915112345678@lid") == Ignored("sender_is_not_the_chat")


def test_the_device_that_wrote_does_not_matter() -> None:
    assert (
        read_message(text="hi", senderId="4915112345678:12@s.whatsapp.net").sender == "phone:+4915112345678"
    )


def test_in_a_direct_chat_only_the_other_one_writes() -> None:
    assert read(text="hi", senderId=BOB) == Ignored("sender_is_not_the_chat")
    assert read(text="hi", senderId=GROUP) == Ignored("no_sender")


def test_an_alias_of_the_chat_is_the_same_person() -> None:
    meant = read_message(text="hi", senderId=ANN_LID, senderAliases=[ANN, GROUP, "status@broadcast"])
    assert meant.sender == "lid:219876543210987"
    assert meant.aliases == {"phone:+4915112345678"}


def test_a_group_needs_somebody_who_wrote() -> None:
    assert read(**{"from": GROUP, "text": "hi"}) == Ignored("no_sender")
    meant = read_message(**{"from": GROUP, "text": "hi", "senderId": BOB})
    assert (meant.chat, meant.sender, meant.is_group) == (
        "group:120363000000000001",
        "phone:+4915187654321",
        True,
    )


def test_what_the_own_phone_wrote_says_so() -> None:
    meant = read_message(text="hi", fromMe=True, senderId="15550000000@s.whatsapp.net")
    assert (meant.from_me, meant.sender) == (True, "phone:+15550000000")


@pytest.mark.parametrize(
    ("media", "kind", "expected"),
    [
        ({"mimetype": "image/png"}, None, "image"),
        ({"mimetype": "Video/mp4"}, None, "video"),
        ({"mimetype": "audio/ogg; codecs=opus"}, None, "audio"),
        ({"mimetype": "audio/ogg; codecs=opus"}, "voice", "voice"),
        ({"mimetype": "application/pdf"}, "surprise", "document"),
        ({}, None, "document"),
    ],
)
def test_a_file_has_the_kind_it_was_given_or_looks_like(
    media: dict[str, object], kind: str | None, expected: str
) -> None:
    content = read_message(media={"url": "http://b/x", **media}, kind=kind, text="look").content
    assert isinstance(content, File)
    assert (content.kind, content.caption, content.url) == (expected, "look", "http://b/x")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/cron.d/x", "x"),
        ("/etc/passwd", "passwd"),
        ("C:\\x", "x"),
        ("....//", None),
        ("%2e%2e%2f", "%2e%2e%2f"),
        ("..", None),
        ("", None),
        ("\u202efdp.exe", "fdp.exe"),
        ("a\ufffd.png", "a\ufffd.png"),
        ("x" * 1000 + ".pdf", "x" * 251 + ".pdf"),
    ],
)
def test_a_file_name_is_only_text_to_show(given: str, shown: str | None) -> None:
    content = read_message(media={"url": "http://b/x", "filename": given}).content
    assert isinstance(content, File)
    assert content.name == shown


def test_a_kind_without_a_shape_is_kept_under_its_name() -> None:
    assert read_message(kind="poll", text="Lunch?").content == Other(kind="poll", body="Lunch?")
    assert read_message(kind="image").content == Other(kind="image")
    assert read_message(kind="view_once").content == Other(kind="view_once")


def test_a_place_is_a_place_even_at_zero() -> None:
    assert read_message(location={"latitude": 0, "longitude": 0}).content == Location(latitude=0, longitude=0)


def test_the_words_beside_a_place_are_kept() -> None:
    place = {"latitude": 1, "longitude": 2, "name": "Park"}
    assert read_message(location=place, text="on my way").content == Location(
        latitude=1, longitude=2, name="Park on my way"
    )


def test_fields_that_say_more_change_nothing_else() -> None:
    more = read_message(
        text="Small", chosenId="row-7", mentions=["4915112345678@s.whatsapp.net"], referral="Sofa"
    )
    assert more.content == Text(body="Small")


def test_a_reply_names_what_it_answers() -> None:
    quoted = {"messageId": "3EB0", "senderId": "15550000000@s.whatsapp.net", "text": "Confirm?"}
    assert read_message(text="yes", quoted=quoted).quoted == Quoted(
        id=MessageId("3EB0"), sender=Address("phone:+15550000000"), text="Confirm?"
    )


def test_receipts_are_for_the_listed_messages_or_their_own_id() -> None:
    many = read(receipt="played", receiptFor=["A", "B"])
    assert isinstance(many, Receipt)
    assert (many.of, many.state) == (("A", "B"), "read")
    one = read(receipt="failed", reason="blocked")
    assert isinstance(one, Receipt)
    assert (one.of, one.state, one.reason) == (("3A1F",), "failed", "blocked")


def test_a_length_beyond_any_recording_is_left_out() -> None:
    content = read_message(media={"url": "http://b/x", "seconds": 2**70}).content
    assert isinstance(content, File)
    assert content.seconds is None


def test_whom_a_text_names_and_where_its_writer_came_from_is_told_beside_it() -> None:
    meant = read_message(
        text="@4915187654321 @1 look", mentions=[BOB, ANN, "nobody"], account=ANN, referral="Summer sale"
    )
    assert meant.content == Text(body="@4915187654321 @1 look")
    assert meant.context == (
        "it names +4915187654321, you",
        "written after a tap on an advertisement: Summer sale",
    )

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleo.channels.whatsapp.addresses import read_address, write_jid
from cleo.domain.identity import Address, address

SAME_PHONE = [
    "4915112345678@s.whatsapp.net",
    "4915112345678:12@s.whatsapp.net",
    "4915112345678_1:12@s.whatsapp.net",
    "4915112345678@c.us",
    "4915112345678@S.WhatsApp.net",
    "4915112345678@hosted",
    "+49 151 1234-5678",
    "+49 (0) 151 12345678",
    "0049 151 12345678",
    "4915112345678",
    " +49.151.1234.5678 ",
]


@pytest.mark.parametrize("spelling", SAME_PHONE)
def test_every_spelling_and_every_device_of_a_phone_is_one_address(spelling: str) -> None:
    assert read_address(spelling) == "phone:+4915112345678"


NOBODY = [
    "status@broadcast",
    "1234567890@broadcast",
    "120363012345678901@newsletter",
    "0@s.whatsapp.net",
    "server@c.us",
    "4915112345678@evil.example",
    "13135550002@bot",
    "4915112345678@",
    "@s.whatsapp.net",
    "@",
    "",
    "abc",
    "+",
    "0151 12345678",
    "4915112345678@s.whatsapp.net@lid",
    "-1@g.us",
    "49151:1:2@s.whatsapp.net",
    "+491511234567890123",
]


@pytest.mark.parametrize("jid", NOBODY)
def test_what_cannot_be_answered_is_nobody(jid: str) -> None:
    assert read_address(jid) is None


def test_digits_of_different_namespaces_are_different_people() -> None:
    same_digits = {read_address("4915112345678@lid"), read_address("4915112345678@s.whatsapp.net")}
    assert same_digits == {"lid:4915112345678", "phone:+4915112345678"}


def test_groups_old_and_new_are_read() -> None:
    assert read_address("120363000000000001@g.us") == "group:120363000000000001"
    assert read_address("4915112345678-1600000000@g.us") == "group:4915112345678-1600000000"


@pytest.mark.parametrize(
    "jid",
    [
        "4915112345678@s.whatsapp.net",
        "219876543210987@lid",
        "4915112345678-1600000000@g.us",
        "5215512345678@s.whatsapp.net",
    ],
)
def test_what_was_read_is_written_as_it_was(jid: str) -> None:
    found = read_address(jid)
    assert found is not None
    assert write_jid(found) == jid


def test_an_address_of_another_messenger_has_no_jid() -> None:
    with pytest.raises(ValueError, match="telegram"):
        write_jid(address("telegram", "77"))


@given(st.text(max_size=60))
def test_whatever_is_read_can_be_written_and_read_again(text: str) -> None:
    found = read_address(text)
    if found is not None:
        assert read_address(write_jid(found)) == found


@given(st.from_regex(r"[1-9][0-9]{6,14}", fullmatch=True))
def test_the_digits_of_a_jid_stay_as_they_are(digits: str) -> None:
    assert read_address(f"{digits}@s.whatsapp.net") == Address(f"phone:+{digits}")

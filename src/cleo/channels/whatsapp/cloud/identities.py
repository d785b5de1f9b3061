"""Addresses of people: phone numbers, and Meta's user ids where the number is hidden. Nothing is guessed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cleo.channels.http.sanitize import label
from cleo.channels.whatsapp.cloud import wire
from cleo.domain.identity import Address, address, namespace
from cleo.domain.message import IdentityChange
from cleo.domain.number import variants

_PHONE = re.compile(r"\+?([1-9][0-9]{4,14})")
_USER_ID = re.compile(r"[A-Z]{2}\.(?P<parent>ENT\.)?[A-Za-z0-9]{1,128}")
_ID = re.compile(r"[!-~]{1,256}")
_LONGEST_NAME = 255
_ORDER = ("phone", "bsuid", "parent_bsuid")


def read_id(text: str | None) -> str | None:
    """Read an id of a message or group: opaque, but short and visible."""
    return text if text and _ID.fullmatch(text) else None


def read_person(text: str | None) -> Address | None:
    """Read a number in digits, or a user id. Digits stay as they are: they are WhatsApp's name for the account."""
    if number := _PHONE.fullmatch(text or ""):
        return address("phone", f"+{number[1]}")
    if user := _USER_ID.fullmatch(text or ""):
        return address("parent_bsuid" if user["parent"] else "bsuid", user[0])
    return None


def read_parent(text: str | None) -> Address | None:
    """Read a user id that holds across linked portfolios."""
    return address("parent_bsuid", text) if text and _USER_ID.fullmatch(text) else None


def read_group(text: str | None) -> Address | None:
    """Read the id of a group."""
    id = read_id(text)
    return address("group", id) if id else None


def ranked(*addresses: Address | None) -> tuple[Address, ...]:
    """Return those that are known, the best to write to first: Meta advises the number."""
    there = [each for each in addresses if each]
    return tuple(sorted(there, key=lambda each: _ORDER.index(namespace(each))))


def name_of(contact: wire.Contact | None) -> str:
    """Return a label to show: the name that they chose, else their user name."""
    profile = contact.profile if contact else None
    if profile is None:
        return ""
    username = label(profile.username)
    return (label(profile.name) or (username and f"@{username}"))[:_LONGEST_NAME]


def addresses_of(message: wire.Message, contact: wire.Contact | None) -> tuple[Address, ...]:
    """Return every address of the sender of a message, the best first."""
    whom = contact or wire.Contact()
    return ranked(
        read_person(whom.wa_id),
        read_person(message.from_),
        read_person(message.from_user_id),
        read_person(whom.user_id),
        read_parent(message.from_parent_user_id),
        read_parent(whom.parent_user_id),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactIndex:
    """The contacts that came with messages. Which of them sent which message is not said, so it is looked up here."""

    by_user: Mapping[str, wire.Contact] = field(default_factory=dict[str, wire.Contact])
    by_number: Mapping[Address, wire.Contact] = field(default_factory=dict[Address, wire.Contact])
    sole: wire.Contact | None = None

    def contact_of(self, sender: wire.Sender) -> wire.Contact | None:
        """Find the sender's contact by user id, else by number in any spelling, else if there is one of each."""
        if found := self.by_user.get(sender.from_user_id or ""):
            return found
        number = read_person(sender.from_)
        spelled = sorted(variants(number)) if number else []
        near = [self.by_number.get(each) for each in spelled]
        return next((each for each in [*near, self.sole] if each and not _differ(each, sender)), None)


def index_contacts(
    contacts: Sequence[wire.Contact], senders: Sequence[wire.Sender], *, are_only_messages: bool
) -> ContactIndex:
    """Index contacts; `are_only_messages`: nothing but messages can have brought them."""
    one_each = len(contacts) == 1 and len({(each.from_, each.from_user_id) for each in senders}) == 1
    return ContactIndex(
        by_user={each.user_id: each for each in contacts if each.user_id},
        by_number={number: each for each in contacts if (number := read_person(each.wa_id))},
        sole=contacts[0] if are_only_messages and one_each else None,
    )


def _differ(contact: wire.Contact, sender: wire.Sender) -> bool:
    return bool(contact.user_id and sender.from_user_id and contact.user_id != sender.from_user_id)


def identity_change_of(message: wire.Message, system: wire.System) -> IdentityChange | None:
    """Read whose addresses changed; None: it does not say whose, or to which."""
    before = ranked(
        read_person(message.from_),
        read_person(system.customer),
        read_person(system.previous_user_id),
        read_parent(system.previous_parent_user_id),
    )
    now = ranked(
        read_person(system.wa_id),
        read_person(system.new_wa_id),
        read_person(system.user_id),
        read_parent(system.parent_user_id),
    )
    return IdentityChange(before=frozenset(before), now=frozenset(now)) if before and now else None

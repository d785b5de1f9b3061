"""What a message, an echo or news about a person means for the line."""

import re
from dataclasses import dataclass

from cleo.channels.http.sanitize import milliseconds
from cleo.channels.http.strict_json import Json
from cleo.channels.whatsapp.backend import CHANNEL
from cleo.channels.whatsapp.cloud import wire
from cleo.channels.whatsapp.cloud.identities import (
    addresses_of,
    name_of,
    read_group,
    read_id,
    read_person,
    rotation_of,
)
from cleo.channels.whatsapp.cloud.inbound.contents import (
    Unreadable,
    kind_of,
    read_content,
    read_name,
    without_shape,
)
from cleo.domain.content import Content, MessageId
from cleo.domain.identity import Address
from cleo.domain.message import IdentityChange, Inbound, Quoted, Receipt

_LATE = 15 * 60 * 1000
"""Milliseconds after which a message was not said just now."""
_TIME = re.compile(r"([0-9]{1,17})(?:\.[0-9]*)?")
_ABOUT_OTHERS = frozenset({"reaction", "edit", "revoke"})
"""Kinds that mean nothing without the message that they are about, and that open no window for certain."""
_NO_WORDS = frozenset({*_ABOUT_OTHERS, "system", "request_welcome"})
_ROTATIONS = frozenset({"user_changed_number", "user_changed_user_id", "customer_changed_number"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What something means, and what is wrong with it; with both, the event has as much as could be read."""

    event: Inbound | Receipt | IdentityChange | None = None
    problem: str = ""
    opens_window: bool = False
    starts: bool = True
    """Whether it asks for an answer, if it is a message."""


def message_kind(message: wire.Message) -> str:
    """Tell what it is; news about a person have a name of their own."""
    kind = kind_of(message)
    if kind == "system" and message.system:
        return f"system/{read_name(message.system.type)}"
    return kind


def read_message(
    message: wire.Message, leaf: dict[str, Json], contact: wire.Contact | None, *, number_id: str, now: float
) -> Meaning:
    """Read what a person wrote, or what is told about one."""
    if message.type == "system":
        return _system(message)
    addresses = addresses_of(message, contact)
    if not addresses:
        return Meaning(problem="nobody is named who wrote it")
    return _inbound(
        message,
        leaf,
        chat=read_group(message.group_id) or addresses[0],
        sender=addresses[0],
        aliases=frozenset(addresses[1:]) - {addresses[0]},
        name=name_of(contact),
        number_id=number_id,
        now=now,
    )


def read_echo(message: wire.Message, leaf: dict[str, Json], *, number_id: str, now: float) -> Meaning:
    """Read what the business sent from elsewhere. Only the receiver's address is certain."""
    chat = read_group(message.group_id) or read_person(message.to) or read_person(message.to_user_id)
    if chat is None:
        return Meaning(problem="nobody is named whom it went to")
    sender = read_person(message.from_) or chat
    return _inbound(message, leaf, chat=chat, sender=sender, number_id=number_id, now=now, from_me=True)


def read_time(text: str | None, now: float) -> tuple[int, bool]:
    """Read a time as Unix milliseconds, and tell whether it could be read. If not, or if it is to come, it is now."""
    latest = int(now * 1000)
    found = _TIME.fullmatch(text or "")
    told = milliseconds(int(found[1])) if found else 0
    return (min(told, latest), True) if told else (latest, False)


def _inbound(
    message: wire.Message,
    leaf: dict[str, Json],
    *,
    chat: Address,
    sender: Address,
    number_id: str,
    now: float,
    aliases: frozenset[Address] = frozenset(),
    name: str = "",
    from_me: bool = False,
) -> Meaning:
    id = read_id(message.id)
    if id is None:
        return Meaning(problem="it has no id")
    group = read_group(message.group_id)
    if leaf.get("group_id") and group is None:  # what was said in a group is never answered elsewhere
        return Meaning(problem="the group that it was said in cannot be read")
    content, problem = _content(message, leaf)
    if content is None:
        return Meaning(problem=problem)
    at, is_known = read_time(message.timestamp, now)
    context = message.context or wire.Context()
    inbound = Inbound(
        channel=CHANNEL,
        chat=chat,
        id=MessageId(id),
        sender=sender,
        content=content,
        at=at,
        aliases=aliases,
        sender_name=name,
        number_id=number_id,
        is_group=group is not None,
        from_me=from_me,
        forwarded=bool(context.forwarded or context.frequently_forwarded),
        offline=now * 1000 - at > _LATE,
        quoted=_quoted(context),
    )
    problems = [problem, "" if is_known else "its time cannot be read, and that of its arrival is taken"]
    opens = not from_me and kind_of(message) not in _NO_WORDS
    starts = kind_of(message) != "request_welcome"  # somebody opened the chat, and has said nothing yet
    told = "; ".join(filter(None, problems))
    return Meaning(event=inbound, problem=told, opens_window=opens, starts=starts)


def _content(message: wire.Message, leaf: dict[str, Json]) -> tuple[Content | None, str]:
    try:
        return read_content(message, leaf), ""
    except Unreadable as error:
        about_other = kind_of(message) in _ABOUT_OTHERS
        return None if about_other else without_shape(message), str(error)


def _quoted(context: wire.Context) -> Quoted | None:
    id = read_id(context.id)
    return Quoted(id=MessageId(id), sender=read_person(context.from_)) if id else None


def _system(message: wire.Message) -> Meaning:
    system = message.system or wire.System()
    if system.type not in _ROTATIONS:
        return Meaning(problem="" if system.type else "it does not say what has changed")
    rotation = rotation_of(message, system)
    return Meaning(event=rotation, problem="" if rotation else "it does not say who has which new address")

"""Read messages, echoes and changes of a person's addresses."""

import re
from dataclasses import dataclass

from cleo.channels.http.sanitize import milliseconds
from cleo.channels.http.strict_json import Json
from cleo.channels.whatsapp.backend import CHANNEL
from cleo.channels.whatsapp.cloud import wire
from cleo.channels.whatsapp.cloud.identities import (
    addresses_of,
    identity_change_of,
    name_of,
    read_group,
    read_id,
    read_person,
)
from cleo.channels.whatsapp.cloud.inbound.contents import (
    Unreadable,
    kind_of,
    read_content,
    read_name,
    unreadable_content,
)
from cleo.channels.whatsapp.cloud.inbound.message_context import read_message_context
from cleo.domain.content import Content, MessageId
from cleo.domain.identity import Address
from cleo.domain.message import IdentityChange, Inbound, Quoted, Receipt

_LATE = 15 * 60 * 1000
"""Milliseconds after which a message counts as late."""
_TIME = re.compile(r"([0-9]{1,17})(?:\.[0-9]*)?")
_ABOUT_OTHERS = frozenset({"reaction", "edit", "revoke"})
"""Kinds that mean nothing without the message that they refer to. Whether they open the service window is unknown."""
_NO_WORDS = frozenset({*_ABOUT_OTHERS, "system", "request_welcome"})
_IDENTITY_CHANGES = frozenset({"user_changed_number", "user_changed_user_id", "customer_changed_number"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedEvent:
    """What was read, and what is wrong with it. With both, the event has as much as could be read."""

    event: Inbound | Receipt | IdentityChange | None = None
    problem: str = ""
    opens_window: bool = False
    starts: bool = True
    """Whether it asks for an answer, if it is a message."""


def message_kind(message: wire.Message) -> str:
    """Return the kind of a message; a system message has its own type in it."""
    kind = kind_of(message)
    if kind == "system" and message.system:
        return f"system/{read_name(message.system.type)}"
    return kind


def read_message(
    message: wire.Message, raw: dict[str, Json], contact: wire.Contact | None, *, number_id: str, now: float
) -> ParsedEvent:
    """Read what a person wrote, or a system message about one."""
    if message.type == "system":
        return _system(message)
    addresses = addresses_of(message, contact)
    if not addresses:
        return ParsedEvent(problem="nobody is named who wrote it")
    return _inbound(
        message,
        raw,
        chat=read_group(message.group_id) or addresses[0],
        sender=addresses[0],
        aliases=frozenset(addresses[1:]) - {addresses[0]},
        name=name_of(contact),
        number_id=number_id,
        now=now,
    )


def read_echo(message: wire.Message, raw: dict[str, Json], *, number_id: str, now: float) -> ParsedEvent:
    """Read what the business sent from another program. Only the receiver's address is certain."""
    chat = read_group(message.group_id) or read_person(message.to) or read_person(message.to_user_id)
    if chat is None:
        return ParsedEvent(problem="nobody is named whom it went to")
    sender = read_person(message.from_) or chat
    return _inbound(message, raw, chat=chat, sender=sender, number_id=number_id, now=now, from_me=True)


def read_time(text: str | None, now: float) -> tuple[int, bool]:
    """Return a time in Unix milliseconds, and whether it could be read. Else, or if it is to come, it is now."""
    latest = int(now * 1000)
    found = _TIME.fullmatch(text or "")
    told = milliseconds(int(found[1])) if found else 0
    return (min(told, latest), True) if told else (latest, False)


def _inbound(
    message: wire.Message,
    raw: dict[str, Json],
    *,
    chat: Address,
    sender: Address,
    number_id: str,
    now: float,
    aliases: frozenset[Address] = frozenset(),
    name: str = "",
    from_me: bool = False,
) -> ParsedEvent:
    id = read_id(message.id)
    if id is None:
        return ParsedEvent(problem="it has no id")
    group = read_group(message.group_id)
    if raw.get("group_id") and group is None:  # what was written in a group is never answered elsewhere
        return ParsedEvent(problem="the group that it was said in cannot be read")
    content, problem = _content(message, raw)
    if content is None:
        return ParsedEvent(problem=problem)
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
        context=read_message_context(message),
    )
    problems = [problem, "" if is_known else "its time cannot be read, and that of its arrival is taken"]
    opens = not from_me and kind_of(message) not in _NO_WORDS
    starts = kind_of(message) != "request_welcome"  # somebody opened the chat, and has written nothing yet
    return ParsedEvent(
        event=inbound, problem="; ".join(filter(None, problems)), opens_window=opens, starts=starts
    )


def _content(message: wire.Message, raw: dict[str, Json]) -> tuple[Content | None, str]:
    try:
        return read_content(message, raw), ""
    except Unreadable as error:
        about_other = kind_of(message) in _ABOUT_OTHERS
        return None if about_other else unreadable_content(message, raw), str(error)


def _quoted(context: wire.Context) -> Quoted | None:
    id = read_id(context.id)
    return Quoted(id=MessageId(id), sender=read_person(context.from_)) if id else None


def _system(message: wire.Message) -> ParsedEvent:
    system = message.system or wire.System()
    if system.type not in _IDENTITY_CHANGES:
        return ParsedEvent(problem="" if system.type else "it does not say what has changed")
    change = identity_change_of(message, system)
    return ParsedEvent(event=change, problem="" if change else "it does not say who has which new address")

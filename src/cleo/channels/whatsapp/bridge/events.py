"""Read an event of the bridge: a message, a receipt, or neither."""

from dataclasses import dataclass
from typing import get_args

from cleo.channels.http.sanitize import file_name, label, milliseconds
from cleo.channels.whatsapp.addresses import read_address
from cleo.channels.whatsapp.backend import CHANNEL
from cleo.channels.whatsapp.bridge import contract as wire
from cleo.domain.content import (
    Content,
    Edit,
    File,
    FileKind,
    Location,
    MessageId,
    Other,
    Reaction,
    Revoke,
    Text,
)
from cleo.domain.identity import Address, namespace, value
from cleo.domain.message import Inbound, Quoted, Receipt

_LONGEST = 2**31
_MENTIONS = 20
_REFERRAL = 500
_FILE_KINDS: dict[str, FileKind] = {kind: kind for kind in get_args(FileKind)}
_NEED_A_FIELD = frozenset({"reaction", "receipt"})
"""Kinds that have no content without a field of their own."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """An event that needs no action. `why` is a stable word for logs; it holds nothing of the event."""

    why: str


def read_event(event: wire.InboundEvent) -> Inbound | Receipt | Ignored:
    """Convert an event into a message or a receipt."""
    chat = read_address(event.from_)
    if chat is None:
        return Ignored("nobody_to_answer")
    if event.receipt is not None:
        return _receipt(event, event.receipt, chat)
    content = _content(event)
    if content is None:
        return Ignored("nothing_in_it")
    sender = _sender(event, chat)
    if isinstance(sender, Ignored):
        return sender
    return Inbound(
        channel=CHANNEL,
        chat=chat,
        id=MessageId(event.message_id),
        sender=sender,
        content=content,
        at=milliseconds(event.timestamp),
        aliases=_aliases(event) - {sender},
        sender_name=label(event.sender_name),
        number_id=event.account or "",
        is_group=namespace(chat) == "group",
        from_me=bool(event.from_me),
        forwarded=bool(event.forwarded),
        offline=bool(event.offline),
        quoted=_quoted(event.quoted),
        context=_context(event),
    )


def _context(event: wire.InboundEvent) -> tuple[str, ...]:
    """Return what the message came with, in words."""
    own = read_address(event.account or "")
    named = [each for mention in event.mentions[:_MENTIONS] if (each := read_address(mention))]
    people = ", ".join("you" if each == own else value(each) for each in dict.fromkeys(named))
    lines = (
        f"it names {people}" if people else "",
        "the place is shared live: it may change" if event.kind == "live_location" and event.location else "",
        f"written after a tap on an advertisement: {label(event.referral)[:_REFERRAL]}"
        if event.referral
        else "",
    )
    return tuple(line for line in lines if line)


def _receipt(event: wire.InboundEvent, state: wire.ReceiptState, chat: Address) -> Receipt:
    return Receipt(
        channel=CHANNEL,
        chat=chat,
        of=tuple(MessageId(id) for id in event.receipt_for or (event.message_id,)),
        state="read" if state == "played" else state,
        at=milliseconds(event.timestamp),
        reason=event.reason or "",
        number_id=event.account or "",
    )


def _sender(event: wire.InboundEvent, chat: Address) -> Address | Ignored:
    """Return the sender. In a direct chat that is only the other person, under any verified address."""
    if event.from_me:
        return read_address(event.sender_id or event.account or event.from_) or chat
    sender = read_address(event.sender_id or event.from_)
    if sender is None or namespace(sender) == "group":
        return Ignored("no_sender")
    if namespace(chat) != "group" and chat not in {sender, *_aliases(event)}:
        return Ignored("sender_is_not_the_chat")
    return sender


def _aliases(event: wire.InboundEvent) -> frozenset[Address]:
    read = (read_address(alias) for alias in event.sender_aliases)
    return frozenset(alias for alias in read if alias and namespace(alias) != "group")


def _content(event: wire.InboundEvent) -> Content | None:
    body = event.text or ""
    if event.reaction or event.reacts_to_message_id:
        return _reaction(event)
    if event.revokes:
        return Revoke(of=MessageId(event.revokes))
    if event.edits:
        return Edit(of=MessageId(event.edits), body=body)
    if event.location:
        return _location(event.location, body)
    if event.media:
        return _file(event.media, event.kind, body)
    return _text(event.kind or "text", body)


def _reaction(event: wire.InboundEvent) -> Reaction | None:
    if event.reaction is None or event.reacts_to_message_id is None:
        return None
    return Reaction(emoji=event.reaction, to=MessageId(event.reacts_to_message_id))


def _text(kind: str, body: str) -> Content | None:
    if kind in _NEED_A_FIELD:
        return None
    if kind != "text":
        return Other(kind=kind, body=body)
    return Text(body=body) if body.strip() else None


def _location(place: wire.Place, words: str) -> Location:
    return Location(
        latitude=place.latitude,
        longitude=place.longitude,
        name=label(" ".join(filter(None, [place.name, words]))),
        address=label(place.address),
    )


def _file(media: wire.Media, kind: str | None, caption: str) -> File:
    mimetype = label(media.mimetype).lower() or "application/octet-stream"
    seconds = media.seconds if media.seconds is not None and media.seconds < _LONGEST else None
    return File(
        kind=_FILE_KINDS.get(kind or "") or _FILE_KINDS.get(mimetype.partition("/")[0], "document"),
        mimetype=mimetype,
        name=file_name(media.filename),
        size=media.size,
        caption=caption,
        url=media.url,
        seconds=seconds,
    )


def _quoted(quoted: wire.Quoted | None) -> Quoted | None:
    if quoted is None:
        return None
    sender = read_address(quoted.sender_id) if quoted.sender_id else None
    return Quoted(id=MessageId(quoted.message_id), sender=sender, text=quoted.text)

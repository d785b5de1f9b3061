"""Read the content of a message: each of Meta's kinds as one of Cleo's."""

import math
import re
from collections.abc import Callable
from urllib.parse import quote

from cleo.channels.http.sanitize import file_name, label
from cleo.channels.http.strict_json import Json
from cleo.channels.whatsapp.cloud import wire
from cleo.channels.whatsapp.cloud.identities import read_id
from cleo.channels.whatsapp.cloud.inbound.contact_cards import read_card
from cleo.channels.whatsapp.cloud.inbound.write_out import write_out
from cleo.domain.content import (
    Chosen,
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

URL = "cloud:"
"""Begins the url of a file that Meta keeps: `cloud:{media_id}`, and `?sha256={quoted}` where Meta told it."""

_MEDIA_ID = re.compile(r"[A-Za-z0-9_.\-]{1,256}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_LONGEST_BODY = 2000
_LONGEST_EMOJI = 64
_BRIDGE_NAMES = {"poll_creation": "poll"}
"""Kinds that the bridge has another word for."""


class Unreadable(ValueError):
    """The content cannot be read. The text says what is missing, never what was sent."""


def kind_of(message: wire.Message) -> str:
    """Return the kind of a message, safe to log."""
    return read_name(message.type)


def read_name(text: str | None) -> str:
    """Return Meta's name for a kind, or `unknown` when it is not a plain name."""
    return text if text and _NAME.fullmatch(text) else "unknown"


def read_content(message: wire.Message, raw: dict[str, Json]) -> Content:
    """Read the content; a kind without a type of its own is `Other`. Raises `Unreadable`."""
    kind = kind_of(message)
    if reader := _READERS.get(kind):
        return reader(message)
    if kind == "interactive":
        return _interactive(message, raw.get(kind))
    return _other(kind, write_out(raw.get(kind)))


def unreadable_content(message: wire.Message, raw: dict[str, Json]) -> Other:
    """Return the words of a message that cannot be read as what it is: people are answered all the same."""
    kind = kind_of(message)
    return _other(kind, write_out(raw.get(kind), words_only=True))


def _other(kind: str, body: str) -> Other:
    return Other(kind=_BRIDGE_NAMES.get(kind, kind), body=body[:_LONGEST_BODY])


def _text(message: wire.Message) -> Text:
    body = (message.text and message.text.body) or ""
    if not body.strip():
        raise Unreadable("its text is missing")
    return Text(body=body)


def _media(name: str, kind: FileKind) -> Callable[[wire.Message], File]:
    def read(message: wire.Message) -> File:
        media: wire.Media | None = getattr(message, name)
        if media is None or not _MEDIA_ID.fullmatch(media.id or ""):
            raise Unreadable("the id of its file is missing")
        checksum = f"?sha256={quote(media.sha256, safe='')}" if media.sha256 else ""
        return File(
            kind="voice" if media.voice else kind,
            mimetype=label(media.mime_type).lower() or "application/octet-stream",
            name=file_name(media.filename),
            caption=media.caption or "",
            url=f"{URL}{media.id}{checksum}",
        )

    return read


def _location(message: wire.Message) -> Location:
    place = message.location or wire.Place()
    if not _is_within(place.latitude, 90) or not _is_within(place.longitude, 180):
        raise Unreadable("its place is nowhere on earth")
    return Location(
        latitude=place.latitude or 0.0,
        longitude=place.longitude or 0.0,
        name=label(place.name),
        address=label(place.address),
    )


def _is_within(degrees: float | None, limit: float) -> bool:
    return degrees is not None and math.isfinite(degrees) and abs(degrees) <= limit


def _contacts(message: wire.Message) -> Other:
    cards = [read_card(card) for card in message.contacts if card]
    if not any(cards):
        raise Unreadable("its contacts are missing")
    return _other("contact" if len(cards) == 1 else "contacts", "\n".join(filter(None, cards)))


def _reaction(message: wire.Message) -> Reaction:
    reaction = message.reaction or wire.Reaction()
    to = read_id(reaction.message_id)
    if to is None:
        raise Unreadable("the message that it is put on is missing")
    return Reaction(emoji=(reaction.emoji or "")[:_LONGEST_EMOJI], to=MessageId(to))


def _button(message: wire.Message) -> Chosen:
    button = message.button or wire.Button()
    return _chosen(wire.Reply(id=button.payload or button.text, title=button.text))


def _chosen(reply: wire.Reply) -> Chosen:
    if not reply.id:
        raise Unreadable("it does not say what was chosen")
    return Chosen(id=reply.id, title=label(reply.title) or reply.id)


def _interactive(message: wire.Message, raw: Json) -> Content:
    answer = message.interactive or wire.Interactive()
    if reply := answer.button_reply or answer.list_reply:
        return _chosen(reply)
    if flow := answer.nfm_reply:
        words = [flow.body, flow.response_json]
        return _other("flow", "\n".join(filter(None, words)))
    kind = read_name(answer.type) if answer.type else "interactive"
    part = raw.get(answer.type or "", raw) if isinstance(raw, dict) else raw
    return _other(kind, write_out(part))


def _order(message: wire.Message) -> Other:
    order = message.order or wire.Order()
    lines = [_product(product) for product in order.product_items if product]
    return _other("order", "\n".join(filter(None, [order.text, *lines])))


def _product(product: wire.Product) -> str:
    price = " ".join(filter(None, [product.item_price, product.currency]))
    what = product.product_retailer_id or "?"
    return f"- {product.quantity or '1'} x {what}" + (f" at {price}" if price else "")


def _unsupported(message: wire.Message) -> Other:
    named = message.unsupported.type if message.unsupported else None
    return _other(read_name(named) if named else "unsupported", "")


def _edit(message: wire.Message) -> Edit:
    edit = message.edit or wire.Edit()
    of, new = read_id(edit.original_message_id), edit.message or wire.Edited()
    media = new.image or new.video or new.document
    body = (new.text and new.text.body) or (media and media.caption)
    if of is None or not body:
        raise Unreadable("the message that it changes, or its new text, is missing")
    return Edit(of=MessageId(of), body=body)


def _revoke(message: wire.Message) -> Revoke:
    of = read_id(message.revoke.original_message_id) if message.revoke else None
    if of is None:
        raise Unreadable("the message that it deletes is missing")
    return Revoke(of=MessageId(of))


_READERS: dict[str, Callable[[wire.Message], Content]] = {
    "text": _text,
    "image": _media("image", "image"),
    "video": _media("video", "video"),
    "audio": _media("audio", "audio"),
    "voice": _media("voice", "voice"),
    "document": _media("document", "document"),
    "sticker": _media("sticker", "sticker"),
    "location": _location,
    "contacts": _contacts,
    "reaction": _reaction,
    "button": _button,
    "order": _order,
    "unsupported": _unsupported,
    "edit": _edit,
    "revoke": _revoke,
}

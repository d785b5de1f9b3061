"""Bodies of requests to Graph. Source: the message objects of Meta's API reference."""

import json
from collections.abc import Mapping
from typing import Final

from cleo.channels.whatsapp.cloud.callback_data import write_callback_data
from cleo.channels.whatsapp.cloud.capabilities import CLOUD
from cleo.channels.whatsapp.cloud.identities import read_group, read_id, read_parent, read_person
from cleo.domain.content import Choices, Location, MessageId, Option, Reaction, Template
from cleo.domain.errors import SendRejected
from cleo.domain.identity import Address, namespace, value
from cleo.domain.message import Quoted, SendKey
from cleo.ports import ChoiceLimits

RequestBody = Mapping[str, object]

_PRODUCT: Final = {"messaging_product": "whatsapp"}
_OWN = "wamid."
_LIST_BUTTON = "Choose"


def message(to: Address, content: RequestBody, *, key: SendKey, quoted: Quoted | None) -> bytes:
    """Return the body of a send; raises `SendRejected` for what no send can carry.

    Graph gives the key back with each status of the message. A message that cannot be quoted is left out.
    """
    context = {"context": {"message_id": _id(quoted.id)}} if quoted and can_quote(quoted) else {}
    return _json(
        {
            **_PRODUCT,
            **recipient(to),
            **content,
            **context,
            "biz_opaque_callback_data": write_callback_data(key),
        }
    )


def can_quote(quoted: Quoted) -> bool:
    """Return whether it is a message of this API: for another backend's, Graph would refuse the send."""
    return quoted.id.startswith(_OWN)


def recipient(to: Address) -> RequestBody:
    """Return the fields that name the recipient; raises `SendRejected` for an address that this API does not have."""
    name = value(to)
    if to == read_group(name):
        return {"recipient_type": "group", "to": name}
    if to in {read_person(name), read_parent(name)}:
        number = name.removeprefix("+")
        return {
            "recipient_type": "individual",
            **({"to": number} if number.isdigit() else {"recipient": name}),
        }
    raise SendRejected(f"WhatsApp's Cloud API cannot write to this address of the kind {namespace(to)!r}.")


def mark_read(id: MessageId, *, typing: bool) -> bytes:
    """Return the body that marks a message as read, and with `typing` shows that Cleo is writing."""
    sign = {"typing_indicator": {"type": "text"}} if typing else {}
    return _json({**_PRODUCT, "status": "read", "message_id": _id(id), **sign})


def text(body: str) -> RequestBody:
    """Return a text message; raises `SendRejected` for a wrong length."""
    if not 0 < len(body) <= CLOUD.text_max:
        raise SendRejected(
            f"The text has {len(body)} characters; WhatsApp takes 1 to {CLOUD.text_max} in a message."
        )
    return {"type": "text", "text": {"body": body, "preview_url": False}}


def file(kind: str, id: str, *, caption: str, name: str, voice: bool) -> RequestBody:
    """Return an uploaded file; empty `caption` and `name` are left out."""
    extras = {"caption": caption, "filename": name, "voice": voice}
    return {"type": kind, kind: {"id": id, **{extra: given for extra, given in extras.items() if given}}}


def reaction(given: Reaction) -> RequestBody:
    """Return an emoji on a message; an empty one takes it back."""
    return {"type": "reaction", "reaction": {"message_id": _id(given.to), "emoji": given.emoji}}


def place(given: Location) -> RequestBody:
    """Return a location; raises `SendRejected` for one that is not on Earth."""
    if not (-90 <= given.latitude <= 90 and -180 <= given.longitude <= 180):
        raise SendRejected(
            "The place is not on Earth: latitudes go from -90 to 90, longitudes from -180 to 180."
        )
    words = {"name": given.name, "address": given.address}
    where = {"latitude": given.latitude, "longitude": given.longitude}
    return {"type": "location", "location": {**where, **{name: said for name, said in words.items() if said}}}


def choices(given: Choices, choice_limits: ChoiceLimits) -> RequestBody:
    """Return buttons, or a list when there are more answers than buttons, or descriptions."""
    as_buttons = len(given.options) <= choice_limits.buttons and not any(
        each.description for each in given.options
    )
    shown = _buttons(given.options) if as_buttons else _list(given.options)
    return {"type": "interactive", "interactive": {**shown, "body": {"text": given.body}}}


def template(given: Template) -> RequestBody:
    """Return a template without variables."""
    return {"type": "template", "template": {"name": given.name, "language": {"code": given.language}}}


def _buttons(options: tuple[Option, ...]) -> RequestBody:
    buttons = [{"type": "reply", "reply": {"id": each.id, "title": each.title}} for each in options]
    return {"type": "button", "action": {"buttons": buttons}}


def _list(options: tuple[Option, ...]) -> RequestBody:
    rows = [
        {
            "id": each.id,
            "title": each.title,
            **({"description": each.description} if each.description else {}),
        }
        for each in options
    ]
    return {"type": "list", "action": {"button": _LIST_BUTTON, "sections": [{"rows": rows}]}}


def _id(id: MessageId) -> str:
    if read_id(id) is None:
        raise SendRejected("The message that it belongs to has an id that WhatsApp cannot have given.")
    return id


def _json(body: RequestBody) -> bytes:
    try:
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError as error:
        raise SendRejected("The message has characters that are no text, so it cannot be sent.") from error

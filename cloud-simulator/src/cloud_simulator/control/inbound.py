"""What people do with their phones: write, react, press, read, change their number."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Literal, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from cloud_simulator.entities.business import Business
from cloud_simulator.entities.phone import Attachment, Bubble, Emoji, Phone, Quote
from cloud_simulator.event_log import Line
from cloud_simulator.faults import Case
from cloud_simulator.state import Known, World
from cloud_simulator.webhooks.webhook_dispatcher import Courier
from cloud_simulator.webhooks.webhook_event import ARRAYS, Item


class Refused(Exception):
    """The control API cannot do that; says why."""


def _decoded(text: object) -> bytes:
    try:
        return base64.b64decode(str(text), validate=True)
    except binascii.Error as error:
        raise ValueError("no base64") from error


Bytes = Annotated[bytes, BeforeValidator(_decoded)]


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Media(_Said):
    """A file that somebody sends."""

    kind: Literal["image", "video", "audio", "voice", "document", "sticker"]
    data: Bytes = Field(alias="base64")
    mimetype: str
    filename: str | None = None
    caption: str | None = None
    voice: bool = False
    animated: bool | None = None


class Pressed(_Said):
    """A button or row that somebody chooses: by `id` or by `title`; `context`: in which message."""

    id: str | None = None
    title: str | None = None
    description: str | None = None
    context: str | None = None


class Target(_Said):
    """A message."""

    id: str


class Saying(_Said):
    """One message: one content, and options. `to` is a `phone_number_id`, by default the first."""

    to: str | None = None
    text: str | None = None
    media: Media | None = None
    location: dict[str, object] | None = None
    contacts: list[object] | None = None
    reaction: Emoji | None = None
    button: Pressed | None = None
    row: Pressed | None = None
    raw: dict[str, object] | None = None
    quote: Target | None = None
    id: str | None = None
    timestamp: str | int | None = None
    field: str = "messages"

    @model_validator(mode="after")
    def _one_content(self) -> "Saying":
        if len(self.contents) != 1:
            raise ValueError(f"a message has one of: {' '.join(_CONTENTS)}")
        return self

    @property
    def contents(self) -> list[str]:
        """What is given."""
        return [name for name in _CONTENTS if getattr(self, name) is not None]


_CONTENTS = ("text", "media", "location", "contacts", "reaction", "button", "row", "raw")


class Rotation(_Said):
    """Somebody changes the number, or only gets another user id. `to`: who is told, by default everybody."""

    phone: str
    number: str | None = None
    user_id: str | None = None
    to: str | None = None


class People:
    """The inbound side: what people do, as webhooks."""

    def __init__(self, world: World, courier: Courier) -> None:
        self._world = world
        self._courier = courier

    def say(self, phone: Phone, saying: Saying) -> str:
        """Send one message; tells its id."""
        business = self.business(saying.to)
        number = business.phone_number_id
        id = saying.id or self._world.wamid()
        leaf, bubble = self._leaf(business, phone, saying)
        context = leaf.pop("context", None)
        if saying.quote:
            context = {"from": business.display_phone_number, "id": saying.quote.id}
        head: dict[str, object] = {"id": id, "timestamp": str(saying.timestamp or int(self._world.now()))}
        if not phone.hide_phone:
            head["from"] = phone.number
        if phone.user_id:
            head["from_user_id"] = phone.user_id
        if context:
            head["context"] = context
        leaf = {**head, **leaf}
        bubble = bubble.model_copy(
            update={"id": id, "sender": phone.number, "to": number, "fromMe": True, "at": self._ms()}
        )
        phone.show(bubble)
        self._keep(business, phone, bubble, leaf, saying.field)
        if self._heard(saying):
            self._courier.post(self._item(business, phone, leaf, saying.field, bubble))
        return id

    def business(self, number: str | None) -> Business:
        """Find a business number, by default the first; raises `Refused`."""
        businesses = self._world.businesses
        found = businesses.get(number) if number else next(iter(businesses.values()), None)
        if found is None:
            raise Refused("There is no such business number: POST /control/numbers makes one.")
        return found

    def rotate(self, rotation: Rotation, phone: Phone) -> dict[str, object]:
        """Change who somebody is, and tell the businesses."""
        old_number, old_user = phone.number, phone.user_id
        phone.number = rotation.number or old_number
        phone.user_id = rotation.user_id or self._world.user_id()
        changed = phone.number != old_number and not phone.hide_phone
        kind = "user_changed_number" if changed else "user_changed_user_id"
        body = f"User {phone.name} changed {'number' if changed else 'user id'}"
        system: dict[str, object] = {"type": kind, "body": body, "user_id": phone.user_id}
        if old_user:
            system["previous_user_id"] = old_user
        if changed:
            system["wa_id"] = phone.number
        for number in [rotation.to] if rotation.to else self._world.businesses:
            business = self.business(number)
            leaf: dict[str, object] = {
                "id": self._world.wamid(),
                "timestamp": str(int(self._world.now())),
                "type": "system",
                "system": system,
            }
            if not phone.hide_phone:
                leaf["from"] = old_number
            item = self._item(business, phone, leaf, "messages", Bubble(id="", kind="system"))
            self._courier.post(replace(item, contacts=()))
        return {"number": phone.number, "user_id": phone.user_id}

    def _leaf(self, business: Business, phone: Phone, saying: Saying) -> tuple[dict[str, object], Bubble]:
        kind = saying.contents[0]
        if saying.text is not None:
            quote = Quote(id=saying.quote.id) if saying.quote else None
            return {"type": "text", "text": {"body": saying.text}}, Bubble(
                id="", kind="text", text=saying.text, quote=quote
            )
        if saying.media:
            return self._file(business, saying.media)
        if saying.reaction:
            return _reaction(saying.reaction)
        if pressed := saying.button or saying.row:
            return _pressed(business, phone, pressed, row=saying.row is not None)
        content = cast("object", getattr(saying, kind))
        leaf = saying.raw if saying.raw is not None else {"type": kind, kind: content}
        return dict(leaf), Bubble(id="", kind=str(leaf.get("type", "unknown")), content=content)

    def _file(self, business: Business, media: Media) -> tuple[dict[str, object], Bubble]:
        voice = media.voice or media.kind == "voice"
        kind = "audio" if voice else media.kind
        file = self._world.add_file(
            business.phone_number_id, media.data, media.mimetype, media.filename or "", inbound=True
        )
        part: dict[str, object] = {
            "id": file.id,
            "mime_type": media.mimetype,
            "sha256": file.sha256_in_webhook,
            "url": self._world.url(file),
        }
        if media.kind in {"audio", "voice"}:
            part["voice"] = voice
        for name in ("filename", "caption", "animated"):
            if (given := getattr(media, name)) is not None:
                part[name] = given
        attachment = Attachment(
            kind=kind, media=file.id, mimetype=media.mimetype, filename=media.filename, sha256=file.sha256,
            size=len(file.data), voice=voice,
        )  # fmt: skip
        bubble = Bubble(id="", kind=media.kind, caption=media.caption or "", media=attachment)
        return {"type": kind, kind: part}, bubble

    def _heard(self, saying: Saying) -> bool:
        """Tell whether the business learns of it: reactions reach it only on its own messages."""
        if saying.reaction is None:
            return True
        known = self._world.messages.get(saying.reaction.id)
        return known is None or not known.inbound

    def _keep(
        self, business: Business, phone: Phone, bubble: Bubble, leaf: Mapping[str, object], field: str
    ) -> None:
        number = business.phone_number_id
        now = self._world.now()
        text = bubble.text or bubble.caption
        self._world.messages[bubble.id] = Known(
            id=bubble.id, number=number, phone=phone, inbound=True, kind=bubble.kind, at=now, text=text
        )
        if bubble.kind != "reaction" and field != "smb_message_echoes":
            self._world.heard(number, phone)
        self._world.note(
            Line(
                at=now, event="said", number=number, phone=phone.id, id=bubble.id, kind=bubble.kind, body=leaf
            )
        )

    def _item(
        self, business: Business, phone: Phone, leaf: dict[str, object], field: str, bubble: Bubble
    ) -> Item:
        number = business.phone_number_id
        case = Case(
            on="webhook",
            number=number,
            phone=phone.names,
            kind=bubble.kind,
            text=bubble.text or bubble.caption,
        )
        if field == "smb_message_echoes":
            leaf = {**leaf, "from": business.display_phone_number, "to": phone.number}
        return Item(
            number=number, lane=phone.id, field=field, array=ARRAYS.get(field, "messages"), leaf=leaf,
            contacts=[phone.contact], case=case,
        )  # fmt: skip

    def _ms(self) -> int:
        return int(self._world.now() * 1000)


def _reaction(reaction: Emoji) -> tuple[dict[str, object], Bubble]:
    part: dict[str, object] = {"message_id": reaction.id}
    if reaction.emoji:
        part["emoji"] = reaction.emoji
    return {"type": "reaction", "reaction": part}, Bubble(id="", kind="reaction", reaction=reaction)


def _pressed(
    business: Business, phone: Phone, pressed: Pressed, *, row: bool
) -> tuple[dict[str, object], Bubble]:
    wanted = pressed.id or pressed.title or ""
    bubble = phone.find(pressed.context) if pressed.context else phone.last_with(wanted)
    offered = [*bubble.buttons, *bubble.rows] if bubble else []
    choice = next((one for one in offered if wanted in {one.id, one.title}), None)
    id = pressed.id or (choice.id if choice else None)
    if id is None:
        raise Refused(f"No message on this phone offers {wanted!r}.")
    row = row or (bubble is not None and choice in bubble.rows)
    title = pressed.title or (choice.title if choice else id)
    context = {"from": business.display_phone_number, "id": pressed.context or (bubble.id if bubble else "")}
    shown = Bubble(id="", kind="interactive", text=title, quote=Quote(id=str(context["id"])))
    if bubble and bubble.template:
        return {"type": "button", "button": {"text": title, "payload": id}, "context": context}, shown
    name = "list_reply" if row else "button_reply"
    reply: dict[str, object] = {"id": id, "title": title}
    described = pressed.description or (choice.description if choice else "")
    if row and described:
        reply["description"] = described
    return {"type": "interactive", "interactive": {"type": name, name: reply}, "context": context}, shown

"""What phones send to the businesses: messages, reactions, presses, changes of number."""

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from cloud_simulator.control.endpoints import ControlError
from cloud_simulator.control.phone_message import IdentityChange, Media, PhoneMessage, Press
from cloud_simulator.entities.business import Business
from cloud_simulator.entities.message import Message
from cloud_simulator.entities.phone import Attachment, Bubble, Emoji, Phone, Quote
from cloud_simulator.event_log import LogEntry
from cloud_simulator.faults import Subject
from cloud_simulator.state import State
from cloud_simulator.webhooks.webhook_dispatcher import WebhookDispatcher
from cloud_simulator.webhooks.webhook_event import ARRAYS, WebhookEvent

Content = tuple[dict[str, object], Bubble]
"""The content of a message for a webhook's `messages`, and the bubble on the sender's phone."""
_ECHO = "smb_message_echoes"


class Inbound:
    """The receiving side of all business numbers."""

    def __init__(self, state: State, dispatcher: WebhookDispatcher) -> None:
        self._state = state
        self._dispatcher = dispatcher

    def send(self, phone: Phone, message: PhoneMessage) -> str:
        """Send a message from a phone; returns its id. Raises `ControlError`."""
        business = self.business(message.to)
        id = message.id or self._state.new_wamid()
        content, bubble = self._content(business, phone, message)
        context = content.pop("context", None)
        if message.quote:
            context = {"from": business.display_phone_number, "id": message.quote.id}
        timestamp = str(message.timestamp or int(self._state.now()))
        head: dict[str, object] = {"id": id, "timestamp": timestamp}
        if not phone.hide_phone:
            head["from"] = phone.number
        if phone.user_id:
            head["from_user_id"] = phone.user_id
        if context:
            head["context"] = context
        element = {**head, **content}
        at = int(self._state.now() * 1000)
        to = business.phone_number_id
        bubble = bubble.model_copy(
            update={"id": id, "sender": phone.number, "to": to, "fromMe": True, "at": at}
        )
        phone.show(bubble)
        self._store(business, phone, bubble, element, message.field)
        if self._reaches_business(message):
            self._dispatcher.dispatch(self._event(business, phone, element, message.field, bubble))
        return id

    def business(self, number: str | None) -> Business:
        """Find a business number, by default the first; raises `ControlError`."""
        businesses = self._state.businesses
        found = businesses.get(number) if number else next(iter(businesses.values()), None)
        if found is None:
            raise ControlError("There is no such business number: POST /control/numbers makes one.")
        return found

    def change_identity(self, phone: Phone, change: IdentityChange) -> None:
        """Change number or user id, and tell the businesses by a `system` message; raises `ControlError`."""
        numbers = [change.to] if change.to else list(self._state.businesses)
        businesses = [self.business(number) for number in numbers]
        old_number, old_user_id = phone.number, phone.user_id
        phone.number = change.number or old_number
        phone.user_id = change.user_id or self._state.new_user_id()
        new_number = phone.number != old_number and not phone.hide_phone
        kind = "user_changed_number" if new_number else "user_changed_user_id"
        body = f"User {phone.name} changed {'number' if new_number else 'user id'}"
        system: dict[str, object] = {"type": kind, "body": body, "user_id": phone.user_id}
        if old_user_id:
            system["previous_user_id"] = old_user_id
        if new_number:
            system["wa_id"] = phone.number
        for business in businesses:
            element: dict[str, object] = {
                "id": self._state.new_wamid(),
                "timestamp": str(int(self._state.now())),
                "type": "system",
                "system": system,
            }
            if not phone.hide_phone:
                element["from"] = old_number
            event = self._event(business, phone, element, "messages", Bubble(id="", kind="system"))
            self._dispatcher.dispatch(replace(event, contacts=()))

    def _content(self, business: Business, phone: Phone, message: PhoneMessage) -> Content:
        if message.text is not None:
            quote = Quote(id=message.quote.id) if message.quote else None
            bubble = Bubble(id="", kind="text", text=message.text, quote=quote)
            return {"type": "text", "text": {"body": message.text}}, bubble
        if message.media:
            return self._file(business, message.media)
        if message.reaction:
            return _reaction(message.reaction)
        if press := message.button or message.row:
            return _press(business, phone, press, is_row=message.row is not None)
        kind = message.content
        value = cast("object", getattr(message, kind))
        content = message.raw if message.raw is not None else {"type": kind, kind: value}
        bubble = Bubble(id="", kind=str(content.get("type", "unknown")), content=value)
        return dict(content), bubble

    def _file(self, business: Business, media: Media) -> Content:
        voice = media.voice or media.kind == "voice"
        kind = "audio" if voice else media.kind
        file = self._state.add_file(
            business.phone_number_id, media.data, media.mimetype, media.filename or "", inbound=True
        )
        content: dict[str, object] = {
            "id": file.id,
            "mime_type": media.mimetype,
            "sha256": file.sha256_in_webhook,
            "url": self._state.new_media_url(file),
        }
        if media.kind in {"audio", "voice"}:
            content["voice"] = voice
        for name in ("filename", "caption", "animated"):
            if (given := getattr(media, name)) is not None:
                content[name] = given
        attachment = Attachment(
            kind=kind, media=file.id, mimetype=media.mimetype, filename=media.filename, sha256=file.sha256,
            size=len(file.data), voice=voice,
        )  # fmt: skip
        bubble = Bubble(id="", kind=media.kind, caption=media.caption or "", media=attachment)
        return {"type": kind, kind: content}, bubble

    def _reaches_business(self, message: PhoneMessage) -> bool:
        """Return whether there is a webhook: Meta reports no reaction to a message of the person itself."""
        if message.reaction is None:
            return True
        target = self._state.messages.get(message.reaction.id)
        return target is None or not target.inbound

    def _store(
        self, business: Business, phone: Phone, bubble: Bubble, element: Mapping[str, object], field: str
    ) -> None:
        number = business.phone_number_id
        now = self._state.now()
        text = bubble.text or bubble.caption
        self._state.messages[bubble.id] = Message(
            id=bubble.id, number=number, phone=phone, inbound=True, kind=bubble.kind, at=now, text=text
        )
        if bubble.kind != "reaction" and field != _ECHO:
            self._state.open_window(number, phone)
        self._state.record(
            LogEntry(
                at=now,
                event="inbound",
                number=number,
                phone=phone.id,
                id=bubble.id,
                kind=bubble.kind,
                body=element,
            )
        )

    def _event(
        self, business: Business, phone: Phone, element: dict[str, object], field: str, bubble: Bubble
    ) -> WebhookEvent:
        number = business.phone_number_id
        text = bubble.text or bubble.caption
        subject = Subject(on="webhook", number=number, phone=phone.names, kind=bubble.kind, text=text)
        if field == _ECHO:
            element = {**element, "from": business.display_phone_number, "to": phone.number}
        return WebhookEvent(
            number=number,
            order_key=phone.id,
            field=field,
            array=ARRAYS.get(field, "messages"),
            element=element,
            contacts=[phone.contact],
            subject=subject,
        )


def _reaction(reaction: Emoji) -> Content:
    content: dict[str, object] = {"message_id": reaction.id}
    if reaction.emoji:
        content["emoji"] = reaction.emoji
    return {"type": "reaction", "reaction": content}, Bubble(id="", kind="reaction", reaction=reaction)


def _press(business: Business, phone: Phone, press: Press, *, is_row: bool) -> Content:
    wanted = press.id or press.title or ""
    offer = phone.find(press.context) if press.context else phone.find_offer(wanted)
    offered = [*offer.buttons, *offer.rows] if offer else []
    choice = next((one for one in offered if wanted in {one.id, one.title}), None)
    id = press.id or (choice.id if choice else None)
    if id is None:
        raise ControlError(f"No message on this phone offers {wanted!r}.")
    is_row = is_row or (offer is not None and choice in offer.rows)
    title = press.title or (choice.title if choice else id)
    context = {"from": business.display_phone_number, "id": press.context or (offer.id if offer else "")}
    bubble = Bubble(id="", kind="interactive", text=title, quote=Quote(id=str(context["id"])))
    if offer and offer.template:
        button = {"text": title, "payload": id}
        return {"type": "button", "button": button, "context": context}, bubble
    name = "list_reply" if is_row else "button_reply"
    reply: dict[str, object] = {"id": id, "title": title}
    description = press.description or (choice.description if choice else "")
    if is_row and description:
        reply["description"] = description
    interactive = {"type": name, name: reply}
    return {"type": "interactive", "interactive": interactive, "context": context}, bubble

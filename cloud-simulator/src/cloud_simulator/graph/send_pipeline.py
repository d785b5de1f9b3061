"""What happens to a message of a business: it is checked, accepted, shown on a phone, and reported in statuses."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from cloud_simulator.entities.business import Business
from cloud_simulator.entities.media import check_use
from cloud_simulator.entities.message import Message
from cloud_simulator.entities.phone import Phone
from cloud_simulator.entities.template import Template
from cloud_simulator.errors import GraphError, webhook_error
from cloud_simulator.event_log import LogEntry
from cloud_simulator.faults import SEND_ACTIONS, Fault, StatusUpdate, Subject
from cloud_simulator.graph.bubble import message_text, render_bubble
from cloud_simulator.graph.send_request import ReadRequest, SendRequest
from cloud_simulator.graph.strict_model import MediaSource
from cloud_simulator.state import State, digits
from cloud_simulator.webhooks.webhook_dispatcher import WebhookDispatcher
from cloud_simulator.webhooks.webhook_event import WebhookEvent

MONTH = 30 * 86400.0
_ARRIVED = frozenset({"delivered", "read", "played"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedSend:
    """An accepted message: the response, how to post its statuses, and the faults that remain to be applied."""

    response: dict[str, object]
    post_statuses: Callable[[], None]
    faults: Mapping[str, Fault]


class SendPipeline:
    """The sending side of all business numbers."""

    def __init__(self, state: State, dispatcher: WebhookDispatcher) -> None:
        self._state = state
        self._dispatcher = dispatcher

    def accept(self, business: Business, request: SendRequest, subject: Subject) -> AcceptedSend:
        """Accept a message; raises `GraphError`. A refused message does not count for faults."""
        template = self._template(business, request)
        phone = self._recipient(business, request, template)
        self._check_references(business, request)
        in_window = self._check_window(business, request, phone)
        recipient = phone.id if phone else str(request.to or request.recipient)
        self._state.count_for_pair(business.phone_number_id, recipient)
        faults = self._state.faults.match(subject, SEND_ACTIONS)
        updates = _planned_updates(request, phone, faults, in_window=in_window)
        message = self._store(business, request, phone, template)
        if phone and _arrives(updates):
            phone.show(render_bubble(self._state, message, request, phone, template))

        def post_statuses() -> None:
            for update in updates:
                self.post_status(message, update)

        response = _response(message, request, phone, faults)
        return AcceptedSend(response=response, post_statuses=post_statuses, faults=faults)

    def mark_read(self, business: Business, request: ReadRequest) -> None:
        """Mark a person's message and those before it as read, and show a typing indicator if asked."""
        message = self._state.messages.get(request.message_id)
        number = business.phone_number_id
        if message is None or not message.inbound or message.number != number or not message.phone:
            raise GraphError(131009, "message_id is no message that this number has received")
        if message.at + MONTH < self._state.now():
            raise GraphError(131009, "the message is older than 30 days")
        now = int(self._state.now() * 1000)
        message.phone.mark_read(request.message_id, number, now)
        if request.typing_indicator:
            message.phone.show_typing(number, now)

    def post_status(self, message: Message, update: StatusUpdate) -> None:
        """Post a status of a message to its business."""
        phone = message.phone
        subject = Subject(
            on="webhook",
            number=message.number,
            phone=phone.names if phone else frozenset(),
            kind=message.kind,
            status=update.status,
            ref=message.ref or "",
            text=message.text,
        )
        self._dispatcher.dispatch(
            WebhookEvent(
                number=message.number,
                order_key=phone.id if phone else message.id,
                field="messages",
                array="statuses",
                element=_status(message, update, int(self._state.now())),
                contacts=[phone.contact] if phone and update.status != "failed" else [],
                subject=subject,
            )
        )

    def _template(self, business: Business, request: SendRequest) -> Template | None:
        if request.template is None:
            return None
        wanted = request.template
        template = self._state.template(business.waba_id, wanted.name, wanted.language.code)
        template.fill(wanted.body)
        return template

    def _recipient(self, business: Business, request: SendRequest, template: Template | None) -> Phone | None:
        if request.to is None:
            if template and template.category == "AUTHENTICATION":
                raise GraphError(131062)
            return self._state.phone(str(request.recipient))
        if digits(request.to) == business.display_phone_number:
            raise GraphError(131021)
        return self._state.phone_by_number(request.to)

    def _check_references(self, business: Business, request: SendRequest) -> None:
        """Raise `GraphError` when a referenced message or file does not exist, or cannot be used so."""
        if request.quotes is not None:
            self._find_message(business, request.quotes)
        if request.reaction:
            self._check_reaction(business, request.reaction.message_id)
        if found := request.source:
            self._check_file(*found, voice=request.voice)

    def _find_message(self, business: Business, id: str) -> Message:
        message = self._state.messages.get(id)
        if message is None or message.number != business.phone_number_id:
            raise GraphError(131009, f"message {id} is none of this number")
        return message

    def _check_reaction(self, business: Business, id: str) -> None:
        message = self._find_message(business, id)
        if message.kind == "reaction" or message.at + MONTH < self._state.now():
            raise GraphError(131009, "a reaction, or a message older than 30 days, cannot be reacted to")

    def _check_file(self, kind: str, source: MediaSource, *, voice: bool) -> None:
        if source.id is not None:
            check_use(self._state.media.find(source.id, self._state.now()), kind, voice=voice)

    def _check_window(self, business: Business, request: SendRequest, phone: Phone | None) -> bool:
        """Return whether the 24 hours allow the message; raises `GraphError` when `window` is `sync`."""
        window = self._state.config.window
        if request.template or phone is None or window == "off":
            return True
        if self._state.is_window_open(business.phone_number_id, phone):
            return True
        if window == "sync":
            raise GraphError(131047, "more than 24 hours have passed since the user last wrote")
        return False

    def _store(
        self, business: Business, request: SendRequest, phone: Phone | None, template: Template | None
    ) -> Message:
        message = Message(
            id=self._state.new_wamid(),
            number=business.phone_number_id,
            phone=phone,
            inbound=False,
            kind=request.type,
            at=self._state.now(),
            text=message_text(request, template),
            voice=request.voice,
            ref=request.biz_opaque_callback_data,
            to_phone=request.to is not None,
            category=template.category.lower() if template else "service",
        )
        self._state.messages[message.id] = message
        self._state.record(
            LogEntry(
                at=message.at,
                event="accepted",
                number=message.number,
                phone=phone.id if phone else "",
                id=message.id,
                kind=message.kind,
                ref=message.ref or "",
                body=request.model_dump(exclude_unset=True),
            )
        )
        return message


def _planned_updates(
    request: SendRequest, phone: Phone | None, faults: Mapping[str, Fault], *, in_window: bool
) -> Sequence[StatusUpdate]:
    """Return the statuses that the message will get."""
    if phone is None:
        return [StatusUpdate(status="failed", code=131026)]
    if not in_window:
        return [StatusUpdate(status="failed", code=131047)]
    if fault := faults.get("statuses") or faults.get("fail"):
        return fault.updates
    updates = [StatusUpdate(status="sent"), StatusUpdate(status="delivered")]
    if phone.auto_read:
        updates.append(StatusUpdate(status="read"))
        if request.voice:
            updates.append(StatusUpdate(status="played"))
    return updates


def _arrives(updates: Sequence[StatusUpdate]) -> bool:
    statuses = {update.status for update in updates}
    return "failed" not in statuses or bool(statuses & _ARRIVED)


def _response(
    message: Message, request: SendRequest, phone: Phone | None, faults: Mapping[str, Fault]
) -> dict[str, object]:
    contact: dict[str, object] = {"input": request.to or request.recipient}
    if fault := faults.get("wa_id"):
        contact["wa_id"] = fault.wa_id
    elif request.to is not None or (phone and not phone.hide_phone):
        contact["wa_id"] = phone.number if phone else digits(str(request.to))
    if phone and phone.user_id:
        contact["user_id"] = phone.user_id
    sent: dict[str, object] = {"id": message.id}
    if "hold" in faults:
        sent["message_status"] = "held_for_quality_assessment"
    elif request.template:
        sent["message_status"] = "accepted"
    response: dict[str, object] = {"messaging_product": "whatsapp", "contacts": [contact]}
    return response if "no_id" in faults else {**response, "messages": [sent]}


def _status(message: Message, update: StatusUpdate, timestamp: int) -> dict[str, object]:
    """Return an element of a webhook's `statuses`."""
    phone = message.phone
    failed = update.status == "failed"
    status: dict[str, object] = {"id": message.id, "status": update.status, "timestamp": str(timestamp)}
    if phone and not phone.hide_phone:
        status["recipient_id"] = phone.number
    if phone and phone.user_id and not (failed and message.to_phone):
        status["recipient_user_id"] = phone.user_id
    if message.ref is not None:
        status["biz_opaque_callback_data"] = message.ref
    if failed:
        status["errors"] = [webhook_error(update.code or 131026, update.details)]
    elif update.status in {"sent", "delivered"}:
        category = message.category
        pricing = {"billable": True, "pricing_model": "PMP", "category": category, "type": "regular"}
        status["pricing"] = pricing
    return status

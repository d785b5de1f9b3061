"""Read statuses: what became of a message that Cleo sent."""

from cleo.channels.whatsapp.backend import CHANNEL
from cleo.channels.whatsapp.cloud import wire
from cleo.channels.whatsapp.cloud.callback_data import read_callback_data
from cleo.channels.whatsapp.cloud.errors import error_class_of, is_window, reason_of
from cleo.channels.whatsapp.cloud.identities import read_group, read_id, read_parent, read_person
from cleo.channels.whatsapp.cloud.inbound.messages import ParsedEvent, read_time
from cleo.domain.content import MessageId, Template
from cleo.domain.identity import Address
from cleo.domain.message import Receipt, ReceiptState

_STATES: dict[str, ReceiptState] = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "played": "played",
    "failed": "failed",
}


def read_status(
    status: wire.Status, *, number_id: str, reopen_template: Template | None, now: float
) -> ParsedEvent:
    """Read what became of a message. A status that Cleo does not use, such as `deleted`, has no event."""
    if status.type == "payment":  # one that failed says nothing about the message that asked for it
        return ParsedEvent()
    state = _STATES.get(status.status or "")
    id, chat = read_id(status.id), _chat(status)
    about = read_callback_data(status.biz_opaque_callback_data)
    if not status.status or id is None or (chat is None and about is None):
        return ParsedEvent(problem="it does not say which message, whose or what became of it")
    if state is None:
        return ParsedEvent()
    error = next((each for each in status.errors if each), None) if state == "failed" else None
    held = reopen_template is not None and error is not None and is_window(error.code)
    return ParsedEvent(
        event=Receipt(
            channel=CHANNEL,
            chat=chat,
            of=(MessageId(id),),
            state=state,
            at=read_time(status.timestamp, now)[0],
            reason=_reason(error or wire.Error()) if state == "failed" else "",
            number_id=number_id,
            key=about.key if about else "",
            attempt=about.attempt if about else 1,
            held=held,
            reopen_template=reopen_template if held else None,
        )
    )


def _chat(status: wire.Status) -> Address | None:
    if status.recipient_type == "group" or status.group_id:
        return read_group(status.group_id or status.recipient_id)
    return (
        read_person(status.recipient_id)
        or read_person(status.recipient_user_id)
        or read_parent(status.recipient_parent_user_id)
    )


def _reason(error: wire.Error) -> str:
    said = error.error_data.details if error.error_data else None
    words = reason_of(error.code, error.title or error.message or "", said or "")
    if error_class_of(error.code) in {"retry", "throttle"}:  # nobody tries again what was taken over
        words = "WhatsApp took it over, and then could not deliver it."
    number = f"({error.code})"
    return words if error.code is None or number in words else f"{words} {number}"

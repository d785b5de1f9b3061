"""The history of one message, as Meta keeps it."""

from datetime import UTC, datetime, tzinfo

from cleo.channels.whatsapp.backend_spec import BackendContext
from cleo.channels.whatsapp.cloud.doctor.graph_query import ask, is_unknown_node, origin_of
from cleo.channels.whatsapp.cloud.doctor.token import not_checked
from cleo.channels.whatsapp.cloud.outbound.responses import LenientModel, read_body
from cleo.channels.whatsapp.cloud.settings import CloudSettings
from cleo.channels.whatsapp.cloud.wire import Many, Maybe
from cleo.ports.finding import Finding, Findings, bad, good, note

_FIELDS = "id,message_id,events{delivery_status,webhook_update_state,webhook_uri,timestamp,error_description}"
_AGAIN = "Meta sends it again for up to 7 days, until it is answered with 200. `cleo doctor` looks at the way there."


class _Event(LenientModel):
    delivery_status: Maybe[str] = None
    webhook_update_state: Maybe[str] = None
    webhook_uri: Maybe[str] = None
    timestamp: Maybe[str] = None
    error_description: Maybe[str] = None


class _EventList(LenientModel):
    data: Many[_Event] = ()


class _Message(LenientModel):
    events: Maybe[_EventList] = None


class _History(LenientModel):
    data: Many[_Message] = ()


def history(context: BackendContext, message: str) -> Findings:
    """Ask Meta about one message by its id, such as `wamid.HBg…`; raises `CleoError`."""
    origin = origin_of(CloudSettings.of(context.settings))
    asked = {"message_id": message, "fields": _FIELDS}
    response = ask(origin, origin.number("message_history").copy_merge_params(asked))
    if is_unknown_node(response):
        fix = "The id is the whole of what begins with wamid. Meta may not tell it of every account, or any more."
        yield bad("Meta tells nothing of such a message of this number", fix)
        return
    if not response.is_success:
        yield not_checked(response, "The message")
        return
    messages = [each.events for each in read_body(_History, response.body).data if each]
    events = [event for each in messages if each for event in each.data if event]
    if not events:
        yield note("Meta knows the message and tells of no webhook about it", "Try again in a minute.")
    for event in events:
        yield _finding(event, context.zone)


def _finding(event: _Event, zone: tzinfo) -> Finding:
    what = (event.delivery_status or "something").lower()
    where = (event.webhook_uri or "no callback").partition("?")[0]
    begun = f"{_time(event.timestamp, zone)} Meta told “{what}” to {where}"
    if (event.webhook_update_state or "").upper() == "SUCCESS":
        return good(f"{begun}: taken")
    why = f": {event.error_description}" if event.error_description else ""
    return bad(f"{begun}: not taken ({event.webhook_update_state or 'no state'}){why}", _AGAIN)


def _time(text: str | None, zone: tzinfo) -> str:
    try:
        return f"{datetime.fromtimestamp(float(text or ''), UTC).astimezone(zone):%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError, OSError):
        return (text or "At an unknown time").strip()

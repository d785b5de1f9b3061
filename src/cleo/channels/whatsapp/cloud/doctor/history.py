"""What became of one message, as Meta tells it."""

from datetime import UTC, datetime, tzinfo

from cleo.channels.whatsapp.backend_spec import BackendContext
from cleo.channels.whatsapp.cloud.doctor.graph_query import ask, is_unknown, origin_of
from cleo.channels.whatsapp.cloud.doctor.token import unseen
from cleo.channels.whatsapp.cloud.outbound.responses import Tolerant, read_body
from cleo.channels.whatsapp.cloud.settings import CloudSettings
from cleo.channels.whatsapp.cloud.wire import Many, Maybe
from cleo.ports.finding import Finding, Findings, bad, good, note

_FIELDS = "id,message_id,events{delivery_status,webhook_update_state,webhook_uri,timestamp,error_description}"
_AGAIN = "Meta sends it again for up to 7 days, until it is answered with 200. `cleo doctor` looks at the way there."


class _Event(Tolerant):
    delivery_status: Maybe[str] = None
    webhook_update_state: Maybe[str] = None
    webhook_uri: Maybe[str] = None
    timestamp: Maybe[str] = None
    error_description: Maybe[str] = None


class _Events(Tolerant):
    data: Many[_Event] = ()


class _Message(Tolerant):
    events: Maybe[_Events] = None


class _Told(Tolerant):
    data: Many[_Message] = ()


def history(context: BackendContext, message: str) -> Findings:
    """Ask Meta about one message by its id, such as `wamid.HBg…`; raises `CleoError`."""
    origin = origin_of(CloudSettings.of(context.settings))
    asked = {"message_id": message, "fields": _FIELDS}
    answer = ask(origin, origin.number("message_history").copy_merge_params(asked))
    if is_unknown(answer):
        fix = "The id is the whole of what begins with wamid. Meta may not tell it of every account, or any more."
        yield bad("Meta tells nothing of such a message of this number", fix)
        return
    if not answer.well:
        yield unseen(answer, "The message")
        return
    messages = [each.events for each in read_body(_Told, answer.body).data if each]
    events = [event for each in messages if each for event in each.data if event]
    if not events:
        yield note("Meta knows the message and tells of no webhook about it", "Try again in a minute.")
    for event in events:
        yield _sentence(event, context.zone)


def _sentence(event: _Event, zone: tzinfo) -> Finding:
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

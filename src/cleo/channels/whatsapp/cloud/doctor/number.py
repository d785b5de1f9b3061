"""The state of the number at Meta."""

import re
from typing import Final

from cleo.channels.whatsapp.cloud.doctor.graph_query import ask, is_unknown_node, origin_of
from cleo.channels.whatsapp.cloud.doctor.token import not_checked
from cleo.channels.whatsapp.cloud.outbound.responses import GraphResponse, LenientModel, read_body
from cleo.channels.whatsapp.cloud.settings import CloudSettings
from cleo.channels.whatsapp.cloud.wire import Many, Maybe
from cleo.ports.finding import Finding, Findings, bad, good, note

NEWEST: Final = "v26.0"
"""The newest version of the Graph API that Cleo knows of: the one in Meta's documentation of the middle of 2026."""
_BEHIND = 2
_MANAGER = "Look at the number in the WhatsApp Manager: business.facebook.com → WhatsApp accounts."
_FIELDS = (
    "status,quality_rating,throughput,platform_type,is_official_business_account,is_on_biz_app,"
    "webhook_configuration,health_status"
)


class _Throughput(LenientModel):
    level: Maybe[str] = None


class _Trouble(LenientModel):
    error_code: Maybe[int] = None
    error_description: Maybe[str] = None
    possible_solution: Maybe[str] = None


class _Entity(LenientModel):
    entity_type: Maybe[str] = None
    can_send_message: Maybe[str] = None
    errors: Many[_Trouble] = ()


class _HealthStatus(LenientModel):
    can_send_message: Maybe[str] = None
    entities: Many[_Entity] = ()


class _Callbacks(LenientModel):
    phone_number: Maybe[str] = None
    whatsapp_business_account: Maybe[str] = None
    application: Maybe[str] = None


class Number(LenientModel):
    """The fields of a number."""

    status: Maybe[str] = None
    quality_rating: Maybe[str] = None
    throughput: Maybe[_Throughput] = None
    platform_type: Maybe[str] = None
    is_official_business_account: Maybe[bool] = None
    is_on_biz_app: Maybe[bool] = None
    webhook_configuration: Maybe[_Callbacks] = None
    health_status: Maybe[_HealthStatus] = None

    @property
    def callback(self) -> str:
        """Return where its webhooks go: the number's own callback, else the account's, else the app's."""
        told = self.webhook_configuration or _Callbacks()
        return told.phone_number or told.whatsapp_business_account or told.application or ""


def ask_number(settings: CloudSettings) -> tuple[GraphResponse, Number]:
    """Query the number; raises `CleoError`."""
    origin = origin_of(settings)
    response = ask(origin, origin.number().copy_set_param("fields", _FIELDS))
    return response, read_body(Number, response.body)


def version(settings: CloudSettings) -> Findings:
    """Check the version of the API against the newest that is known."""
    used = settings.whatsapp_cloud_api_version
    if _major(used) <= _major(NEWEST) - _BEHIND:
        what = (
            f"WHATSAPP_CLOUD_API_VERSION={used} is old: {NEWEST} is out, and Meta switches old versions off"
        )
        yield note(what, f"Unset it, or set {NEWEST}.")
    else:
        yield good(f"Graph API {used}")


def number(response: GraphResponse, told: Number) -> Findings:
    """Check the fields of the number."""
    if response.is_success:
        yield from _judge(told)
    elif is_unknown_node(response):
        yield bad(
            "Graph does not know the number, or does not show it to this token",
            "WHATSAPP_CLOUD_PHONE_NUMBER_ID must be the id (app dashboard → WhatsApp → API setup), not the phone "
            "number; and the system user must have the WhatsApp account among its assets.",
        )
    else:
        yield not_checked(response, "The number with its quality and its callback")


def _judge(told: Number) -> Findings:
    yield _status(told)
    yield _quality(told)
    if told.platform_type and told.platform_type != "CLOUD_API":
        fix = "Register it: POST /{number id}/register with a PIN of your choice, or in the WhatsApp Manager."
        yield bad(f"The number is not on the Cloud API ({told.platform_type})", fix)
    if told.is_on_biz_app:
        yield note(
            "The number is also used in the WhatsApp Business app",
            "It carries at most 20 messages a second and no groups; what you type there is kept, and not answered.",
        )
    yield from _health(told.health_status or _HealthStatus())


def _status(told: Number) -> Finding:
    status = (told.status or "unknown").upper()
    level = f", throughput {told.throughput.level}" if told.throughput and told.throughput.level else ""
    official = ", official business account" if told.is_official_business_account else ""
    if status == "CONNECTED":
        return good(f"The number is connected{level}{official}")
    return bad(f"The number is {status}{level}", _MANAGER)


def _quality(told: Number) -> Finding:
    quality = (told.quality_rating or "UNKNOWN").upper()
    if quality == "RED":
        fix = f"People block or report it, and Meta may limit it. Write only to people who expect it. {_MANAGER}"
        return bad("Quality of the number: RED", fix)
    if quality == "YELLOW":
        return note("Quality of the number: YELLOW", "Some people block or report it. Write less.")
    return good(f"Quality of the number: {quality}")


def _health(told: _HealthStatus) -> Findings:
    """Check Meta's own judgement of the number, its account, the business and the app."""
    if (told.can_send_message or "AVAILABLE") == "AVAILABLE":
        yield good("Meta sees nothing that keeps it from sending")
        return
    for entity in (each for each in told.entities if each and each.can_send_message != "AVAILABLE"):
        troubles = [each for each in entity.errors if each]
        why = " ".join(_sentence(each.error_description) for each in troubles)
        fix = " ".join(_sentence(each.possible_solution) for each in troubles)
        what = f"Meta: {entity.entity_type} is {entity.can_send_message}. {why}".strip()
        if entity.can_send_message == "BLOCKED":
            yield bad(what, fix.strip() or _MANAGER)
        else:
            yield note(what, fix.strip() or _MANAGER)


def _sentence(text: str | None) -> str:
    return f"{text.strip().rstrip('.')}." if text and text.strip() else ""


def _major(text: str) -> int:
    found = re.match(r"v(\d+)", text)
    return int(found[1]) if found else 0

"""Read news of the account that its owner must know: bans, restrictions, quality, templates, its PIN.

Source: Meta's webhook reference, the fields `account_update`, `account_review_update`, `account_alerts`,
`phone_number_quality_update`, `phone_number_name_update`, `message_template_status_update`,
`message_template_quality_update` and `security`. Everything else of an account is kept and means nothing here.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from cleo.channels.http.lenient import Many, Maybe
from cleo.channels.http.sanitize import label
from cleo.channels.http.strict_json import Json
from cleo.channels.whatsapp.backend import CHANNEL
from cleo.channels.whatsapp.cloud.wire import Part
from cleo.domain.health import AccountNews

_LONGEST = 300
_LOOK = "Look at it in the WhatsApp Manager."
_OVER = frozenset(
    {"APPROVED", "REINSTATED", "UNFLAGGED", "UPGRADE", "ONBOARDING", "GREEN", "YELLOW", "UNPAUSED"}
)
_BAD_TEMPLATE = frozenset(
    {"PAUSED", "DISABLED", "REJECTED", "FLAGGED", "PENDING_DELETION", "DELETED", "LIMIT_EXCEEDED"}
)
_RESTRICTIONS = {
    "RESTRICTED_BIZ_INITIATED_MESSAGING": "it cannot write first",
    "RESTRICTED_CUSTOMER_INITIATED_MESSAGING": "it cannot answer people",
    "RESTRICTED_ADD_PHONE_NUMBER_ACTION": "no number can be added",
}


class Restriction(Part):
    """What is not allowed, and until when (Unix seconds)."""

    restriction_type: Maybe[str] = None
    expiration: Maybe[int] = None


class BanInfo(Part):
    """What is decided about the account."""

    waba_ban_state: Maybe[str] = None
    waba_ban_date: Maybe[str] = None


class ViolationInfo(Part):
    """Which rule the account broke."""

    violation_type: Maybe[str] = None


class AlertInfo(Part):
    """An alert of an account."""

    alert_severity: Maybe[str] = None
    alert_status: Maybe[str] = None
    alert_type: Maybe[str] = None
    alert_description: Maybe[str] = None


class AccountValue(Part):
    """The value of a change that is about the account."""

    event: Maybe[str] = None
    decision: Maybe[str] = None
    rejection_reason: Maybe[str] = None
    reason: Maybe[str] = None
    current_limit: Maybe[str] = None
    new_quality_score: Maybe[str] = None
    message_template_name: Maybe[str] = None
    message_template_language: Maybe[str] = None
    alert_info: Maybe[AlertInfo] = None
    ban_info: Maybe[BanInfo] = None
    violation_info: Maybe[ViolationInfo] = None
    restriction_info: Many[Restriction] = ()


def read_account_event(field: str, value: Json) -> AccountNews | None:
    """Read the value of a change of the field; None: it is nothing that the owner must know."""
    reader = _READERS.get(field)
    if reader is None or not isinstance(value, dict):
        return None
    found = reader(AccountValue.model_validate(value))
    return AccountNews(channel=CHANNEL, subject=found[0], words=found[1][:_LONGEST]) if found else None


_News = tuple[str, str] | None
"""Subject and words."""


def _account(value: AccountValue) -> _News:
    event = (value.event or "").upper()
    if event == "DISABLED_UPDATE":
        return _ban(value.ban_info or BanInfo())
    if event == "ACCOUNT_RESTRICTION":
        return "restriction", _restriction(value)
    if event == "ACCOUNT_VIOLATION":
        rule = label(value.violation_info.violation_type) if value.violation_info else ""
        return "violation", f"Meta says that the account broke a rule{_named(rule)}. {_LOOK}"
    if event == "ACCOUNT_DELETED":
        return (
            "account",
            f"Meta says that the WhatsApp Business Account was deleted. {_LOOK}",
        )
    return None


def _ban(ban: BanInfo) -> _News:
    state, date = (ban.waba_ban_state or "").upper(), label(ban.waba_ban_date)
    if state == "REINSTATE":
        return "account", ""
    when = f" on {date}" if date else ""
    if state == "SCHEDULE_FOR_DISABLE":
        return "account", f"Meta will disable the WhatsApp Business Account{when}. {_LOOK}"
    return "account", f"Meta has disabled the WhatsApp Business Account{when}. {_LOOK}"


def _restriction(value: AccountValue) -> str:
    limits = [_limit(each) for each in value.restriction_info if each]
    said = "; ".join(limits) or "what it may not do is not said"
    return f"Meta restricts the WhatsApp account: {said}. {_LOOK}"


def _limit(restriction: Restriction) -> str:
    name = restriction.restriction_type or ""
    until = ""
    if restriction.expiration and 0 < restriction.expiration < 2**33:
        until = f" until {datetime.fromtimestamp(restriction.expiration, UTC):%Y-%m-%d %H:%M} UTC"
    return f"{_RESTRICTIONS.get(name, label(name).lower().replace('_', ' '))}{until}"


def _review(value: AccountValue) -> _News:
    decision = (value.decision or "").upper()
    if decision in _OVER:
        return "review", ""
    return "review", f"Meta's review of the account ended with {label(decision) or 'no decision'}. {_LOOK}"


def _alert(value: AccountValue) -> _News:
    alert = value.alert_info or AlertInfo()
    kind = label(alert.alert_type) or "alert"
    if (alert.alert_severity or "").upper() == "INFORMATIONAL":
        return None
    if (alert.alert_status or "").upper() == "RESOLVED":
        return f"alert {kind}", ""
    said = label(alert.alert_description) or kind.lower().replace("_", " ")
    return f"alert {kind}", f"Meta warns about the account: {said} {_LOOK}"


def _quality(value: AccountValue) -> _News:
    event = (value.event or "").upper()
    if event in _OVER:
        return "quality", ""
    limit = ""
    if value.current_limit:
        limit = f" It may write first to so many people a day: {label(value.current_limit)}."
    what = (
        "people block or report the number" if event == "FLAGGED" else f"{label(event).lower() or 'a change'}"
    )
    return "quality", f"Meta rates the number lower: {what}.{limit} {_LOOK}"


def _name(value: AccountValue) -> _News:
    if (value.decision or "").upper() in _OVER:
        return "name", ""
    why = label(value.rejection_reason)
    return "name", f"Meta did not accept the number's name{_named(why)}. {_LOOK}"


def _template(value: AccountValue) -> _News:
    name, event = label(value.message_template_name) or "?", (value.event or "").upper()
    subject = f"template {name}:{label(value.message_template_language)}"
    if event in _OVER:
        return subject, ""
    if event not in _BAD_TEMPLATE:
        return None
    why = label(value.reason) if (value.reason or "NONE").upper() != "NONE" else ""
    return (
        subject,
        f"Meta's word on the template {name}: {event.lower().replace('_', ' ')}{_named(why)}. {_LOOK}",
    )


def _template_quality(value: AccountValue) -> _News:
    name, score = label(value.message_template_name) or "?", (value.new_quality_score or "").upper()
    if score in _OVER:
        return f"quality of the template {name}", ""
    if score != "RED":
        return None
    return (
        f"quality of the template {name}",
        f"Meta rates the template {name} as low, and may pause it. {_LOOK}",
    )


def _security(value: AccountValue) -> _News:
    event = label(value.event).lower().replace("_", " ") or "a change"
    return (
        "security",
        f"Somebody changed the two-step PIN of the number, or asked for that ({event}). Was it you?",
    )


def _named(why: str) -> str:
    return f" ({why})" if why else ""


_READERS: dict[str, Callable[[AccountValue], _News]] = {
    "account_update": _account,
    "account_review_update": _review,
    "account_alerts": _alert,
    "phone_number_quality_update": _quality,
    "phone_number_name_update": _name,
    "message_template_status_update": _template,
    "message_template_quality_update": _template_quality,
    "security": _security,
}

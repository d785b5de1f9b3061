"""What Meta says about the account reaches its owner, once, and is over when Meta says so."""

from typing import Any

import pytest
from tests.support.cloud_payloads import Json, parse_change

from cleo.channels.whatsapp.cloud.inbound.account_events import read_account_event
from cleo.domain.health import AccountNews


def template(event: str, **more: Any) -> Json:
    return {"event": event, "message_template_name": "hello_again", "message_template_language": "en"} | more


BAD: dict[str, tuple[str, Json, str]] = {
    "ban to come": (
        "account_update",
        {
            "event": "DISABLED_UPDATE",
            "ban_info": {"waba_ban_state": "SCHEDULE_FOR_DISABLE", "waba_ban_date": "May 1"},
        },
        "Meta will disable the WhatsApp Business Account on May 1.",
    ),
    "ban": (
        "account_update",
        {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}},
        "Meta has disabled the WhatsApp Business Account.",
    ),
    "restriction": (
        "account_update",
        {
            "event": "ACCOUNT_RESTRICTION",
            "restriction_info": [
                {"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": 1641330498},
                {"restriction_type": "RESTRICTED_NEW_THING", "expiration": "<TIMESTAMP>"},
            ],
        },
        "restricts the WhatsApp account: it cannot write first until 2022-01-04 21:08 UTC; restricted new thing.",
    ),
    "violation": (
        "account_update",
        {"event": "ACCOUNT_VIOLATION", "violation_info": {"violation_type": "SPAM"}},
        "broke a rule (SPAM)",
    ),
    "deleted": ("account_update", {"event": "ACCOUNT_DELETED"}, "was deleted"),
    "review": ("account_review_update", {"decision": "REJECTED"}, "ended with REJECTED"),
    "alert": (
        "account_alerts",
        {
            "alert_info": {
                "alert_severity": "CRITICAL",
                "alert_type": "X",
                "alert_description": "Pay your bill.",
            }
        },
        "warns about the account: Pay your bill.",
    ),
    "flagged": (
        "phone_number_quality_update",
        {"event": "FLAGGED", "current_limit": "TIER_10K"},
        "people block or report the number. It may write first to so many people a day: TIER_10K.",
    ),
    "name": ("phone_number_name_update", {"decision": "REJECTED", "rejection_reason": "ODD"}, "name (ODD)"),
    "paused": ("message_template_status_update", template("PAUSED", reason="NONE"), "hello_again: paused."),
    "rejected": ("message_template_status_update", template("REJECTED", reason="SCAM"), "rejected (SCAM)"),
    "low": ("message_template_quality_update", template("", new_quality_score="RED"), "hello_again as low"),
    "PIN": ("security", {"event": "PIN_RESET_REQUEST"}, "(pin reset request). Was it you?"),
}


@pytest.mark.parametrize(("field", "value", "words"), BAD.values(), ids=BAD)
def test_what_the_owner_must_know_is_said_in_words(field: str, value: Json, words: str) -> None:
    news = parse_change({"field": field, "value": value}).meaning
    assert isinstance(news, AccountNews)
    assert words in news.words


OVER: list[tuple[str, Json, str]] = [
    ("account_update", {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "REINSTATE"}}, "account"),
    ("account_review_update", {"decision": "APPROVED"}, "review"),
    ("phone_number_quality_update", {"event": "UNFLAGGED"}, "quality"),
    ("message_template_status_update", template("APPROVED"), "template hello_again:en"),
]


@pytest.mark.parametrize(("field", "value", "subject"), OVER)
def test_that_it_is_over_is_news_without_words(field: str, value: Json, subject: str) -> None:
    news = read_account_event(field, value)
    assert news and (news.subject, news.words) == (subject, "")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("account_update", {"event": "PARTNER_APP_INSTALLED"}),
        ("account_update", {"event": 7}),
        ("account_update", ["x"]),
        ("account_alerts", {"alert_info": {"alert_severity": "INFORMATIONAL", "alert_type": "OBA_APPROVED"}}),
        ("message_template_status_update", template("PENDING")),
        ("business_capability_update", {"max_phone_numbers_per_business": 200}),
        ("a_field_of_tomorrow", {"event": "DISABLED_UPDATE"}),
    ],
)
def test_what_needs_nobody_is_only_kept(field: str, value: object) -> None:
    assert parse_change({"field": field, "value": value}).meaning is None

"""A webhook's body as events: one for each change entry, with a key that does not depend on the others."""

import copy
import json
import time
from typing import Any

import pytest
from tests.support.cloud_payloads import (
    NOW,
    NUMBER,
    REOPEN_TEMPLATE,
    Json,
    change,
    encode,
    message_payload,
    parse_body,
    parse_change,
    parse_changes,
    status,
    webhook,
)

from cleo.channels.whatsapp.cloud.inbound.webhook_events import read_batch
from cleo.domain.message import Inbound, Receipt
from cleo.domain.webhook_batch import WebhookEvent


def test_every_entry_change_and_array_is_walked() -> None:
    body = webhook(
        change(
            messages=[message_payload("wamid.1"), message_payload("wamid.2", of="4915100000002")],
            statuses=[status("wamid.3")],
        ),
        change(
            statuses=[status("wamid.4"), status("wamid.4", "read")], errors=[{"code": 131000, "title": "Oh"}]
        ),
        change(
            "smb_message_echoes",
            message_echoes=[message_payload("wamid.5", of="15550001", to="4915100000001")],
        ),
        change("standby", messages=[message_payload("wamid.6")]),
        change("calls", calls=[{"id": "c1", "event": "connect"}]),
        change("group_lifecycle_update", groups=[{"type": "group_create", "group_id": "g"}]),
        change("user_preferences", user_preferences=[{"value": "stop"}]),
        change("history", history=[{"threads": []}]),
        change("smb_app_state_sync", state_sync=[{"type": "contact"}]),
        change("account_update", number=None, event="DISABLED_UPDATE"),
    )
    body["entry"] += webhook(
        change(messages=[message_payload("wamid.7", type="sticker", sticker={"id": "7"})])
    )["entry"]
    assert [event.kind for event in parse_body(body).events] == [
        "message/text",
        "message/text",
        "status/delivered",
        "status/delivered",
        "status/read",
        "error/131000",
        "echo/text",
        "standby/text",
        "call/connect",
        "group/group_create",
        "preference",
        "history",
        "state/contact",
        "account/account_update",
        "message/sticker",
    ]


POISON: list[object] = [
    None,
    [],
    "text",
    7,
    {},
    {"id": "wamid.P"},
    {"id": None, "from": "4915100000001", "type": "text", "text": {"body": "no id"}},
    {"id": "white space", "from": "4915100000001"},
    {"id": "x" * 100_000, "from": "4915100000001"},
    {"id": "wamid.P", "from": [], "type": {}, "text": 3, "timestamp": {}, "context": 1, "errors": "x"},
    {"id": "wamid.P", "from": "4915100000001", "type": "x" * 500_000, "timestamp": "9" * 5000},
]


@pytest.mark.parametrize("poison", POISON, ids=lambda poison: str(poison)[:30])
def test_a_broken_leaf_is_one_flagged_item_and_its_siblings_live(poison: object) -> None:
    found = parse_changes(
        change(
            messages=[message_payload("wamid.1"), poison, message_payload("wamid.2")],
            statuses=[poison, status()],
        )
    )
    assert len(found) == 5
    assert [bool(event.problem) for event in found] == [False, True, False, True, False]
    assert [type(found[index].meaning) for index in (0, 2, 4)] == [Inbound, Inbound, Receipt]
    assert all(len(event.key) < 1000 for event in found)


def test_a_broken_place_costs_only_itself() -> None:
    body = webhook(
        None,
        {},
        {"field": "messages", "value": []},
        change(messages="x"),
        change(messages=[message_payload()]),
    )
    body["entry"] += [7, {"id": "WABA"}, {"changes": {}}]
    found = parse_body(body).events
    assert [bool(event.problem) for event in found] == [True, True, True, True, False, True, True, True]
    assert isinstance(found[4].meaning, Inbound)


def test_a_wrong_field_costs_only_itself() -> None:
    event = parse_change(
        change(
            messages=[message_payload(context=7, errors={}, referral=[], group_id={}, image="x")],
            contacts={"x": 1},
        )
    )
    assert event.problem == ""
    assert isinstance(event.meaning, Inbound)


def test_what_parsers_disagree_about_costs_only_itself() -> None:
    good = json.dumps(message_payload())
    long, deep = "9" * 5000, "[" * 5000 + "]" * 5000
    odd = f'{{"id":"wamid.O","id":"wamid.P","n":NaN,"i":-Infinity,"f":1e999,"l":{long},"deep":{deep}}}'
    raw = json.dumps(webhook(change(messages=["ODD", "GOOD"]))).replace('"ODD"', odd).replace('"GOOD"', good)
    started = time.process_time()
    found = read_batch(raw.encode(), phone_number_id=NUMBER, reopen_template=None, now=NOW).events
    assert time.process_time() - started < 0.5  # 5 ms on an idle machine
    assert [(event.key, bool(event.problem)) for event in found] == [
        ("1001/message/wamid.P", True),
        ("1001/message/wamid.A", False),
    ]


@pytest.mark.parametrize(
    ("written", "kept"), [(r"a\ud800b", "a\ufffdb"), (r"\u0000", "\ufffd"), (r"\ud83d\ude00", "😀")]
)
def test_what_no_database_can_keep_is_replaced(written: str, kept: str) -> None:
    raw = json.dumps(
        webhook(change(messages=[message_payload(text={"body": "TEXT"}, type="text", odd="TEXT")]))
    )
    raw = raw.replace("TEXT", written).replace('"odd"', f'"{written}"')
    (event,) = read_batch(raw.encode(), phone_number_id=NUMBER, reopen_template=None, now=NOW).events
    assert isinstance(event.meaning, Inbound)
    assert event.meaning.content.body == kept  # type: ignore[union-attr]  # a text
    assert event.body.isascii()


def test_an_unknown_field_with_messages_is_kept_and_means_nothing() -> None:
    event = parse_change(change("messages_of_tomorrow", messages=[message_payload()]))
    assert (event.kind, event.meaning, event.problem, event.starts) == (
        "messages_of_tomorrow/message/text",
        None,
        "",
        False,
    )


@pytest.mark.parametrize("number", ["2002", None])
def test_what_is_for_another_number_is_kept_and_means_nothing(number: str | None) -> None:
    found = parse_changes(change(number=number, messages=[message_payload()], statuses=[status()]))
    assert [event.meaning for event in found] == [None, None]
    assert all("number" in event.problem for event in found)


def test_what_another_said_under_standby_is_an_echo_in_the_chat() -> None:
    reply = message_payload(of="15550001", to="4915100000001")
    event = parse_change(change("standby", messages=[reply]))
    assert isinstance(event.meaning, Inbound)
    assert (event.meaning.chat, event.meaning.from_me, event.starts) == ("phone:+4915100000001", True, False)


# ── keys ───────────────────────────────────────────────────────────────────────────────────────────────

MIXED: list[tuple[str, Any]] = [
    ("messages", message_payload("wamid.1")),
    ("messages", {"type": "text", "from": "4915100000001", "text": {"body": "no id"}}),
    ("messages", None),
    ("statuses", status("wamid.2")),
    ("statuses", status("wamid.2", "read")),
    (
        "statuses",
        status("wamid.3", recipient_type="group", recipient_id="g", recipient_participant_id="4915100000001"),
    ),
    (
        "statuses",
        status("wamid.3", recipient_type="group", recipient_id="g", recipient_participant_id="4915100000002"),
    ),
    ("errors", {"code": 131000, "title": "Oh", "error_data": {"details": "…"}}),
    ("calls", {"id": "c1", "event": "connect", "timestamp": "1"}),
    ("calls", {"id": "c1", "event": "terminate", "timestamp": "2"}),
]


def keys(found: tuple[WebhookEvent, ...]) -> set[str]:
    return {event.key for event in found}


def test_a_key_is_the_same_in_any_company_and_spelling() -> None:
    arrays: Json = {}
    for name, leaf in MIXED:
        arrays[name] = [*arrays.get(name, []), leaf]
    together = parse_body(webhook(change(**arrays, contacts=[{"wa_id": "4915100000001"}])))
    alone = [
        event for name, leaf in MIXED for event in parse_changes(change("messages", NUMBER, **{name: [leaf]}))
    ]
    assert len(keys(together.events)) == len(MIXED)
    assert keys(together.events) == keys(tuple(alone))
    body = json.dumps(webhook(change(**arrays)))
    reverse = json.loads(body, object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    turned = json.dumps(reverse, indent=3, ensure_ascii=False).encode()
    assert keys(
        read_batch(turned, phone_number_id=NUMBER, reopen_template=None, now=NOW + 99).events
    ) == keys(together.events)


def test_keys_say_what_they_name() -> None:
    assert [
        event.key
        for event in parse_changes(
            change(messages=[message_payload("wamid.1")], statuses=[status("wamid.2", "read")])
        )
    ] == [
        "1001/message/wamid.1",
        "1001/status/wamid.2/read",
    ]


def test_the_same_id_for_another_number_or_role_is_another_item() -> None:
    changes = [
        change(messages=[message_payload()]),
        change(number="2002", messages=[message_payload()]),
        change("standby", messages=[message_payload()]),
        change("smb_message_echoes", message_echoes=[message_payload()]),
    ]
    assert len(keys(parse_changes(*changes))) == 4


def test_news_of_the_account_at_another_time_is_other_news() -> None:
    first, second = (webhook(change("account_update", number=None, event="X")) for _ in range(2))
    later = copy.deepcopy(second)
    later["entry"][0]["time"] = 5
    assert keys(parse_body(first).events) == keys(parse_body(second).events)
    assert keys(parse_body(first).events) != keys(parse_body(later).events)


# ── time ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("at", "read_as", "is_readable"),
    [
        ("1799999000", 1_799_999_000_000, True),
        (1799999000, 1_799_999_000_000, True),
        (1799999000.5, 1_799_999_000_000, True),
        ("1799999000123", 1_799_999_000_123, True),
        ("1900000000", NOW * 1000, True),  # by a clock that is ahead
        ("99999999999999999", NOW * 1000, True),
        ("soon", NOW * 1000, False),
        ("-5", NOW * 1000, False),
        ("0", NOW * 1000, False),
        (None, NOW * 1000, False),
        (True, NOW * 1000, False),
    ],
)
def test_times_are_read_in_seconds_or_milliseconds(at: object, read_as: int, is_readable: bool) -> None:
    event = parse_change(change(messages=[message_payload(at=at)]))
    assert isinstance(event.meaning, Inbound)
    assert (event.meaning.at, not event.problem) == (read_as, is_readable)


@pytest.mark.parametrize(("ago", "late"), [(0, False), (899, False), (901, True), (6 * 86400, True)])
def test_what_was_written_long_ago_is_late(ago: int, late: bool) -> None:
    event = parse_change(change(messages=[message_payload(at=str(NOW - ago))]))
    assert isinstance(event.meaning, Inbound)
    assert event.meaning.offline is late


# ── statuses ───────────────────────────────────────────────────────────────────────────────────────────


def receipt(leaf: Json) -> Receipt:
    event = parse_change(change(statuses=[leaf])).meaning
    assert isinstance(event, Receipt)
    return event


@pytest.mark.parametrize("state", ["sent", "delivered", "read", "played"])
def test_a_status_is_a_receipt_with_the_key_that_came_back(state: str) -> None:
    told = receipt(status("wamid.2", state, biz_opaque_callback_data="o42"))
    assert (told.state, told.of, told.key, told.chat, told.number_id, told.reason) == (
        state,
        ("wamid.2",),
        "o42",
        "phone:+4915100000001",
        NUMBER,
        "",
    )


def test_a_status_names_people_by_user_id_and_groups_by_theirs() -> None:
    hidden = status() | {"recipient_id": None, "recipient_user_id": "DE.4711"}
    assert receipt(hidden).chat == "bsuid:DE.4711"
    parent = status() | {"recipient_id": None, "recipient_parent_user_id": "DE.ENT.1"}
    assert receipt(parent).chat == "parent_bsuid:DE.ENT.1"
    assert receipt(status(recipient_type="group", recipient_id="g1")).chat == "group:g1"
    assert receipt(status(group_id="g1")).chat == "group:g1"


def test_a_failure_says_why_in_words_and_with_its_number() -> None:
    error = {"code": 131026, "title": "Message undeliverable", "error_data": {"details": "…"}}
    told = receipt(status(state="failed", errors=[error]))
    assert (told.state, told.held, told.reopen_template) == ("failed", False, None)
    assert "(131026)" in told.reason
    assert "cannot be delivered" in told.reason


def test_a_failure_that_tells_no_receiver_is_known_by_its_key() -> None:
    nobody = status(state="failed", errors=[{"code": 131026}]) | {"recipient_id": None}
    assert parse_change(change(statuses=[nobody])).problem
    told = receipt(nobody | {"biz_opaque_callback_data": "o42"})
    assert (told.chat, told.key, told.state) == (None, "o42", "failed")


def test_a_failure_after_it_was_taken_over_is_not_said_to_be_tried_again() -> None:
    told = receipt(status(state="failed", errors=[{"code": 131056}]))
    assert "again" not in told.reason
    assert "(131056)" in told.reason


def test_who_only_opened_the_chat_is_not_answered() -> None:
    event = parse_change(
        change(messages=[{"id": "wamid.9", "from": "4915112345678", "type": "request_welcome"}])
    )
    assert isinstance(event.meaning, Inbound)
    assert not event.starts


def test_a_failure_of_the_window_with_nothing_to_knock_with_is_a_failure() -> None:
    raw = encode(webhook(change(statuses=[status(state="failed", errors=[{"code": 131047}])])))
    (event,) = read_batch(raw, phone_number_id=NUMBER, reopen_template=None, now=NOW).events
    assert isinstance(event.meaning, Receipt)
    assert (event.meaning.state, event.meaning.held) == ("failed", False)


def test_a_failure_of_the_window_is_held_and_knocks() -> None:
    told = receipt(status(state="failed", errors=[{"code": "131047"}]))
    assert (told.state, told.held, told.reopen_template) == ("failed", True, REOPEN_TEMPLATE)
    assert "(131047)" in told.reason


@pytest.mark.parametrize(
    "errors", [[], None, "x", [None], [{}], [{"code": "x"}], [{"code": 77, "title": "New"}]]
)
def test_a_failure_without_a_known_reason_is_still_a_failure(errors: object) -> None:
    told = receipt(status(state="failed", errors=errors))
    assert (told.state, told.held) == ("failed", False)
    assert told.reason


@pytest.mark.parametrize("state", ["deleted", "warning", "teleported"])
def test_a_status_of_no_consequence_is_kept_under_its_name(state: str) -> None:
    event = parse_change(change(statuses=[status(state=state)]))
    assert (event.kind, event.meaning, event.problem) == (f"status/{state}", None, "")


@pytest.mark.parametrize("missing", ["id", "status", "recipient_id"])
def test_a_status_that_does_not_say_enough_is_flagged(missing: str) -> None:
    event = parse_change(
        change(statuses=[{name: part for name, part in status().items() if name != missing}])
    )
    assert event.meaning is None
    assert event.problem


def test_a_payment_that_failed_says_nothing_about_the_message_that_asked_for_it() -> None:
    event = parse_change(
        change(statuses=[status(state="failed", type="payment", payment={"reference_id": "r"})])
    )
    assert (event.kind, event.meaning, event.problem) == ("status/failed", None, "")

"""Who wrote: numbers, user ids where the number is hidden, and new ones. Nobody is ever guessed."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from tests.support.agent_harness import OWNER, AgentHarness
from tests.support.cloud_payloads import (
    NUMBER,
    CloudWebhookClient,
    Json,
    change,
    message_payload,
    parse_change,
    parse_changes,
    parse_inbound,
)

from cleo.domain.access import Access
from cleo.domain.identity import Address
from cleo.domain.message import IdentityChange, Inbound

ADA: Json = {"profile": {"name": "Ada", "username": "ada.l"}, "user_id": "DE.4711"}
PHONE = "phone:+4915100000001"


def who(message: Inbound) -> tuple[str, set[str], str]:
    return message.chat, set(message.aliases), message.sender_name


def test_somebody_with_a_hidden_number_is_known_by_the_user_id() -> None:
    assert who(parse_inbound(message_payload(of=None, from_user_id="DE.4711"), ADA)) == (
        "bsuid:DE.4711",
        set(),
        "Ada",
    )


def test_a_number_is_preferred_and_the_user_ids_are_other_names() -> None:
    message = message_payload(from_user_id="DE.4711", from_parent_user_id="DE.ENT.99")
    assert who(parse_inbound(message)) == (PHONE, {"bsuid:DE.4711", "parent_bsuid:DE.ENT.99"}, "")


def test_a_user_name_is_only_a_label() -> None:
    contact: Json = {"profile": {"username": "ada.l"}, "user_id": "DE.4711"}
    assert who(parse_inbound(message_payload(of=None, from_user_id="DE.4711"), contact)) == (
        "bsuid:DE.4711",
        set(),
        "@ada.l",
    )


def test_ids_that_are_numbers_are_read() -> None:
    assert parse_inbound(message_payload() | {"from": 4915100000001}).chat == PHONE


@pytest.mark.parametrize("of", ["5511987654321", "551187654321"])
def test_brazil_writes_a_number_in_two_ways_and_neither_is_changed(of: str) -> None:
    other = "551187654321" if len(of) == 13 else "5511987654321"
    message = parse_inbound(message_payload(of=of), {"wa_id": other, "profile": {"name": "Ana"}})
    assert who(message) == (f"phone:+{other}", {f"phone:+{of}"}, "Ana")


def test_mexico_is_recognised_among_several_contacts() -> None:
    contacts: list[Json] = [
        {"wa_id": "4915100000009"},
        {"wa_id": "5215512345678", "profile": {"name": "Eva"}},
    ]
    assert parse_inbound(message_payload(of="525512345678"), *contacts).sender_name == "Eva"


def test_contacts_are_matched_by_what_they_are_not_by_where_they_stand() -> None:
    contacts: list[Json] = [
        {"wa_id": "4915100000002", "profile": {"name": "Bob"}},
        {"wa_id": "4915100000001", "profile": {"name": "Ada"}},
    ]
    found = parse_changes(
        change(
            contacts=contacts,
            messages=[message_payload("wamid.1"), message_payload("wamid.2", of="4915100000002")],
        )
    )
    assert [item.meaning.sender_name for item in found if isinstance(item.meaning, Inbound)] == ["Ada", "Bob"]


def test_a_user_id_counts_for_more_than_a_number() -> None:
    contacts: list[Json] = [
        {"wa_id": "4915100000001", "user_id": "DE.1", "profile": {"name": "Old holder"}},
        {"user_id": "DE.2", "profile": {"name": "New holder"}},
    ]
    message = parse_inbound(message_payload(from_user_id="DE.2"), *contacts)
    assert who(message) == (PHONE, {"bsuid:DE.2"}, "New holder")


def test_a_contact_with_another_user_id_is_somebody_else() -> None:
    message = parse_inbound(
        message_payload(from_user_id="DE.2"), {"wa_id": "4915100000001", "user_id": "DE.1"}
    )
    assert who(message) == (PHONE, {"bsuid:DE.2"}, "")


def test_a_sole_contact_belongs_to_a_sole_sender() -> None:
    assert who(parse_inbound(message_payload(of=None), ADA))[0] == "bsuid:DE.4711"


def test_with_anybody_else_about_nothing_is_guessed() -> None:
    nameless = message_payload("wamid.1", of=None)
    for others in (
        {"contacts": [ADA, {"user_id": "DE.1"}]},
        {"contacts": [ADA], "statuses": [{"id": "wamid.X"}]},
        {"contacts": [ADA], "messages": [nameless, message_payload("wamid.2", of="4915100000002")]},
    ):
        found = parse_changes(change("messages", NUMBER, **({"messages": [nameless]} | others)))
        assert (found[0].meaning, found[0].problem) == (None, "nobody is named who wrote it")


def test_a_group_is_the_chat_and_its_member_the_sender() -> None:
    message = parse_inbound(message_payload(group_id="Y2FwaV9ncm91cA==", from_user_id="DE.4711"))
    assert (message.chat, message.sender, message.is_group) == ("group:Y2FwaV9ncm91cA==", PHONE, True)


@pytest.mark.parametrize("group", ["a b", "x" * 300, {"id": "g"}])
def test_what_was_said_in_a_group_is_never_answered_elsewhere(group: object) -> None:
    item = parse_change(change(messages=[message_payload(group_id=group)]))
    assert item.meaning is None
    assert "group" in item.problem


@pytest.mark.parametrize(
    "id", ["", "de.1", "DE.", "DE.1 2", f"DE.{'1' * 129}", "+", "12", "0" * 9, "1" * 16, "1@lid"]
)
def test_what_is_no_address_names_nobody(id: str) -> None:
    assert parse_change(change(messages=[message_payload(of=id, from_user_id=id)])).meaning is None


# ── new numbers ────────────────────────────────────────────────────────────────────────────────────────


def news(
    kind: str = "user_changed_number", id: str = "wamid.S", of: str | None = "4915100000001", **more: Any
) -> Json:
    return message_payload(id, of=of, type="system", system={"type": kind, "body": "…"} | more)


NEW: Json = {"wa_id": "4915100000007", "user_id": "DE.2", "previous_user_id": "DE.1"}


@pytest.mark.parametrize(
    ("message", "before", "now"),
    [
        (news(**NEW), {PHONE, "bsuid:DE.1"}, {"phone:+4915100000007", "bsuid:DE.2"}),
        (
            news("user_changed_user_id", of=None, user_id="DE.2", previous_user_id="DE.1"),
            {"bsuid:DE.1"},
            {"bsuid:DE.2"},
        ),
        (
            news(
                of=None,
                parent_user_id="DE.ENT.2",
                previous_parent_user_id="DE.ENT.1",
            ),
            {"parent_bsuid:DE.ENT.1"},
            {"parent_bsuid:DE.ENT.2"},
        ),
        (news("customer_changed_number", new_wa_id="4915100000007"), {PHONE}, {"phone:+4915100000007"}),
        (
            news("customer_changed_number", of=None, customer="4915100000001", wa_id="4915100000007"),
            {PHONE},
            {"phone:+4915100000007"},
        ),
    ],
)
def test_news_of_new_addresses_are_a_rotation(message: Json, before: set[str], now: set[str]) -> None:
    item = parse_change(change(messages=[message]))
    assert item.meaning == IdentityChange(
        before=frozenset(map(Address, before)), now=frozenset(map(Address, now))
    )
    assert item.kind == f"message/system/{message['system']['type']}"


def test_other_news_about_a_person_are_kept_under_their_name() -> None:
    identity = {"identity": {"acknowledged": True, "hash": "x"}}
    item = parse_change(change(messages=[news("customer_identity_changed") | identity]))
    assert (item.kind, item.meaning, item.problem) == ("message/system/customer_identity_changed", None, "")
    assert '"acknowledged":true' in item.body


@pytest.mark.parametrize(
    "broken", [{}, {"type": "user_changed_number"}, {"type": "user_changed_number", "wa_id": "x"}]
)
def test_a_rotation_that_does_not_say_to_what_is_flagged(broken: Json) -> None:
    item = parse_change(change(messages=[message_payload(type="system", system=broken)]))
    assert item.meaning is None
    assert item.problem


def people(root: Path) -> set[frozenset[str]]:
    with sqlite3.connect(root / "cleo.db") as database:
        rows = database.execute(
            "SELECT person, group_concat(address, ' ') FROM aliases GROUP BY person"
        ).fetchall()
    database.close()
    return {frozenset(addresses.split()) for _, addresses in rows}


def conversations(root: Path) -> int:
    with sqlite3.connect(root / "cleo.db") as database:
        (count,) = database.execute("SELECT count(DISTINCT conversation) FROM inbox").fetchone()
    database.close()
    return count


async def test_whoever_has_a_new_number_stays_the_same_person(tmp_path: Path) -> None:
    harness = AgentHarness(tmp_path)
    client = CloudWebhookClient(harness.receiver, harness.clock)
    await client.post_changes(change(messages=[message_payload("wamid.1", from_user_id="DE.1")]))
    for id in ("wamid.S", "wamid.S", "wamid.S2"):  # told again, and told twice
        await client.post_changes(change(messages=[news(id=id, **NEW)]))
    await client.post_changes(change(messages=[message_payload("wamid.2", of=None, from_user_id="DE.2")]))
    await client.post_changes(change(messages=[message_payload("wamid.3", of="4915100000007")]))
    assert people(tmp_path) == {frozenset({PHONE, "bsuid:DE.1", "phone:+4915100000007", "bsuid:DE.2"})}
    assert conversations(tmp_path) == 1
    await harness.store.close()


async def test_a_rotation_onto_somebody_else_merges_nobody(tmp_path: Path) -> None:
    access = Access(owners=frozenset({OWNER}), users=frozenset({Address("phone:+4915100000007")}))
    harness = AgentHarness(tmp_path, access=access)
    client = CloudWebhookClient(harness.receiver, harness.clock)
    await client.post_changes(change(messages=[message_payload("wamid.1", from_user_id="DE.1")]))
    await client.post_changes(
        change(messages=[message_payload("wamid.2", of="4915100000007", from_user_id="DE.2")])
    )
    assert await client.post_changes(change(messages=[news(**NEW)])) == 200
    assert people(tmp_path) == {
        frozenset({PHONE, "bsuid:DE.1"}),
        frozenset({"phone:+4915100000007", "bsuid:DE.2"}),
    }
    assert await harness.store.read(lambda tx: tx.installation.get("contested"))
    await harness.store.close()


async def test_a_hidden_number_that_shows_up_is_the_same_person(tmp_path: Path) -> None:
    harness = AgentHarness(tmp_path)
    client = CloudWebhookClient(harness.receiver, harness.clock)
    await client.post_changes(change(messages=[message_payload("wamid.1", of=None, from_user_id="DE.1")]))
    await client.post_changes(change(messages=[message_payload("wamid.2", from_user_id="DE.1")]))
    await client.post_changes(change(messages=[message_payload("wamid.3")]))
    assert people(tmp_path) == {frozenset({PHONE, "bsuid:DE.1"})}
    assert conversations(tmp_path) == 1
    await harness.store.close()

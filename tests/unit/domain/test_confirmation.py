"""The transitions of a confirmation: which there are, from which state, and what each changes."""

from collections.abc import Callable
from dataclasses import replace
from typing import get_args

import pytest

from cleo.domain.confirmation import (
    FINAL,
    OPEN,
    TAKEN_BACK,
    Confirmation,
    State,
    approve,
    cancel,
    claim,
    delivered,
    deny,
    detach,
    expire,
    finish,
    mark_reported,
    supersede,
    take_back,
    undelivered,
)
from cleo.domain.conversation import ConversationId
from cleo.domain.identity import PersonId

ANNA, BEN = PersonId("anna"), PersonId("ben")
STATES: tuple[State, ...] = get_args(State)


def question(state: State = "pending") -> Confirmation:
    return Confirmation(
        ref="K7Q4",
        conversation=ConversationId("whatsapp/default/anna"),
        batch=3,
        call_id="call_0",
        tool="wipe",
        tool_hash="h",
        plan="{}",
        digest="d",
        asked_by=ANNA,
        created_at=100.0,
        state=state,
        asked_at=110.0,
        expires_at=200.0,
        decided_by=ANNA if state == "approved" else None,
        reason="before",
    )


Transition = Callable[[Confirmation], Confirmation | None]
APPROVE: Transition = lambda row: approve(row, by=BEN, via="text", at=150.0)  # noqa: E731 - a row of the table below
DENY: Transition = lambda row: deny(row, by=BEN, via="text", at=150.0, reason="no")  # noqa: E731 - as above
TAKE_BACK: Transition = lambda row: take_back(row, by=ANNA, at=140.0)  # noqa: E731 - as above
FINISH: Transition = lambda row: finish(row, "succeeded")  # noqa: E731 - as above

ARROWS: tuple[tuple[Transition, frozenset[State], State], ...] = (
    (APPROVE, frozenset({"pending"}), "approved"),
    (DENY, OPEN, "denied"),
    (TAKE_BACK, OPEN, "pending"),
    (supersede, OPEN, "superseded"),
    (expire, OPEN, "expired"),
    (cancel, OPEN, "cancelled"),
    (claim, frozenset({"approved"}), "executing"),
    (FINISH, frozenset({"executing"}), "succeeded"),
    (undelivered, frozenset({"pending"}), "pending"),
)


@pytest.mark.parametrize(("transition", "before", "after"), ARROWS)
@pytest.mark.parametrize("state", STATES)
def test_a_transition_starts_only_where_its_arrow_starts(
    transition: Transition, before: frozenset[State], after: State, state: State
) -> None:
    moved = transition(question(state))
    assert (moved and moved.state) == (after if state in before else None)


def test_every_state_is_open_final_or_executing() -> None:
    assert OPEN | FINAL | {"executing"} == set(STATES)
    assert not OPEN & FINAL


def test_a_yes_says_who_how_and_when_and_forgets_an_earlier_reason() -> None:
    yes = approve(question(), by=BEN, via="reaction", at=150.0)
    assert yes == replace(
        question(), state="approved", decided_by=BEN, decided_via="reaction", decided_at=150.0, reason=""
    )


@pytest.mark.parametrize(("at", "counts"), [(199.9, True), (200.0, False), (200.1, False)])
def test_a_yes_counts_until_the_time_is_over(at: float, counts: bool) -> None:
    assert (approve(question(), by=BEN, via="text", at=at) is not None) == counts


def test_a_yes_counts_without_an_end_as_long_as_the_question_is_not_delivered() -> None:
    assert approve(replace(question(), expires_at=None), by=BEN, via="text", at=1e12) is not None


def test_a_no_counts_also_late_and_says_why() -> None:
    no = deny(question(), by=BEN, via="text", at=1e12, reason="later")
    assert no == replace(
        question(), state="denied", decided_by=BEN, decided_via="text", decided_at=1e12, reason="later"
    )


def test_only_who_gave_a_yes_takes_it_back() -> None:
    approved = question("approved")
    assert take_back(approved, by=BEN, at=140.0) is None
    undone = take_back(approved, by=ANNA, at=140.0)
    assert undone is not None
    assert (undone.state, undone.decided_by, undone.decided_via, undone.decided_at) == (
        "pending",
        ANNA,
        TAKEN_BACK,
        140.0,
    )


def test_the_time_to_answer_runs_from_the_first_delivery() -> None:
    asked = replace(question(), asked_at=None, expires_at=None)
    first = delivered(asked, at=50.0, expiry=30.0)
    assert first == replace(asked, asked_at=50.0, expires_at=80.0)
    assert first is not None and delivered(first, at=60.0, expiry=30.0) is None
    assert delivered(replace(asked, state="denied"), at=50.0, expiry=30.0) is None
    assert undelivered(first) == asked


def test_a_reason_stays_unless_there_is_another_one() -> None:
    kept, other = cancel(question()), cancel(question(), reason="nobody may say yes")
    assert kept is not None and other is not None
    assert (kept.reason, other.reason) == ("before", "nobody may say yes")


@pytest.mark.parametrize("ending", ["succeeded", "failed", "unknown"])
def test_a_call_ends_as_it_ended(ending: State) -> None:
    ended = finish(question("executing"), ending)  # type: ignore[arg-type]  # one of its endings
    assert ended is not None and ended.state == ending


def test_flags_leave_the_state_alone() -> None:
    assert detach(question("approved")) == replace(question("approved"), detached=True)
    assert mark_reported(question("denied")) == replace(question("denied"), reported=True)

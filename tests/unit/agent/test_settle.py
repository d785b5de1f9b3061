"""What the states of questions mean for the calls that wait for them."""

from dataclasses import replace
from pathlib import Path

import pytest
from pydantic_ai.messages import ToolCallPart
from tests.contracts.store_samples import CHAT, chat, question
from tests.support.clock import FakeClock

from cleo.agent.approval.outcome import WAITING
from cleo.agent.approval.settle import close_batch, expire_questions, grants, is_settled, put_off
from cleo.domain.confirmation import HOLD, UNDELIVERED, Confirmation
from cleo.ports import Store, Transaction
from cleo.store import open_store

AT = 1_000.0


def asked(ref: str, **more: object) -> Confirmation:
    fields: dict[str, object] = {"created_at": 0.0, "call_id": f"call-{ref}", **more}
    return replace(question(ref), **fields)  # type: ignore[arg-type]  # test data


def call(ref: str) -> ToolCallPart:
    return ToolCallPart("wipe", {}, tool_call_id=f"call-{ref}")


@pytest.fixture
async def store(tmp_path: Path) -> Store:
    return open_store(f"sqlite:///{tmp_path / 'cleo.db'}", clock=FakeClock())


@pytest.mark.parametrize(
    ("rows", "since", "settled"),
    [
        ([], AT, True),
        ([asked("AAAA", state="denied", decided_at=AT)], AT, True),
        ([asked("AAAA"), asked("BBBB")], AT + HOLD, False),
        ([asked("AAAA"), asked("BBBB", state="denied", decided_at=AT)], AT + HOLD - 1, False),
        ([asked("AAAA"), asked("BBBB", state="denied", decided_at=AT)], AT + HOLD, True),
        ([asked("AAAA"), asked("BBBB", state="expired", created_at=AT)], AT + HOLD - 1, False),
        ([asked("AAAA"), asked("BBBB", state="expired", created_at=AT)], AT + HOLD, True),
    ],
)
def test_a_batch_goes_on_when_all_is_answered_or_the_rest_kept_it_waiting(
    rows: list[Confirmation], since: float, settled: bool
) -> None:
    assert is_settled(iter(rows), since) is settled


def test_each_call_is_answered_by_its_own_question() -> None:
    rows = [asked("AAAA", state="approved"), asked("BBBB", state="denied", reason="too late")]
    found = grants(map(call, ("BBBB", "AAAA", "CCCC")), rows)
    assert found["call-AAAA"] is None
    assert "too late" in (found["call-BBBB"] or "")
    assert "no confirmation on record" in (found["call-CCCC"] or "")


def test_what_is_put_off_is_told_with_its_question() -> None:
    found = put_off(map(call, ("AAAA", "BBBB")), [asked("AAAA")])
    assert found == {"call-AAAA": WAITING.format(ref="AAAA"), "call-BBBB": WAITING.format(ref="?")}


@pytest.mark.parametrize(
    ("before", "told", "now", "end"),
    [
        ("pending", "NOT RUN YET", "pending", "detached"),
        ("pending", "NOT RUN YET", "approved", "detached"),
        ("approved", None, "succeeded", "reported"),
        ("approved", None, "approved", "detached"),
        ("approved", "NOT RUN YET", "succeeded", "detached"),
        ("denied", "The user said NO", "denied", "reported"),
    ],
)
async def test_a_question_lives_on_unless_the_model_was_told_how_it_ended(
    store: Store, before: str, told: str | None, now: str, end: str
) -> None:
    rows = [asked("AAAA", state=before), asked("GONE", state=before)]

    def work(tx: Transaction) -> Confirmation | None:
        tx.conversations.open(chat())
        tx.confirmations.add(asked("AAAA", state=now))
        close_batch(tx, rows, {"call-AAAA": told, "call-GONE": told})
        return tx.confirmations.get("AAAA")

    row = await store.write(work)
    assert row and (row.state, row.detached, row.reported) == (now, end == "detached", end == "reported")
    await store.close()


async def test_what_nobody_answered_and_what_nobody_could_be_asked_is_closed_with_its_reason(
    store: Store,
) -> None:
    def work(tx: Transaction) -> list[tuple[str, str, str]]:
        tx.conversations.open(chat())
        tx.confirmations.add(asked("AAAA", asked_at=1.0, expires_at=AT))
        tx.confirmations.add(asked("BBBB", created_at=AT - UNDELIVERED, asked_at=None))
        tx.confirmations.add(asked("CCCC", created_at=AT - UNDELIVERED + 1, asked_at=None))
        tx.confirmations.add(asked("DDDD", asked_at=1.0, expires_at=AT + 1))
        return [(row.ref, row.state, row.reason) for row in expire_questions(tx, CHAT, AT)]

    assert await store.write(work) == [
        ("AAAA", "expired", ""),
        ("BBBB", "cancelled", "the question could not be delivered"),
        ("CCCC", "pending", ""),
        ("DDDD", "pending", ""),
    ]
    await store.close()

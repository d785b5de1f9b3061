"""Turns the states of questions into what a parked batch of calls is answered with."""

from collections.abc import Iterable, Sequence

from pydantic_ai.messages import ToolCallPart

from cleo.agent.approval.outcome import WAITING, why_not_run
from cleo.agent.model.exchange import Grants
from cleo.domain.confirmation import (
    HOLD,
    UNDELIVERED,
    Confirmation,
    cancel,
    detach,
    expire,
    is_too_late,
    mark_reported,
)
from cleo.domain.conversation import ConversationId
from cleo.ports import Transaction

_NO_ROW = "NOT DONE: no confirmation on record."


def expire_questions(tx: Transaction, conversation: ConversationId, now: float) -> Sequence[Confirmation]:
    """Close questions whose time is over, and those that could not be asked; return what is not reported yet."""
    rows = tx.confirmation_lookup.unreported(conversation)
    closed = [row for row in rows if row.state == "pending" and _close(tx, row, now)]
    return tx.confirmation_lookup.unreported(conversation) if closed else rows


def _close(tx: Transaction, row: Confirmation, now: float) -> bool:
    if is_too_late(row, now) and (over := expire(row)):
        tx.confirmations.save(over, before=row.state)
        tx.confirmations.log(row.ref, "expired", at=now)
        return True
    if _is_undeliverable(row, now) and (unasked := cancel(row, reason="the question could not be delivered")):
        return tx.confirmations.save(unasked, before=row.state)
    return False


def _is_undeliverable(row: Confirmation, now: float) -> bool:
    return row.asked_at is None and row.created_at <= now - UNDELIVERED


def is_settled(rows: Iterable[Confirmation], now: float) -> bool:
    """Tell whether a parked batch can go on: everything is answered, or the rest kept us waiting too long."""
    rows = list(rows)
    decided = [row for row in rows if row.state != "pending"]
    if len(decided) == len(rows):
        return True
    last = max((row.decided_at or row.created_at for row in decided), default=None)
    return last is not None and now - last >= HOLD


def grants(calls: Iterable[ToolCallPart], rows: Iterable[Confirmation]) -> Grants:
    """Answer every parked call by the state of its row: run it, or tell the model why not."""
    by_call = {row.call_id: row for row in rows}
    return {
        call.tool_call_id: why_not_run(row) if (row := by_call.get(call.tool_call_id)) else _NO_ROW
        for call in calls
    }


def put_off(calls: Iterable[ToolCallPart], rows: Iterable[Confirmation]) -> Grants:
    """Tell the model of every parked call that it has not run yet; its question lives on alone."""
    refs = {row.call_id: row.ref for row in rows}
    return {call.tool_call_id: WAITING.format(ref=refs.get(call.tool_call_id, "?")) for call in calls}


def close_batch(tx: Transaction, rows: Iterable[Confirmation], answers: Grants) -> None:
    """Mark the rows of a batch by what the model was told, not by the state found: an answer may have come since."""
    for before in rows:
        refused = answers.get(before.call_id)
        now = tx.confirmations.get(before.ref)
        if now is None:
            continue
        is_put_off = before.state == "approved" and (refused is not None or now.state == "approved")
        after = detach(now) if before.state == "pending" or is_put_off else mark_reported(now)
        tx.confirmations.save(after, before=now.state)

"""How a confirmation ended, as people see it on the prompt and as the model reads it."""

import json
from collections.abc import Iterable, Mapping

from cleo.agent.outbox.queue import OutboxQueue
from cleo.domain.confirmation import Confirmation, State
from cleo.domain.content import Reaction
from cleo.ports import Transaction

WAITING = "NOT RUN YET: waiting for the user (ref {ref}). Do not call it again, do not say it was done."

_NOT_RUN: Mapping[State, str] = {
    "pending": WAITING,
    "denied": "The user said NO{reason}. It was not done. Do not try again unless asked.",
    "expired": "NOT DONE: nobody answered in time. This is not a refusal.",
    "superseded": "NOT DONE: the user wants a change, see the next message.",
    "cancelled": "NOT DONE: {why}.",
}
_SIGNS: Mapping[State, str] = {"succeeded": "🟢", "failed": "🔴", "unknown": "⚠️"}
_FACTS: Mapping[State, str] = {
    "denied": "denied{reason}, it was not done",
    "expired": "nobody answered in time, it was not done",
    "superseded": "the user wanted something else, it was not done",
    "cancelled": "cancelled, it was not done",
    "failed": "approved, but it failed and was not done",
    "unknown": "approved and started, nobody knows whether it was done; it was not repeated",
    "succeeded": "approved and done",
}


def show_outcome(tx: Transaction, queue: OutboxQueue, row: Confirmation) -> None:
    """Put a sign on each prompt: never one that could be read as an answer."""
    sign = _SIGNS.get(row.state)
    for prompt in tx.outbox_lookup.prompts(row.ref):
        if sign and prompt.message_id:
            content = Reaction(emoji=sign, to=prompt.message_id, on_own=True)
            key = f"sign:{row.ref}:{prompt.conversation}:{row.state}"
            place = tx.conversations.get(prompt.conversation)
            queue.put(tx, place, content, key=key, purpose="outcome")


def why_not_run(row: Confirmation) -> str | None:
    """Return what the model reads instead of a result; None: the call may run."""
    text = _NOT_RUN.get(row.state)
    if text is None:
        return None
    reason = f" ({row.reason})" if row.reason else ""
    return text.format(ref=row.ref, reason=reason, why=row.reason or "it could not be asked")


def _because(row: Confirmation) -> str:
    return f" ({json.dumps(row.reason, ensure_ascii=False)})" if row.reason else ""


def facts(rows: Iterable[Confirmation]) -> list[str]:
    """Return facts that tell the model how detached questions ended."""
    return [f"{row.ref} ({row.tool}): {_FACTS[row.state].format(reason=_because(row))}" for row in rows]

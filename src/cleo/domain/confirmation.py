"""Confirmation: the rules of asking before a tool changes something, and the transitions of the question.

    pending ──yes, in time──▶ approved ──claim──▶ executing ──▶ succeeded
       ▲                        │                   ├────────▶ failed    the tool says: nothing was done
       └────👍 taken back───────┤                   └────────▶ unknown   timeout, crash, any other error
    pending ──clock──▶ expired ◀┘ a grant nobody used in time
    pending|approved ──no──▶ denied    ──another wish in reply──▶ superseded
    pending|approved ──cannot ask; bytes, tool or approver changed──▶ cancelled

Two flags stand beside the state: `detached` (the model was answered "not run yet", the question lives on alone)
and `reported` (the model's history holds the outcome).
"""

import secrets
from dataclasses import dataclass, replace
from typing import Literal

from cleo.domain.conversation import ConversationId
from cleo.domain.identity import PersonId

State = Literal[
    "pending",
    "approved",
    "executing",
    "succeeded",
    "failed",
    "unknown",
    "denied",
    "expired",
    "superseded",
    "cancelled",
]

Ending = Literal["succeeded", "failed", "unknown"]

OPEN: frozenset[State] = frozenset({"pending", "approved"})
FINAL: frozenset[State] = frozenset(
    {"succeeded", "failed", "unknown", "denied", "expired", "superseded", "cancelled"}
)

EXPIRY = 30 * 60.0
"""Seconds from the prompt's delivery to WhatsApp until nobody can say yes any more."""
GRANT_AGE = 15 * 60.0
"""Seconds that a yes stays good when the tool could not run at once."""
UNDELIVERED = 24 * 3600.0
"""Seconds after which a question that could not be delivered is cancelled."""
HOLD = 20.0
"""Seconds that a half-answered batch waits for the rest before it goes on without."""
MAX_OPEN = 5
"""Open questions in one conversation."""
TAKEN_BACK = "taken back"
"""`decided_via` of a reaction that was removed."""

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """One question about one frozen call. Times are Unix seconds; `plan` is the exact JSON that was shown."""

    ref: str
    conversation: ConversationId
    batch: int
    call_id: str
    tool: str
    tool_hash: str
    plan: str
    digest: str
    asked_by: PersonId
    created_at: float
    state: State = "pending"
    detached: bool = False
    reported: bool = False
    asked_at: float | None = None
    expires_at: float | None = None
    decided_by: PersonId | None = None
    decided_via: str = ""
    decided_at: float | None = None
    reason: str = ""
    retry_of: str = ""


def new_ref() -> str:
    """Make a short code that people can type: 4 characters without 0, O, 1, I and L."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(4))


def is_ref(word: str) -> bool:
    """Tell whether a word has the form of a ref."""
    return len(word) == 4 and all(mark in _ALPHABET for mark in word)


# ── transitions: each returns the confirmation as it is afterwards, or None where the state does not allow it ──


def delivered(row: Confirmation, *, at: float, expiry: float) -> Confirmation | None:
    """Start the time to answer, at the first delivery of the question; `expiry` in seconds."""
    if row.state != "pending" or row.asked_at is not None:
        return None
    return replace(row, asked_at=at, expires_at=at + expiry)


def undelivered(row: Confirmation) -> Confirmation | None:
    """Stop the time to answer: the question has reached nobody, but it will."""
    return replace(row, asked_at=None, expires_at=None) if row.state == "pending" else None


def approve(row: Confirmation, *, by: PersonId, via: str, at: float) -> Confirmation | None:
    """Grant it, in time."""
    if row.state != "pending" or is_too_late(row, at):
        return None
    return replace(row, state="approved", decided_by=by, decided_via=via, decided_at=at, reason="")


def deny(row: Confirmation, *, by: PersonId, via: str, at: float, reason: str = "") -> Confirmation | None:
    """Refuse it, also after a yes that was not used yet."""
    if row.state not in OPEN:
        return None
    return replace(row, state="denied", decided_by=by, decided_via=via, decided_at=at, reason=reason)


def take_back(row: Confirmation, *, by: PersonId, at: float) -> Confirmation | None:
    """Undo a yes; `at` is the time of the removal as the channel tells it, in Unix seconds.

    It is noted on a question without a yes, too: some channels promise no order, and the yes may come later.
    """
    if row.state not in OPEN or (row.state == "approved" and row.decided_by != by):
        return None
    return replace(row, state="pending", decided_by=by, decided_via=TAKEN_BACK, decided_at=at)


def supersede(row: Confirmation) -> Confirmation | None:
    """Close it because the person wants something else."""
    return replace(row, state="superseded") if row.state in OPEN else None


def expire(row: Confirmation) -> Confirmation | None:
    """Close it because nobody answered in time, or nobody used the grant in time."""
    return replace(row, state="expired") if row.state in OPEN else None


def cancel(row: Confirmation, *, reason: str = "") -> Confirmation | None:
    """Close it because it cannot be asked, or because what was shown is not what would run."""
    return replace(row, state="cancelled", reason=reason or row.reason) if row.state in OPEN else None


def claim(row: Confirmation) -> Confirmation | None:
    """Consume the grant: the call starts now."""
    return replace(row, state="executing") if row.state == "approved" else None


def finish(row: Confirmation, ending: Ending) -> Confirmation | None:
    """Note how the call ended."""
    return replace(row, state=ending) if row.state == "executing" else None


def detach(row: Confirmation) -> Confirmation:
    """Let the question live on alone: the model was told that the call has not run yet."""
    return replace(row, detached=True)


def mark_reported(row: Confirmation) -> Confirmation:
    """Note that the transcript holds the outcome."""
    return replace(row, reported=True)


def is_too_late(row: Confirmation, now: float) -> bool:
    """Tell whether the time to answer is over."""
    return row.expires_at is not None and row.expires_at <= now

"""Delivery: which way an outbox item may move, and how long to wait before another try."""

import random
from typing import get_args

from cleo.domain.message import OutboxState

_RANK: dict[OutboxState, int] = {state: rank for rank, state in enumerate(get_args(OutboxState))}

REACHED: frozenset[OutboxState] = frozenset({"accepted", "sent", "delivered", "read", "played"})
"""States of a message in which somebody may have seen it."""

_FIRST_WAIT = 0.5
_LONGEST_WAIT = 60.0


def may_move(now: OutboxState, to: OutboxState) -> bool:
    """Tell whether news may change the state: what is known to have arrived stays so.

    A message may fail after WhatsApp took it over, and one that seemed to have failed may still arrive. What was
    taken over and refused only for now can be held.
    """
    return _RANK[to] > _RANK[now] or (to == "held" and now in {"accepted", "sent"})


def backoff(attempt: int, *, retry_after: float | None = None) -> float:
    """Seconds to wait after the `attempt`-th failure (from 1): full jitter, doubled each time, capped."""
    if retry_after is not None:
        return min(max(retry_after, 0.0), 3600.0)
    ceiling = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** min(attempt, 16))
    return random.uniform(_FIRST_WAIT / 2, ceiling)

"""Lets go of what is over, a portion at a time. What is open stays, and a repeat is known all the same."""

from typing import Any

from sqlalchemy import BindParameter, bindparam, delete, func, select

from cleo.domain.confirmation import OPEN
from cleo.store.dialect import insert_once
from cleo.store.schema import (
    confirmations,
    conversations,
    inbox,
    is_open_run,
    is_parked,
    outbox,
    past_messages,
    runs,
    unanswered,
)
from cleo.store.session import Session

_PORTION = 500
_before: BindParameter[float] = bindparam("before")

_OLD_INBOUND: Any = (
    select(inbox.c.seq, inbox.c.fingerprint)
    .where(
        inbox.c.received_at < _before,
        inbox.c.state.in_(["done", "noted", "dead"]),
        # The newest row stays: SQLite would give its number to another one.
        inbox.c.seq < select(func.max(inbox.alias().c.seq)).scalar_subquery(),
        ~inbox.c.conversation.in_(select(conversations.c.id).where(is_parked)),
        ~inbox.c.conversation.in_(select(runs.c.conversation).where(is_open_run)),
    )
    .order_by(inbox.c.received_at)
    .limit(_PORTION)
)
_OLD_OUTBOUND: Any = (
    select(outbox.c.seq)
    .where(
        outbox.c.queued_at < _before,
        outbox.c.state.not_in(["queued", "held", "sending", "uncertain"]),
        outbox.c.seq < select(func.max(outbox.alias().c.seq)).scalar_subquery(),
        ~select(confirmations.c.ref)
        .where(confirmations.c.ref == outbox.c.asks, confirmations.c.state.in_(sorted(OPEN)))
        .exists(),
    )
    .order_by(outbox.c.queued_at)
    .limit(_PORTION)
)
_seqs: BindParameter[int] = bindparam("seqs", expanding=True)
_FORGET_INBOUND = delete(inbox).where(inbox.c.seq.in_(_seqs))
_FORGET_OUTBOUND = delete(outbox).where(outbox.c.seq.in_(_seqs))
_FORGET_DAYS = delete(unanswered).where(unanswered.c.day < bindparam("before"))


class SqlRetention:
    """Implements `cleo.ports.Retention`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._note = insert_once(session, past_messages)

    def forget_inbound(self, before: float) -> int:
        """Remove messages that came before then (Unix seconds) and are done with; their repeats stay known."""
        old = self._session.rows(_OLD_INBOUND, {"before": before})
        if old:
            self._session.run_all(self._note, [{"fingerprint": fingerprint} for _, fingerprint in old])
            self._session.run(_FORGET_INBOUND, {"seqs": [seq for seq, _ in old]})
        return len(old)

    def forget_outbound(self, before: float) -> int:
        """Remove messages that were queued before then (Unix seconds) and came to an end."""
        old = [seq for (seq,) in self._session.rows(_OLD_OUTBOUND, {"before": before})]
        if old:
            self._session.run(_FORGET_OUTBOUND, {"seqs": old})
        return len(old)

    def forget_counts(self, day: int) -> None:
        """Remove the counts of unanswered messages of days before this one."""
        self._session.run(_FORGET_DAYS, {"before": day})

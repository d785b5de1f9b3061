"""Lets go of what is over, a portion at a time. What is open stays, and a repeat is known all the same."""

from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Table, and_, bindparam, delete, func, or_, select

from cleo.domain.confirmation import OPEN
from cleo.store.dialect import insert_once
from cleo.store.schema import (
    confirmation_events,
    confirmations,
    conversations,
    dead_letters,
    inbox,
    is_open_run,
    is_parked,
    outbox,
    past_messages,
    runs,
    spending,
    tool_calls,
    transcript,
    unanswered,
)
from cleo.store.session import Session

_PORTION = 500
_before: BindParameter[float] = bindparam("before")

_OLD_INBOUND: Any = (
    select(inbox.c.seq, inbox.c.fingerprint)
    .where(
        inbox.c.received_at < _before,
        inbox.c.state.in_(["done", "noted", "dead", "early"]),
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


def _old(table: Table, ended_at: ColumnElement[Any], *more: ColumnElement[Any], only: Any = None) -> Any:
    newest = select(func.max(table.alias().c.seq)).scalar_subquery()
    old = select(table.c.seq, *more).where(ended_at < _before, table.c.seq < newest)
    return (old if only is None else old.where(only)).order_by(ended_at).limit(_PORTION)


def _forget(table: Table) -> Any:
    return delete(table).where(table.c.seq.in_(_seqs))


_OLD_RUNS = _old(runs, runs.c.ended_at, runs.c.conversation)
_newer = transcript.alias("newer")
_FORGET_TRANSCRIPT = delete(transcript).where(
    transcript.c.conversation.in_(bindparam("chats", expanding=True)),
    transcript.c.revision
    <= select(func.max(_newer.c.revision))
    .where(_newer.c.conversation == transcript.c.conversation)
    .scalar_subquery()
    - bindparam("window"),
    ~select(runs.c.seq).where(runs.c.id == transcript.c.run).exists(),
)
_OLD_QUESTIONS = _old(
    confirmations,
    confirmations.c.created_at,
    confirmations.c.ref,
    only=and_(confirmations.c.reported, confirmations.c.state.not_in(sorted(OPEN))),
)
_FORGET_TRAILS = delete(confirmation_events).where(
    confirmation_events.c.ref.in_(bindparam("refs", expanding=True))
)
_OLD_COSTS = _old(spending, spending.c.at)
_OLD_LOSSES = _old(
    dead_letters, dead_letters.c.at, only=or_(dead_letters.c.reported, dead_letters.c.kind == "inbound")
)
_OLD_CALLS: Any = select(tool_calls.c.key).where(tool_calls.c.ended_at < _before).limit(_PORTION)
_FORGET_CALLS = delete(tool_calls).where(tool_calls.c.key.in_(bindparam("keys", expanding=True)))
_FORGET_INBOUND = delete(inbox).where(inbox.c.seq.in_(_seqs))
_FORGET_OUTBOUND = delete(outbox).where(outbox.c.seq.in_(_seqs))
_FORGET_RUNS, _FORGET_QUESTIONS = _forget(runs), _forget(confirmations)
_FORGET_COSTS, _FORGET_LOSSES = _forget(spending), _forget(dead_letters)
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

    def forget_runs(self, before: float, window: int) -> int:
        """Remove runs that ended before then, and what models read and said in them, but for the newest of each chat.

        `window` is how many messages of a transcript stay however old they are.
        """
        old = self._session.rows(_OLD_RUNS, {"before": before})
        if old:
            self._session.run(_FORGET_RUNS, {"seqs": [seq for seq, _ in old]})
            chats = sorted({chat for _, chat in old})
            self._session.run(_FORGET_TRANSCRIPT, {"chats": chats, "window": window})
        return len(old)

    def forget_records(self, before: float) -> int:
        """Remove what is known of tool calls, questions, costs and losses that ended before then."""
        return (
            self._forget_questions(before)
            + self._forget_calls(before)
            + self._forget_rows(_OLD_COSTS, _FORGET_COSTS, before)
            + self._forget_rows(_OLD_LOSSES, _FORGET_LOSSES, before)
        )

    def _forget_questions(self, before: float) -> int:
        old = self._session.rows(_OLD_QUESTIONS, {"before": before})
        if old:
            self._session.run(_FORGET_TRAILS, {"refs": [ref for _, ref in old]})
            self._session.run(_FORGET_QUESTIONS, {"seqs": [seq for seq, _ in old]})
        return len(old)

    def _forget_calls(self, before: float) -> int:
        old = [key for (key,) in self._session.rows(_OLD_CALLS, {"before": before})]
        if old:
            self._session.run(_FORGET_CALLS, {"keys": old})
        return len(old)

    def _forget_rows(self, which: Any, forget: Any, before: float) -> int:
        old = [seq for (seq,) in self._session.rows(which, {"before": before})]
        if old:
            self._session.run(forget, {"seqs": old})
        return len(old)

    def forget_counts(self, day: int) -> None:
        """Remove the counts of unanswered messages of days before this one."""
        self._session.run(_FORGET_DAYS, {"before": day})

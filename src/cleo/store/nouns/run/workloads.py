"""What there is to do: all of one conversation, and which conversations have something."""

from collections.abc import Sequence
from itertools import islice
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    and_,
    bindparam,
    exists,
    false,
    func,
    or_,
    select,
    true,
    union,
)

from cleo.domain.confirmation import UNDELIVERED
from cleo.domain.conversation import ConversationId
from cleo.domain.identity import Person, PersonId
from cleo.domain.run import RunId
from cleo.ports.store import Parked, Workload
from cleo.store.nouns.conversations import CONVERSATION, conversation_of
from cleo.store.nouns.inbox import ITEM, item_of
from cleo.store.nouns.outbox import OUTGOING, outgoing_of
from cleo.store.nouns.people import PERSON, Known, learn
from cleo.store.nouns.run.runs import RUN, run_of
from cleo.store.schema import (
    aliases,
    confirmations,
    conversations,
    dead_letters,
    inbox,
    is_ahead,
    is_change,
    is_new,
    is_open_run,
    is_parked,
    is_pending,
    is_unknown_loss,
    is_unreported,
    is_waiting,
    outbox,
    people,
    runs,
    transcript,
)
from cleo.store.session import Session

# ── of one conversation ────────────────────────────────────────────────────────────────────────────────────

_CHAT: BindParameter[str] = bindparam("chat")

_is_own = exists().where(
    outbox.c.conversation == _CHAT,
    or_(outbox.c.message_id == inbox.c.about, outbox.c.second_id == inbox.c.about),
)
_new = (
    select(*ITEM, _is_own.label("is_own"))
    .where(inbox.c.conversation == _CHAT, is_new)
    .order_by(inbox.c.seq)
    .limit(bindparam("most"))
).subquery("new")
_merged = people.alias("merged")
_sender = (
    select(func.coalesce(_merged.c.merged_into, _merged.c.id))
    .where(_merged.c.id == _new.c.person)
    .correlate(_new)
)
_waiting = outbox.alias("waiting")
_head = select(func.min(outbox.c.seq)).where(outbox.c.conversation == _CHAT, is_waiting)
_behind = select(outbox.c.seq).where(outbox.c.conversation == _CHAT, is_waiting).offset(1).limit(1)
_newest = select(func.max(transcript.c.revision)).where(transcript.c.conversation == _CHAT)
_parked_by = select(transcript.c.run).where(
    transcript.c.conversation == _CHAT, transcript.c.revision == conversations.c.parked_batch
)
_STATE = (
    conversations.c.epoch,
    conversations.c.transcript_from,
    func.coalesce(_newest.scalar_subquery(), 0),
    exists().where(confirmations.c.conversation == _CHAT, is_unreported),
    exists().where(dead_letters.c.conversation == _CHAT, is_unknown_loss),
    exists().where(inbox.c.conversation == _CHAT, is_change),
    _behind.exists(),
    conversations.c.parked_batch,
    _parked_by.scalar_subquery(),
)
_PARTS: tuple[Sequence[ColumnElement[Any]], ...] = (
    CONVERSATION,
    _STATE,
    RUN,
    [_waiting.c[column.name] for column in OUTGOING],
    [_new.c.is_own],
    [_new.c[column.name] for column in ITEM],
    PERSON,
)
_LOOK: Any = (
    select(*(column for part in _PARTS for column in part))
    .select_from(conversations)
    .outerjoin(runs, and_(runs.c.conversation == _CHAT, is_open_run))
    .outerjoin(_waiting, _waiting.c.seq == _head.scalar_subquery())
    .outerjoin(_new, true())
    .outerjoin(people, people.c.id == _sender.scalar_subquery())
    .outerjoin(aliases, aliases.c.person == people.c.id)
    .where(conversations.c.id == _CHAT)
    .order_by(_new.c.seq)
    .with_for_update(of=conversations)
)

# ── of all ─────────────────────────────────────────────────────────────────────────────────────────────────

_NOW: BindParameter[float] = bindparam("now")
_LONG_AGO: BindParameter[float] = bindparam("long_ago")
_AFTER: BindParameter[str] = bindparam("after")
_MOST: BindParameter[int] = bindparam("most")

_waits_for_model = and_(runs.c.retry_at > _NOW, runs.c.stop == "")


def _first(of: ColumnElement[str], *conditions: ColumnElement[bool]) -> Select[Any]:
    """Select the first conversations in order: each kind of work is looked through only as far as is asked for."""
    some = select(of.label("chat")).where(of > _AFTER, *conditions).distinct().order_by(of).limit(_MOST)
    return select(some.subquery().c.chat)


_is_paused = exists().where(conversations.c.id == inbox.c.conversation, conversations.c.paused_until > _NOW)


def _unless_run_waits(of: ColumnElement[str], *conditions: ColumnElement[bool]) -> Select[Any]:
    waiting = exists().where(runs.c.conversation == of, is_open_run, _waits_for_model)
    return _first(of, *conditions, ~waiting)


def _of_parked_batch(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(
        confirmations.c.conversation == conversations.c.id,
        confirmations.c.batch == conversations.c.parked_batch,
        *conditions,
    )


_due = union(
    _unless_run_waits(inbox.c.conversation, is_new, ~_is_paused),
    _first(runs.c.conversation, is_open_run, func.coalesce(~_waits_for_model, true())),
    # A parked batch goes on when somebody decided one of its calls, or when nothing is left to decide.
    _unless_run_waits(
        conversations.c.id,
        is_parked,
        or_(
            ~_of_parked_batch(is_pending),
            _of_parked_batch(is_unreported, confirmations.c.detached == false(), ~is_pending),
        ),
    ),
    # A late yes.
    _unless_run_waits(
        confirmations.c.conversation,
        is_unreported,
        confirmations.c.detached == true(),
        confirmations.c.state == "approved",
    ),
    # The clock decides: time is up, or the question never reached anybody.
    _unless_run_waits(
        confirmations.c.conversation,
        is_pending,
        or_(
            confirmations.c.expires_at <= _NOW,
            confirmations.c.asked_at.is_(None) & (confirmations.c.created_at < _LONG_AGO),
        ),
    ),
    # Only the head of each chat's queue counts: what stands behind it must wait for it.
    _first(outbox.c.conversation, is_waiting, outbox.c.next_at <= _NOW, ~exists().where(is_ahead)),
).subquery()
_DUE = select(_due.c.chat).order_by(_due.c.chat).limit(_MOST)


class SqlWorkloads:
    """Implements `cleo.ports.Workloads`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def look(self, conversation: ConversationId, most: int) -> Workload:
        """Read it, with at most `most` new messages, and hold it; raises `KeyError`."""
        rows = [_cut(row) for row in self._session.rows(_LOOK, {"chat": conversation, "most": most})]
        if not rows:
            raise KeyError(conversation)
        chat, state, run, waiting, *_ = rows[0]
        epoch, began, newest, has_unreported, has_losses, has_changes, more, *parked = state
        items = {item[0]: item_of(item) for *_, item, _ in rows if item[0] is not None}
        return Workload(
            conversation=conversation_of(chat),
            epoch=epoch,
            run=run_of(run) if run[0] is not None else None,
            new=tuple(items.values()),
            own=frozenset(item[0] for *_, (is_own,), item, _ in rows if is_own),
            senders=_senders(rows),
            next=outgoing_of(waiting) if waiting[0] is not None else None,
            more=bool(more),
            parked=_parked(*parked),
            bounds=(began, newest),
            has_unreported=bool(has_unreported),
            has_losses=bool(has_losses),
            has_changes=bool(has_changes),
        )

    def due(self, now: float, *, after: str = "", most: int = 1000) -> Sequence[ConversationId]:
        """Return conversations with something to do at `now`, ordered by id: the first `most` behind `after`."""
        values = {"now": now, "long_ago": now - UNDELIVERED, "after": after, "most": most}
        return [ConversationId(row[0]) for row in self._session.rows(_DUE, values)]


def _cut(row: Sequence[Any]) -> list[Sequence[Any]]:
    """Cut a row into its parts; those of what is not there are nothing but None."""
    values = iter(row)
    return [tuple(islice(values, len(part))) for part in _PARTS]


def _senders(rows: Sequence[Sequence[Any]]) -> dict[PersonId, Person]:
    """One row a message and an address of its sender."""
    known: dict[str, Known] = {}
    for *_, item, person in rows:
        if person[0] is not None:
            learn(known, item[2], person)
    return {PersonId(id): each.person() for id, each in known.items()}


def _parked(batch: int | None, run: str | None) -> Parked | None:
    return None if batch is None else Parked(batch=batch, run=RunId(run) if run else None)

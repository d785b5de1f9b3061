"""The questions."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from cleo.domain.confirmation import Confirmation, State
from cleo.domain.content import MessageId
from cleo.domain.conversation import ConversationId
from cleo.domain.identity import PersonId
from cleo.store.schema import (
    confirmation_events,
    confirmations,
    has_id,
    is_asking,
    is_pending,
    is_unreported,
    outbox,
)
from cleo.store.session import Session

_FIELDS = tuple(field.name for field in fields(Confirmation))

_ALL: Any = select(*(confirmations.c[name] for name in _FIELDS)).order_by(confirmations.c.seq)
_BY_REF = _ALL.where(confirmations.c.ref == bindparam("of_ref"))
_UNREPORTED = _ALL.where(confirmations.c.conversation == bindparam("chat"), is_unreported)
_PENDING = _ALL.where(is_pending)
_NEWEST: Any = (
    select(*(confirmations.c[name] for name in _FIELDS))
    .where(confirmations.c.conversation == bindparam("chat"))
    .order_by(confirmations.c.seq.desc())
    .limit(1)
)
_prompted = select(outbox.c.asks).where(
    outbox.c.conversation == bindparam("chat"), is_asking, outbox.c.purpose == "prompt"
)
_ASKED_IN = _ALL.where(is_unreported, confirmations.c.ref.in_(_prompted))
_ASKED_BY = _ALL.where(confirmations.c.ref.in_(_prompted.where(has_id)))
_ADD = insert(confirmations)
_SAVE = update(confirmations).where(
    confirmations.c.ref == bindparam("of_ref"), confirmations.c.state == bindparam("before")
)
_WITHDRAW = update(outbox).where(outbox.c.asks == bindparam("of_ref"), is_asking).values(asks=None)
_LOG = insert(confirmation_events)


class SqlConfirmations:
    """Implements `cleo.ports.Confirmations`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, confirmation: Confirmation) -> None:
        """Keep a new one; raises `StoreError` when its ref is taken."""
        self._session.run(_ADD, asdict(confirmation))

    def get(self, ref: str) -> Confirmation | None:
        """Return the one with this ref, if there is one."""
        row = self._session.row(_BY_REF, {"of_ref": ref})
        return None if row is None else _confirmation(row)

    def save(self, after: Confirmation, *, before: State) -> bool:
        """Save what a transition made of it, if its state is still `before`. False: somebody was first."""
        values = {"of_ref": after.ref, "before": before, **asdict(after)}
        return self._session.run(_SAVE, values) == 1

    def log(self, ref: str, kind: str, *, at: float, by: PersonId | None = None, detail: str = "") -> None:
        """Append to the audit trail."""
        self._session.run(_LOG, {"ref": ref, "at": at, "kind": kind, "by": by, "detail": detail})

    def withdraw_prompts(self, ref: str) -> None:
        """Take the question from all messages that ask it, and from those that show its plan."""
        self._session.run(_WITHDRAW, {"of_ref": ref})


class SqlConfirmationLookup:
    """Implements `cleo.ports.ConfirmationLookup`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def unreported(self, conversation: ConversationId) -> Sequence[Confirmation]:
        """Those of a conversation whose outcome is not in its transcript; all open ones are among them."""
        return self._all(_UNREPORTED, chat=conversation)

    def asked_in(self, conversation: ConversationId) -> Sequence[Confirmation]:
        """Those not reported yet that a message in this chat asks, wherever they were asked for."""
        return self._all(_ASKED_IN, chat=conversation)

    def asked_by(self, conversation: ConversationId, message_id: MessageId) -> Sequence[Confirmation]:
        """Those that this very message asks, also those that are over."""
        return self._all(_ASKED_BY, chat=conversation, message_id=message_id)

    def newest(self, conversation: ConversationId) -> Confirmation | None:
        """The newest one of a conversation."""
        return next(iter(self._all(_NEWEST, chat=conversation)), None)

    def pending(self) -> Sequence[Confirmation]:
        """All that wait for an answer, of all conversations."""
        return self._all(_PENDING)

    def _all(self, statement: Any, **where: object) -> Sequence[Confirmation]:
        return [_confirmation(row) for row in self._session.rows(statement, where)]


def _confirmation(row: Sequence[Any]) -> Confirmation:
    return Confirmation(**dict(zip(_FIELDS, row, strict=True)))

"""The questions, and the messages that ask them."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from functools import cache
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, select, update

from cleo.domain.confirmation import MOVES, Confirmation, State
from cleo.domain.content import MessageId
from cleo.domain.conversation import ConversationId
from cleo.domain.identity import PersonId
from cleo.store.schema import confirmation_events, confirmations, is_unreported, outbox, prompts

_FIELDS = tuple(field.name for field in fields(Confirmation))
_CHANGEABLE = frozenset(_FIELDS) - {"ref", "state"}

_ALL: Any = select(*(confirmations.c[name] for name in _FIELDS)).order_by(confirmations.c.seq)
_asked = select(prompts.c.ref).where(prompts.c.conversation == bindparam("chat"))
_ASKED_HERE = _ALL.where(is_unreported, confirmations.c.ref.in_(_asked))
_ASKED_BY = _ALL.where(
    confirmations.c.ref.in_(
        _asked.join(outbox, outbox.c.key == prompts.c.key).where(
            outbox.c.conversation == bindparam("chat"), outbox.c.message_id == bindparam("message_id")
        )
    )
)
_CONDITIONS = {
    "of_ref": confirmations.c.ref == bindparam("of_ref"),
    "chat": confirmations.c.conversation == bindparam("chat"),
    "states": confirmations.c.state.in_(bindparam("states", expanding=True)),
}
_ADD = insert(confirmations)
_ADD_PROMPTS = insert(prompts)
_FORGET_PROMPTS = delete(prompts).where(prompts.c.ref == bindparam("of_ref"))
_NOTE = insert(confirmation_events)


class SqlConfirmations:
    """Implements `cleo.ports.Confirmations`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, confirmation: Confirmation, prompts: Iterable[tuple[ConversationId, str]]) -> None:
        """Keep a question with the outbox keys of the messages that ask it, and where they go.

        The same question again is asked by these messages alone: an answer to the old ones is none.
        Raises `StoreError` when the ref was used for another one.
        """
        known = [(row.conversation, row.call_id, row.digest) for row in self.find(ref=confirmation.ref)]
        if known != [(confirmation.conversation, confirmation.call_id, confirmation.digest)]:
            self._connection.execute(_ADD, asdict(confirmation))
        else:
            self._connection.execute(_FORGET_PROMPTS, {"of_ref": confirmation.ref})
        rows = [{"ref": confirmation.ref, "conversation": chat, "key": key} for chat, key in prompts]
        if rows:
            self._connection.execute(_ADD_PROMPTS, rows)

    def find(
        self,
        *,
        ref: str | None = None,
        conversation: ConversationId | None = None,
        states: Iterable[State] | None = None,
        reported: bool | None = None,
    ) -> Sequence[Confirmation]:
        """All that match, oldest first."""
        wanted = states if states is None else list(states)
        given = {"of_ref": ref, "chat": conversation, "states": wanted}
        values = {name: value for name, value in given.items() if value is not None}
        return self._all(_finding(frozenset(values), reported), **values)

    def asked_in(
        self, conversation: ConversationId, message_id: MessageId | None = None
    ) -> Sequence[Confirmation]:
        """Those the model waits for whose prompt went to this chat; or that this very message asked; oldest first."""
        if message_id is None:
            return self._all(_ASKED_HERE, chat=conversation)
        return self._all(_ASKED_BY, chat=conversation, message_id=message_id)

    def move(
        self, ref: str, *, when: Iterable[State], to: State, changes: dict[str, object] | None = None
    ) -> bool:
        """Change the state if it is one of `when`; with `changes` to other fields. False: somebody was first.

        `to` may be the state it has, to change only fields. Raises `ValueError` for a move that the domain
        does not know, and for a field that is none.
        """
        before, changes = list(when), changes or {}
        if illegal := [state for state in before if to != state and to not in MOVES.get(state, ())]:
            raise ValueError(f"a confirmation does not move from {', '.join(illegal)} to {to}")
        if unknown := changes.keys() - _CHANGEABLE:
            raise ValueError(f"a confirmation has no field to change named {', '.join(sorted(unknown))}")
        statement = (
            update(confirmations)
            .where(confirmations.c.ref == ref, confirmations.c.state.in_(before))
            .values(state=to, **changes)
        )
        return self._connection.execute(statement).rowcount == 1

    def note(self, ref: str, kind: str, *, at: float, by: PersonId | None = None, detail: str = "") -> None:
        """Append to the audit trail."""
        row = {"ref": ref, "at": at, "kind": kind, "by": by, "detail": detail}
        self._connection.execute(_NOTE, row)

    def _all(self, statement: Any, **where: object) -> Sequence[Confirmation]:
        return [_confirmation(row) for row in self._connection.execute(statement, where).mappings()]


def _confirmation(row: RowMapping) -> Confirmation:
    return Confirmation(**row)


@cache
def _finding(given: frozenset[str], reported: bool | None) -> Any:
    """Write the statement once for each combination: to write it takes longer than to run it."""
    found = _ALL.where(*(_CONDITIONS[name] for name in sorted(given)))
    return found if reported is None else found.where(confirmations.c.reported == reported)

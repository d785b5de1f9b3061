"""What was given up."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import bindparam, select, update

from cleo.domain.conversation import ConversationId
from cleo.ports.store import DeadLetter
from cleo.store.dialect import insert_once
from cleo.store.schema import dead_letters, is_unknown_loss
from cleo.store.session import Session

_FIELDS = tuple(field.name for field in fields(DeadLetter))

_ALL: Any = select(*(dead_letters.c[name] for name in _FIELDS))
_RECENT = _ALL.order_by(dead_letters.c.seq.desc()).limit(bindparam("newest"))
_UNREPORTED = _ALL.where(dead_letters.c.conversation == bindparam("chat"), is_unknown_loss).order_by(
    dead_letters.c.seq
)
_TELL = (
    update(dead_letters)
    .where(dead_letters.c.kind == bindparam("of_kind"), dead_letters.c.key == bindparam("of_key"))
    .values(reported=True)
)


class SqlDeadLetters:
    """Implements `cleo.ports.DeadLetters`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._add = insert_once(session, dead_letters)

    def add(self, letter: DeadLetter) -> None:
        """Keep it; the same kind and key again changes nothing."""
        self._session.run(self._add, asdict(letter))

    def recent(self, limit: int) -> Sequence[DeadLetter]:
        """The newest, newest first."""
        return self._letters(_RECENT, {"newest": limit})

    def unreported(self, conversation: ConversationId) -> Sequence[DeadLetter]:
        """Messages to this chat that never arrived and that the model does not know of, oldest first."""
        return self._letters(_UNREPORTED, {"chat": conversation})

    def mark_reported(self, letters: Iterable[DeadLetter]) -> None:
        """Note that the model knows of them."""
        rows = [{"of_kind": letter.kind, "of_key": letter.key} for letter in letters]
        if rows:
            self._session.run_all(_TELL, rows)

    def _letters(self, statement: Any, where: dict[str, object]) -> Sequence[DeadLetter]:
        return [
            DeadLetter(**dict(zip(_FIELDS, row, strict=True))) for row in self._session.rows(statement, where)
        ]

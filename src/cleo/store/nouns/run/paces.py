"""How fast turns follow each other in a chat, and pauses of it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, func, select, update

from cleo.domain.conversation import ConversationId
from cleo.ports.store import Turn
from cleo.store.schema import conversations, inbox, runs
from cleo.store.session import Session

_recent = (
    select(runs.c.id, runs.c.ended_at)
    .where(
        runs.c.conversation == bindparam("chat"),
        runs.c.ended_at >= bindparam("since"),
        runs.c.kind == "message",
    )
    .order_by(runs.c.ended_at.desc())
    .limit(bindparam("most"))
).subquery("recent")
_came_at = select(func.min(inbox.c.received_at)).where(inbox.c.run == _recent.c.id).scalar_subquery()
_TURNS: Any = select(_came_at, _recent.c.ended_at).order_by(_recent.c.ended_at.desc())
_PAUSE = update(conversations).where(conversations.c.id == bindparam("chat"))


class SqlPaces:
    """Implements `cleo.ports.Paces`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def turns(self, conversation: ConversationId, since: float, most: int) -> Sequence[Turn]:
        """Those that ended since then, newest first."""
        rows = self._session.rows(_TURNS, {"chat": conversation, "since": since, "most": most})
        return [Turn(came_at, ended_at) for came_at, ended_at in rows if came_at is not None]

    def pause(self, conversation: ConversationId, until: float | None) -> None:
        """Let no turn begin there until then; None: let them begin again."""
        self._session.run(_PAUSE, {"chat": conversation, "paused_until": until})

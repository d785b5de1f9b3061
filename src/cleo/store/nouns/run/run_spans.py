"""When runs for new messages were asked for, and when they ended."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, func, select

from cleo.domain.conversation import ConversationId
from cleo.ports.store import RunSpan
from cleo.store.schema import inbox, runs
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
_SPANS: Any = select(_came_at, _recent.c.ended_at).order_by(_recent.c.ended_at.desc())


class SqlRunSpans:
    """Implements `cleo.ports.RunSpans`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def ended_since(self, conversation: ConversationId, since: float, most: int) -> Sequence[RunSpan]:
        """Return the newest `most` of a chat that ended since then (Unix seconds), newest first."""
        rows = self._session.rows(_SPANS, {"chat": conversation, "since": since, "most": most})
        return [RunSpan(came_at, ended_at) for came_at, ended_at in rows if came_at is not None]

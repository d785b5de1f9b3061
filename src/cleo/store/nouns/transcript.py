"""The model's messages of a conversation."""

from collections.abc import Sequence

from sqlalchemy import bindparam, func, insert, select, update

from cleo.domain.conversation import ConversationId
from cleo.domain.run import RunId
from cleo.ports.store import Parked
from cleo.store.schema import conversations, transcript
from cleo.store.session import Session

_of_it = transcript.c.conversation == bindparam("chat")
_from = func.coalesce(
    select(conversations.c.transcript_from).where(conversations.c.id == bindparam("chat")).scalar_subquery(),
    0,
)
_WINDOW = (
    select(transcript.c.body)
    .where(_of_it, transcript.c.revision > _from)
    .order_by(transcript.c.revision.desc())
    .limit(bindparam("newest"))
)
_APPEND = insert(transcript)
_REPLACE = update(transcript).where(_of_it, transcript.c.revision == bindparam("number"))
_parked_by = (transcript.c.conversation == conversations.c.id) & (
    transcript.c.revision == conversations.c.parked_batch
)
_PARKED = (
    select(conversations.c.parked_batch, transcript.c.run)
    .join_from(conversations, transcript, _parked_by, isouter=True)
    .where(conversations.c.id == bindparam("chat"))
)
_CONVERSATION = update(conversations).where(conversations.c.id == bindparam("chat"))
_newest = select(func.coalesce(func.max(transcript.c.revision), 0)).where(_of_it).scalar_subquery()
_BEGIN_ANEW = _CONVERSATION.values(transcript_from=_newest)


class SqlTranscript:
    """Implements `cleo.ports.Transcript` and `TranscriptRows`. The revision is the number of messages."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def window(self, conversation: ConversationId, limit: int) -> Sequence[bytes]:
        """The newest `limit` messages since the conversation began anew, oldest first."""
        newest = self._session.rows(_WINDOW, {"chat": conversation, "newest": limit})
        return [body for (body,) in reversed(newest)]

    def append(self, conversation: ConversationId, run: RunId, bodies: Sequence[bytes], *, after: int) -> int:
        """Add messages behind the newest revision; tells the new one."""
        rows = [
            {"conversation": conversation, "revision": number, "run": run, "body": body}
            for number, body in enumerate(bodies, after + 1)
        ]
        if rows:
            self._session.run_all(_APPEND, rows)
        return after + len(rows)

    def parked(self, conversation: ConversationId) -> Parked | None:
        """The open batch, if there is one."""
        row = self._session.row(_PARKED, {"chat": conversation})
        batch, run = row or (None, None)
        return None if batch is None else Parked(batch=batch, run=RunId(run) if run else None)

    def park(self, conversation: ConversationId, parked: Parked | None) -> None:
        """Set or clear the open batch."""
        row = {"chat": conversation, "parked_batch": parked.batch if parked else None}
        self._session.run(_CONVERSATION, row)

    def replace(self, conversation: ConversationId, revision: int, body: bytes) -> None:
        """Put another message in the place of one."""
        self._session.run(_REPLACE, {"chat": conversation, "number": revision, "body": body})

    def begin_anew(self, conversation: ConversationId) -> None:
        """Let windows start behind what is there now."""
        self._session.run(_BEGIN_ANEW, {"chat": conversation})

"""What goes out."""

from collections.abc import Sequence
from typing import Any, cast, get_args

from sqlalchemy import Connection, Row, Select, bindparam, select, update

from cleo.domain.content import MessageId
from cleo.domain.conversation import ConversationId
from cleo.domain.delivery import may_move
from cleo.domain.message import OutboxItem, OutboxState
from cleo.store.codec import OUTBOUND, decode, encode
from cleo.store.dialect import insert_once
from cleo.store.schema import is_waiting, outbox

_STATES: tuple[OutboxState, ...] = get_args(OutboxState)
_FINISHED: frozenset[OutboxState] = frozenset({"failed", "sent", "delivered", "read"})

_NEXT = (
    select(outbox)
    .where(outbox.c.conversation == bindparam("conversation"), is_waiting)
    .order_by(outbox.c.seq)
    .limit(1)
)
_BY_MESSAGE_ID = (
    select(outbox)
    .where(outbox.c.conversation == bindparam("conversation"), outbox.c.message_id == bindparam("message_id"))
    .order_by(outbox.c.seq.desc())
    .limit(1)
)
_RECENT = select(outbox).order_by(outbox.c.seq.desc()).limit(bindparam("newest"))
_UPDATE = update(outbox).where(
    outbox.c.key == bindparam("item"), outbox.c.state.in_(bindparam("before", expanding=True))
)


class SqlOutbox:
    """Implements `cleo.ports.Outbox`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._add = insert_once(connection, outbox)

    def add(self, item: OutboxItem) -> bool:
        """Queue it; False: the key was here before and nothing changed."""
        row = {
            "key": item.key,
            "conversation": item.conversation,
            "body": encode(OUTBOUND, (item.content, item.quoted)),
            **_progress(item),
        }
        return self._connection.execute(self._add, row).rowcount == 1

    def next(self, conversation: ConversationId) -> OutboxItem | None:
        """The oldest item that is not sent, also when it may not be sent yet (`next_at`)."""
        return self._one(_NEXT, conversation=conversation)

    def update(self, item: OutboxItem) -> None:
        """Save state, attempts, next_at, message_id and reason of `item.key`.

        Nothing changes when that would take back news: a message known to be delivered stays so, also when
        somebody who read it earlier now notes that it was sent.
        """
        before = [state for state in _STATES if state not in _FINISHED or _keeps(state, item.state)]
        self._connection.execute(_UPDATE, {"item": item.key, "before": before, **_progress(item)})

    def by_message_id(self, conversation: ConversationId, message_id: MessageId) -> OutboxItem | None:
        """Find what was sent under this id."""
        return self._one(_BY_MESSAGE_ID, conversation=conversation, message_id=message_id)

    def recent(self, limit: int) -> Sequence[OutboxItem]:
        """The newest items of all conversations, newest first."""
        return [_item(row) for row in self._connection.execute(_RECENT, {"newest": limit})]

    def _one(self, statement: Select[Any], **where: str) -> OutboxItem | None:
        row = self._connection.execute(statement, where).one_or_none()
        return None if row is None else _item(row)


def _keeps(now: OutboxState, to: OutboxState) -> bool:
    return now == to or may_move(now, to)


def _progress(item: OutboxItem) -> dict[str, str | int | float | None]:
    return {
        "state": item.state,
        "attempts": item.attempts,
        "next_at": item.next_at,
        "message_id": item.message_id,
        "reason": item.reason,
    }


def _item(row: Row[Any]) -> OutboxItem:
    content, quoted = decode(OUTBOUND, row.body)
    return OutboxItem(
        key=row.key,
        conversation=row.conversation,
        content=content,
        quoted=quoted,
        seq=row.seq,
        state=cast(OutboxState, row.state),
        attempts=row.attempts,
        next_at=row.next_at,
        message_id=row.message_id,
        reason=row.reason,
    )

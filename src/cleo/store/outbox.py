"""What goes out."""

from collections.abc import Iterable, Sequence
from typing import Any, cast, get_args

from sqlalchemy import Connection, Row, bindparam, select, update

from cleo.domain.content import MessageId
from cleo.domain.conversation import ConversationId
from cleo.domain.delivery import may_move
from cleo.domain.message import OutboxItem, OutboxState
from cleo.store.codec import OUTBOUND, decode, encode
from cleo.store.dialect import insert_once
from cleo.store.schema import is_waiting, outbox, prompts

_STATES: tuple[OutboxState, ...] = get_args(OutboxState)
_OPEN: frozenset[OutboxState] = frozenset({"queued", "held", "sending", "uncertain"})

_NEXT = (
    select(outbox)
    .where(outbox.c.conversation == bindparam("conversation"), is_waiting)
    .order_by(outbox.c.seq)
    .limit(1)
)
_ALL = select(outbox).order_by(outbox.c.seq)
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
        row = self._connection.execute(_NEXT, {"conversation": conversation}).one_or_none()
        return None if row is None else _item(row)

    def update(self, item: OutboxItem) -> None:
        """Save what became of `item.key`; news that is older than what is known changes nothing.

        A message known to be delivered stays so, also when somebody who read it earlier now notes that it was sent.
        """
        before = [state for state in _STATES if state in _OPEN or _keeps(state, item.state)]
        self._connection.execute(_UPDATE, {"item": item.key, "before": before, **_progress(item)})

    def find(
        self,
        *,
        key: str | None = None,
        conversation: ConversationId | None = None,
        message_id: MessageId | None = None,
        asks: str | None = None,
        states: Iterable[OutboxState] | None = None,
    ) -> Sequence[OutboxItem]:
        """All that match, oldest first. Some of it must be given; `asks` is the ref of a question."""
        given = {"key": key, "conversation": conversation, "message_id": message_id}
        wanted = [outbox.c[name] == value for name, value in given.items() if value is not None]
        if asks is not None:
            wanted.append(outbox.c.key.in_(select(prompts.c.key).where(prompts.c.ref == asks)))
        if states is not None:
            wanted.append(outbox.c.state.in_(list(states)))
        if not wanted:
            raise ValueError("name what to find")
        return [_item(row) for row in self._connection.execute(_ALL.where(*wanted))]

    def recent(self, limit: int) -> Sequence[OutboxItem]:
        """The newest items of all conversations, newest first."""
        return [_item(row) for row in self._connection.execute(_RECENT, {"newest": limit})]


def _keeps(now: OutboxState, to: OutboxState) -> bool:
    return now == to or may_move(now, to)


def _progress(item: OutboxItem) -> dict[str, str | int | float | bool | None]:
    return {
        "state": item.state,
        "attempts": item.attempts,
        "next_at": item.next_at,
        "message_id": item.message_id,
        "reason": item.reason,
        "uncertain_since": item.uncertain_since,
        "repeated": item.repeated,
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
        uncertain_since=row.uncertain_since,
        repeated=row.repeated,
    )

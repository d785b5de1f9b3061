"""What goes out."""

from collections.abc import Sequence
from typing import Any, cast, get_args

from sqlalchemy import Connection, Row, bindparam, select, update

from cleo.domain.content import MessageId
from cleo.domain.conversation import AccountKey, ConversationId
from cleo.domain.delivery import may_move
from cleo.domain.message import OutboxState, OutgoingMessage, Purpose
from cleo.store.codec import OUTBOUND, decode, encode
from cleo.store.dialect import insert_once
from cleo.store.schema import conversations, is_asking, is_held, is_waiting, outbox

_STATES: tuple[OutboxState, ...] = get_args(OutboxState)
_OPEN: frozenset[OutboxState] = frozenset({"queued", "held", "sending", "uncertain"})

_ALL = select(outbox).order_by(outbox.c.seq)
_here = outbox.c.conversation == bindparam("conversation")
_NEXT = _ALL.where(_here, is_waiting).limit(1)
_BY_KEY = _ALL.where(outbox.c.key == bindparam("key"))
_BY_MESSAGE_ID = _ALL.where(_here, outbox.c.message_id == bindparam("message_id"))
_PROMPTS = _ALL.where(outbox.c.asks == bindparam("ref"), is_asking, outbox.c.purpose == "prompt")
_HELD = _ALL.where(is_held)
_HELD_HERE = _HELD.where(_here)
_IN_DOUBT = _ALL.where(
    is_waiting,
    outbox.c.state.in_(["sending", "uncertain"]),
    outbox.c.conversation.in_(
        select(conversations.c.id).where(
            conversations.c.channel == bindparam("channel"), conversations.c.account == bindparam("account")
        )
    ),
)
_RECENT = (
    select(outbox)
    .where(outbox.c.seq > bindparam("after"))
    .order_by(outbox.c.seq.desc())
    .limit(bindparam("newest"))
)
_RECENT_HERE = _RECENT.where(_here)
_UPDATE = update(outbox).where(
    outbox.c.key == bindparam("of_key"), outbox.c.state.in_(bindparam("before", expanding=True))
)
_WITHDRAW = update(outbox).where(outbox.c.asks == bindparam("ref"), is_asking).values(asks=None)


class SqlOutbox:
    """Implements `cleo.ports.Outbox`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._add = insert_once(connection, outbox)

    def add(self, message: OutgoingMessage) -> bool:
        """Queue it; False: the key was here before and nothing changed."""
        row = {
            "key": message.key,
            "conversation": message.conversation,
            "body": encode(OUTBOUND, (message.content, message.quoted)),
            "purpose": message.purpose,
            "asks": message.asks,
            **_progress(message),
        }
        return self._connection.execute(self._add, row).rowcount == 1

    def get(self, key: str) -> OutgoingMessage | None:
        """Return the one with this key, if there is one."""
        row = self._connection.execute(_BY_KEY, {"key": key}).one_or_none()
        return None if row is None else _message(row)

    def next(self, conversation: ConversationId) -> OutgoingMessage | None:
        """The oldest message that is not sent, also when it may not be sent yet (`next_at`)."""
        row = self._connection.execute(_NEXT, {"conversation": conversation}).one_or_none()
        return None if row is None else _message(row)

    def update(self, message: OutgoingMessage) -> None:
        """Save what became of it; a status that is older than what is known changes nothing.

        A message known to be delivered stays so, also when somebody who read it earlier now notes that it was sent.
        """
        before = [state for state in _STATES if state in _OPEN or _keeps(state, message.state)]
        values = {"of_key": message.key, "before": before, **_progress(message)}
        self._connection.execute(_UPDATE, values)

    def withdraw_prompts(self, ref: str) -> None:
        """Take the question from all messages that ask it, and from those that show its plan."""
        self._connection.execute(_WITHDRAW, {"ref": ref})


class SqlOutboxLookup:
    """Implements `cleo.ports.OutboxLookup`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def by_message_id(self, conversation: ConversationId, message_id: MessageId) -> Sequence[OutgoingMessage]:
        """Those that have this message id in the chat."""
        return self._all(_BY_MESSAGE_ID, conversation=conversation, message_id=message_id)

    def prompts(self, ref: str) -> Sequence[OutgoingMessage]:
        """Those that ask the question with this ref."""
        return self._all(_PROMPTS, ref=ref)

    def held(self, conversation: ConversationId | None = None) -> Sequence[OutgoingMessage]:
        """Those that wait until the person writes, in one conversation or in all."""
        return self._all(_HELD) if conversation is None else self._all(_HELD_HERE, conversation=conversation)

    def in_doubt(self, account: AccountKey) -> Sequence[OutgoingMessage]:
        """Those of an account of which nobody knows whether they were sent."""
        return self._all(_IN_DOUBT, channel=account.channel, account=account.account)

    def recent(
        self, limit: int, *, conversation: ConversationId | None = None, after: int = 0
    ) -> Sequence[OutgoingMessage]:
        """The newest messages of one conversation or of all, newest first; those behind the seq `after`."""
        if conversation is None:
            return self._all(_RECENT, newest=limit, after=after)
        return self._all(_RECENT_HERE, newest=limit, after=after, conversation=conversation)

    def _all(self, statement: Any, **where: object) -> Sequence[OutgoingMessage]:
        return [_message(row) for row in self._connection.execute(statement, where)]


def _keeps(now: OutboxState, to: OutboxState) -> bool:
    return now == to or may_move(now, to)


def _progress(message: OutgoingMessage) -> dict[str, str | int | float | None]:
    return {
        "state": message.state,
        "attempts": message.attempts,
        "next_at": message.next_at,
        "message_id": message.message_id,
        "reason": message.reason,
        "uncertain_since": message.uncertain_since,
        "attempt": message.attempt,
    }


def _message(row: Row[Any]) -> OutgoingMessage:
    content, quoted = decode(OUTBOUND, row.body)
    return OutgoingMessage(
        key=row.key,
        conversation=row.conversation,
        content=content,
        purpose=cast(Purpose, row.purpose),
        asks=row.asks,
        quoted=quoted,
        seq=row.seq,
        state=cast(OutboxState, row.state),
        attempts=row.attempts,
        next_at=row.next_at,
        message_id=row.message_id,
        reason=row.reason,
        uncertain_since=row.uncertain_since,
        attempt=row.attempt,
    )

"""What goes out."""

from collections.abc import Sequence
from typing import Any, cast, get_args

from sqlalchemy import bindparam, or_, select, update

from cleo.domain.content import MessageId
from cleo.domain.conversation import AccountKey, ConversationId
from cleo.domain.delivery import may_move
from cleo.domain.message import OutboxState, OutgoingMessage, Purpose
from cleo.ports.clock import Clock
from cleo.store.codec import OUTBOUND, decode, encode
from cleo.store.dialect import insert_once
from cleo.store.nouns.conversations import guard, is_still_ours
from cleo.store.schema import conversations, has_id, is_asking, is_held, is_waiting, outbox
from cleo.store.session import Session

_STATES: tuple[OutboxState, ...] = get_args(OutboxState)
_OPEN: frozenset[OutboxState] = frozenset({"queued", "held", "sending", "uncertain"})
_BEFORE = {to: [now for now in _STATES if now in _OPEN or now == to or may_move(now, to)] for to in _STATES}
"""From which states a message may come to each."""

OUTGOING = (
    outbox.c.seq,
    outbox.c.key,
    outbox.c.conversation,
    outbox.c.state,
    outbox.c.attempts,
    outbox.c.next_at,
    outbox.c.message_id,
    outbox.c.reason,
    outbox.c.body,
    outbox.c.uncertain_since,
    outbox.c.purpose,
    outbox.c.asks,
    outbox.c.attempt,
    outbox.c.second_id,
)
_ALL = select(*OUTGOING).order_by(outbox.c.seq)
_here = outbox.c.conversation == bindparam("conversation")
_NEXT = _ALL.where(_here, is_waiting).limit(1)
_BY_KEY = _ALL.where(outbox.c.key == bindparam("key"))
_BY_MESSAGE_ID = _ALL.where(_here, has_id)
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
    select(*OUTGOING)
    .where(outbox.c.seq > bindparam("after"))
    .order_by(outbox.c.seq.desc())
    .limit(bindparam("newest"))
)
_RECENT_HERE = _RECENT.where(_here)
_UPDATE = update(outbox).where(
    outbox.c.key == bindparam("of_key"), outbox.c.state.in_(bindparam("before", expanding=True))
)
_UPDATE_OURS = _UPDATE.where(is_still_ours(bindparam("in_chat")))
_NOTE_SECOND_ID = update(outbox).where(
    outbox.c.key == bindparam("of_key"),
    outbox.c.message_id != bindparam("id"),
    or_(outbox.c.second_id.is_(None), outbox.c.second_id != bindparam("id")),
)


class SqlOutbox:
    """Implements `cleo.ports.Outbox`."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._session = session
        self._clock = clock
        self._add = insert_once(session, outbox)

    def add(self, message: OutgoingMessage) -> bool:
        """Queue it; False: the key was here before and nothing changed."""
        row = {
            "key": message.key,
            "conversation": message.conversation,
            "body": encode(OUTBOUND, (message.content, message.quoted)),
            "purpose": message.purpose,
            "asks": message.asks,
            "queued_at": self._clock.now(),
            **_progress(message),
        }
        return self._session.run(self._add, row) == 1

    def get(self, key: str) -> OutgoingMessage | None:
        """Return the one with this key, if there is one."""
        row = self._session.row(_BY_KEY, {"key": key})
        return None if row is None else outgoing_of(row)

    def next(self, conversation: ConversationId) -> OutgoingMessage | None:
        """The oldest message that is not sent, also when it may not be sent yet (`next_at`)."""
        row = self._session.row(_NEXT, {"conversation": conversation})
        return None if row is None else outgoing_of(row)

    def update(self, message: OutgoingMessage, *, epoch: int | None = None) -> None:
        """Save what became of it; a status that is older than what is known changes nothing.

        With an epoch: raises `Fenced` when somebody took the conversation over since.
        A message known to be delivered stays so, also when somebody who read it earlier now notes that it was sent.
        """
        values = {"of_key": message.key, "before": _BEFORE[message.state], **_progress(message)}
        if epoch is None:
            self._session.run(_UPDATE, values)
            return
        ours = {**values, "in_chat": message.conversation, "epoch": epoch}
        if self._session.run(_UPDATE_OURS, ours) == 0:
            guard(self._session, message.conversation, epoch)

    def note_second_id(self, key: str, id: MessageId) -> bool:
        """Note that it is there under another id as well; False: that is known."""
        return self._session.run(_NOTE_SECOND_ID, {"of_key": key, "id": id, "second_id": id}) == 1


class SqlOutboxLookup:
    """Implements `cleo.ports.OutboxLookup`."""

    def __init__(self, session: Session) -> None:
        self._session = session

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
        return [outgoing_of(row) for row in self._session.rows(statement, where)]


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


def outgoing_of(row: Sequence[Any]) -> OutgoingMessage:
    """Read the values of `OUTGOING`."""
    (
        seq,
        key,
        conversation,
        state,
        attempts,
        next_at,
        message_id,
        reason,
        body,
        since,
        purpose,
        asks,
        attempt,
        second_id,
    ) = row
    content, quoted = decode(OUTBOUND, body)
    return OutgoingMessage(
        key=key,
        conversation=ConversationId(conversation),
        content=content,
        purpose=cast(Purpose, purpose),
        asks=asks,
        quoted=quoted,
        seq=seq,
        state=cast(OutboxState, state),
        attempts=attempts,
        next_at=next_at,
        message_id=message_id,
        reason=reason,
        uncertain_since=since,
        attempt=attempt,
        second_id=second_id,
    )

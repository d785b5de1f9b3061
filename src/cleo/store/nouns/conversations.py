"""The chats, who may write to them now, and which have something to do."""

from collections.abc import Sequence

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Row,
    bindparam,
    exists,
    false,
    func,
    or_,
    select,
    true,
    union,
    update,
)

from cleo.domain.confirmation import UNDELIVERED
from cleo.domain.content import MessageId
from cleo.domain.conversation import AccountId, Conversation, ConversationId, LastInbound
from cleo.domain.errors import Fenced
from cleo.domain.identity import Address, PersonId
from cleo.store.dialect import insert_once
from cleo.store.schema import (
    confirmations,
    conversations,
    inbox,
    is_new,
    is_open_run,
    is_parked,
    is_pending,
    is_unreported,
    is_waiting,
    outbox,
    runs,
)

_is_it = conversations.c.id == bindparam("conversation")
_GET = select(
    conversations.c.id,
    conversations.c.channel,
    conversations.c.address,
    conversations.c.person,
    conversations.c.account,
    conversations.c.last_inbound_number,
    conversations.c.last_inbound_id,
    conversations.c.last_inbound_at,
).where(_is_it)
_SET_LAST_INBOUND = update(conversations).where(
    _is_it,
    or_(
        conversations.c.last_inbound_at.is_(None),
        conversations.c.last_inbound_number != bindparam("number"),
        conversations.c.last_inbound_at <= bindparam("at"),
    ),
)
_Row = Row[str, str, str, str | None, str, str | None, str | None, float | None]
_LEASE = (
    update(conversations)
    .where(_is_it)
    .values(epoch=conversations.c.epoch + 1)
    .returning(conversations.c.epoch)
)
_EPOCH = select(conversations.c.epoch).where(_is_it).with_for_update()

_NOW: BindParameter[float] = bindparam("now")
_LONG_AGO: BindParameter[float] = bindparam("long_ago")


def _of_parked_batch(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(
        confirmations.c.conversation == conversations.c.id,
        confirmations.c.batch == conversations.c.parked_batch,
        *conditions,
    )


_heads = (
    select(func.min(outbox.c.seq).label("seq")).where(is_waiting).group_by(outbox.c.conversation).subquery()
)
_work = union(
    select(inbox.c.conversation).where(is_new).distinct(),
    select(runs.c.conversation).where(is_open_run),
    # A parked batch goes on when somebody decided one of its calls, or when nothing is left to decide.
    select(conversations.c.id).where(
        is_parked,
        or_(
            ~_of_parked_batch(is_pending),
            _of_parked_batch(is_unreported, confirmations.c.detached == false(), ~is_pending),
        ),
    ),
    # A late yes.
    select(confirmations.c.conversation).where(
        is_unreported, confirmations.c.detached == true(), confirmations.c.state == "approved"
    ),
    # The clock decides: time is up, or the question never reached anybody.
    select(confirmations.c.conversation).where(
        is_pending,
        or_(
            confirmations.c.expires_at <= _NOW,
            confirmations.c.asked_at.is_(None) & (confirmations.c.created_at < _LONG_AGO),
        ),
    ),
).subquery()
_waits_for_model = exists().where(
    runs.c.conversation == _work.c.conversation, is_open_run, runs.c.retry_at > _NOW, runs.c.stop == ""
)
_DUE = union(
    select(_work.c.conversation).where(~_waits_for_model),
    # Only the head of each chat's queue counts: what stands behind it must wait for it.
    select(outbox.c.conversation).join(_heads, _heads.c.seq == outbox.c.seq).where(outbox.c.next_at <= _NOW),
)


class SqlConversations:
    """Implements `cleo.ports.Conversations`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._add = insert_once(connection, conversations)

    def open(self, conversation: Conversation) -> Conversation:
        """Get it, or make it. `last_inbound` is kept when it is newer than what is known."""
        if row := self._row(conversation.id):
            if conversation.last_inbound:
                self._set_last_inbound(conversation, conversation.last_inbound)
            return _conversation(row)
        row = {
            "id": conversation.id,
            "channel": conversation.channel,
            "account": conversation.account,
            "address": conversation.address,
            "person": conversation.person,
        }
        self._connection.execute(self._add, row)
        if conversation.last_inbound:
            self._set_last_inbound(conversation, conversation.last_inbound)
        return conversation

    def get(self, conversation: ConversationId) -> Conversation:
        """Get it; raises `KeyError`."""
        if row := self._row(conversation):
            return _conversation(row)
        raise KeyError(conversation)

    def lease(self, conversation: ConversationId) -> int:
        """Take the conversation over: raises its epoch and tells the new one; `KeyError` if there is none."""
        epoch = self._connection.execute(_LEASE, {"conversation": conversation}).scalar()
        if epoch is None:
            raise KeyError(conversation)
        return epoch

    def guard(self, conversation: ConversationId, epoch: int) -> None:
        """Raise `Fenced` when somebody took the conversation over since."""
        if self._connection.execute(_EPOCH, {"conversation": conversation}).scalar() != epoch:
            raise Fenced("Another worker took this conversation over; this one stops here.")

    def due(self, now: float) -> Sequence[ConversationId]:
        """Every conversation with something to do at `now`."""
        rows = self._connection.execute(_DUE, {"now": now, "long_ago": now - UNDELIVERED})
        return [ConversationId(row[0]) for row in rows]

    def _set_last_inbound(self, chat: Conversation, last_inbound: LastInbound) -> None:
        """Whoever wrote last is reached where that came from, also with a new number."""
        news = {
            "last_inbound_number": last_inbound.number_id,
            "last_inbound_id": last_inbound.id,
            "last_inbound_at": last_inbound.at,
            "address": chat.address,
        }
        where = {"conversation": chat.id, "number": last_inbound.number_id, "at": last_inbound.at}
        self._connection.execute(_SET_LAST_INBOUND, {**where, **news})

    def _row(self, conversation: ConversationId) -> _Row | None:
        return self._connection.execute(_GET, {"conversation": conversation}).one_or_none()


def _conversation(row: _Row) -> Conversation:
    id, channel, address, person, account, number_id, last_inbound_id, last_inbound_at = row
    last_inbound = None
    if number_id is not None and last_inbound_id is not None and last_inbound_at is not None:
        last_inbound = LastInbound(number_id=number_id, id=MessageId(last_inbound_id), at=last_inbound_at)
    return Conversation(
        id=ConversationId(id),
        channel=channel,
        account=AccountId(account),
        address=Address(address),
        person=None if person is None else PersonId(person),
        last_inbound=last_inbound,
    )

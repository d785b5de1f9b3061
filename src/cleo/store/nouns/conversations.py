"""The chats, and who may write to them now."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, bindparam, or_, select, update

from cleo.domain.content import MessageId
from cleo.domain.conversation import AccountId, Conversation, ConversationId, LastInbound
from cleo.domain.errors import Fenced
from cleo.domain.identity import Address, PersonId
from cleo.store.dialect import insert_once
from cleo.store.schema import conversations
from cleo.store.session import Session

CONVERSATION = (
    conversations.c.id,
    conversations.c.channel,
    conversations.c.address,
    conversations.c.person,
    conversations.c.account,
    conversations.c.last_inbound_number,
    conversations.c.last_inbound_id,
    conversations.c.last_inbound_at,
    conversations.c.paused_until,
)
_is_it = conversations.c.id == bindparam("conversation")
_GET = select(*CONVERSATION).where(_is_it)
_SET_LAST_INBOUND = update(conversations).where(
    _is_it,
    or_(
        conversations.c.last_inbound_at.is_(None),
        conversations.c.last_inbound_number != bindparam("number"),
        conversations.c.last_inbound_at <= bindparam("at"),
    ),
)
_LEASE = (
    update(conversations)
    .where(_is_it)
    .values(epoch=conversations.c.epoch + 1)
    .returning(conversations.c.epoch)
)
_PAUSE = update(conversations).where(_is_it)
_EPOCH = select(conversations.c.epoch).where(_is_it).with_for_update()


def guard(session: Session, conversation: ConversationId, epoch: int) -> None:
    """Raise `Fenced` when somebody took the conversation over since; until the end of the transaction nobody can."""
    if session.value(_EPOCH, {"conversation": conversation}) != epoch:
        raise Fenced("Another worker took this conversation over; this one stops here.")


def is_still_ours(of: ColumnElement[str]) -> ColumnElement[bool]:
    """Guard an update of a row of a conversation, as `guard` does, by the parameter `epoch`."""
    epoch = select(conversations.c.epoch).where(conversations.c.id == of).with_for_update()
    return epoch.scalar_subquery() == bindparam("epoch")


class SqlConversations:
    """Implements `cleo.ports.Conversations`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._add = insert_once(session, conversations)

    def open(self, conversation: Conversation, *, known: Conversation | None = None) -> Conversation:
        """Get it, or make it; `last_inbound` is kept when it is newer than what is known."""
        found = known or self._find(conversation.id)
        if found is None:
            row = {
                "id": conversation.id,
                "channel": conversation.channel,
                "account": conversation.account,
                "address": conversation.address,
                "person": conversation.person,
            }
            self._session.run(self._add, row)
        if conversation.last_inbound:
            self._set_last_inbound(conversation, conversation.last_inbound)
        return found or conversation

    def get(self, conversation: ConversationId) -> Conversation:
        """Get it; raises `KeyError`."""
        if found := self._find(conversation):
            return found
        raise KeyError(conversation)

    def lease(self, conversation: ConversationId) -> int:
        """Take the conversation over: raises its epoch and tells the new one; `KeyError` if there is none."""
        epoch = self._session.value(_LEASE, {"conversation": conversation})
        if epoch is None:
            raise KeyError(conversation)
        return epoch

    def guard(self, conversation: ConversationId, epoch: int) -> None:
        """Raise `Fenced` when somebody took the conversation over since."""
        guard(self._session, conversation, epoch)

    def pause(self, conversation: ConversationId, until: float) -> None:
        """Let no run for new messages begin there until then (Unix seconds)."""
        self._session.run(_PAUSE, {"conversation": conversation, "paused_until": until})

    def _set_last_inbound(self, chat: Conversation, last_inbound: LastInbound) -> None:
        """Whoever wrote last is reached where that came from, also with a new number."""
        news = {
            "last_inbound_number": last_inbound.number_id,
            "last_inbound_id": last_inbound.id,
            "last_inbound_at": last_inbound.at,
            "address": chat.address,
        }
        where = {"conversation": chat.id, "number": last_inbound.number_id, "at": last_inbound.at}
        self._session.run(_SET_LAST_INBOUND, {**where, **news})

    def _find(self, conversation: ConversationId) -> Conversation | None:
        row = self._session.row(_GET, {"conversation": conversation})
        return conversation_of(row) if row else None


def conversation_of(row: Sequence[Any]) -> Conversation:
    """Read the values of `CONVERSATION`."""
    id, channel, address, person, account, number_id, last_inbound_id, last_inbound_at, paused_until = row
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
        paused_until=paused_until,
    )

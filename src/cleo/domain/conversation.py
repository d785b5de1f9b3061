"""A conversation: one chat on one channel, and the unit of order."""

from dataclasses import dataclass
from typing import NewType

from cleo.domain.content import MessageId
from cleo.domain.identity import Address, PersonId

ConversationId = NewType("ConversationId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class LastInbound:
    """The newest message of the other side that allows an answer: by its own time, in Unix seconds.

    `account` is Cleo's account that it was sent to; for another account it means nothing.
    """

    account: str
    id: MessageId
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """Where messages of one chat go. `person` is empty for a group."""

    id: ConversationId
    channel: str
    address: Address
    person: PersonId | None = None
    last_inbound: LastInbound | None = None

    @property
    def is_group(self) -> bool:
        """Whether more than one person reads along."""
        return self.person is None


def conversation_id(channel: str, with_: PersonId | Address) -> ConversationId:
    """Name the chat with a person, or of a group address."""
    return ConversationId(f"{channel}/{with_}")

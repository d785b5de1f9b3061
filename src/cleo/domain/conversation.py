"""A conversation: one chat of one account, and the unit of order."""

from dataclasses import dataclass
from typing import NewType

from cleo.domain.content import MessageId
from cleo.domain.identity import Address, PersonId

ConversationId = NewType("ConversationId", str)
"""`channel/account/person-or-group`, such as `whatsapp/default/phone:+4915112345678`."""

AccountId = NewType("AccountId", str)
"""The operator's name of one number that Cleo has on a channel. It stays when the number behind it changes."""

DEFAULT_ACCOUNT = AccountId("default")
"""The account of a Cleo that has only one: nobody has to name it."""


@dataclass(frozen=True, slots=True)
class AccountKey:
    """One account of one channel: what sends a conversation's messages is found by it."""

    channel: str
    account: AccountId = DEFAULT_ACCOUNT

    def __str__(self) -> str:
        return f"{self.channel}/{self.account}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LastInbound:
    """The newest message of the other side that allows an answer: by its own time, in Unix seconds.

    `number_id` is the backend's id of the number that it was sent to; for another number it means nothing.
    """

    number_id: str
    id: MessageId
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """Where messages of one chat go. `person` is empty for a group."""

    id: ConversationId
    channel: str
    address: Address
    account: AccountId = DEFAULT_ACCOUNT
    person: PersonId | None = None
    last_inbound: LastInbound | None = None
    paused_until: float | None = None
    """Unix seconds: no turn begins here until then."""

    @property
    def is_group(self) -> bool:
        """Whether more than one person reads along."""
        return self.person is None

    @property
    def account_key(self) -> AccountKey:
        """The account that it belongs to."""
        return AccountKey(self.channel, self.account)


def conversation_id(of: AccountKey, with_: PersonId | Address) -> ConversationId:
    """Return the id of the chat of an account with a person, or in the group of an address."""
    return ConversationId(f"{of}/{with_}")

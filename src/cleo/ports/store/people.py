"""Who wrote, and who was let in or kept out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from cleo.domain.access import AccessRule, Rule
from cleo.domain.content import MessageId
from cleo.domain.conversation import AccountKey, Conversation
from cleo.domain.identity import Address, Person, PersonId
from cleo.domain.message import IdentityChange, InboxItem


class People(Protocol):
    """Who wrote."""

    def resolve(self, addresses: frozenset[Address], name: str, at: float) -> Person:
        """Get the person behind verified addresses, or make one; learn new addresses and the name.

        Two people are never taken for one when that would be a guess: see `domain.identity.are_one`.
        """
        ...

    def change_identity(
        self, change: IdentityChange, at: float, *, is_stranger: Callable[[Person], bool] = ...
    ) -> Person:
        """Get the person who had the addresses before, or make one; they have the new ones, too, from now on."""
        ...

    def get(self, person: PersonId) -> Person:
        """Get them; raises `KeyError`."""
        ...

    def claim_owner(self, person: PersonId) -> None:
        """Make somebody an owner for good."""
        ...

    def owners(self) -> Sequence[Person]:
        """Everybody who claimed ownership."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSender:
    """Who wrote, and what is known of the chat that they wrote in."""

    person: Person
    conversation: Conversation | None = None
    """None: it was not read, or there is none yet."""
    may_answer: bool = True
    """False: no message in the chat asks a question whose outcome is still to be reported."""
    is_own: bool = False
    """Cleo itself sent a message with that id to the chat."""


class Senders(Protocol):
    """What every message from outside begins with, in one statement as long as nothing about it is new."""

    def resolve(
        self,
        addresses: frozenset[Address],
        name: str,
        at: float,
        *,
        account: AccountKey,
        group: Address | None = None,
        message_id: MessageId | None = None,
    ) -> KnownSender:
        """Get the person as `People.resolve` does, and their chat with the account, or the group.

        `message_id` is that of what they wrote.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownPerson:
    """Somebody who wrote and was not answered."""

    person: PersonId
    messages: int
    last_at: float


class AccessBook(Protocol):
    """Who was let in or kept out while Cleo ran, and which unknown people wrote."""

    def rules(self) -> Sequence[AccessRule]:
        """Every rule, the newest last."""
        ...

    def decide(self, address: Address, rule: Rule, at: float) -> None:
        """Make a rule instead of the one before."""
        ...

    def note_unknown(self, person: PersonId, at: float) -> None:
        """Count a message of somebody who is not answered."""
        ...

    def unknown(self, limit: int) -> Sequence[UnknownPerson]:
        """Those who wrote last, newest first; some may be known by now."""
        ...

    def unanswered(self, person: PersonId, since: float, until: float) -> Sequence[InboxItem]:
        """What they wrote between two times while nobody had let them in, oldest first."""
        ...

"""Who wrote."""

from collections.abc import Sequence
from typing import Protocol

from cleo.domain.identity import Address, Person, PersonId
from cleo.domain.message import IdentityChange


class People(Protocol):
    """Who wrote."""

    def resolve(self, addresses: frozenset[Address], name: str, at: float) -> Person:
        """Get the person behind verified addresses, or make one; learn new addresses and the name.

        Two people are never taken for one when that would be a guess: see `domain.identity.are_one`.
        """
        ...

    def change_identity(self, change: IdentityChange, at: float) -> Person:
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

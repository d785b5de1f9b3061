"""Access: who is answered, and who may say yes to what changes things."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from cleo.domain.identity import Address, Person
from cleo.domain.number import variants

Role = Literal["owner", "user", "stranger"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The lists. An empty list means nobody. A number is found in any of its spellings."""

    owners: frozenset[Address] = frozenset()
    users: frozenset[Address] = frozenset()
    groups: frozenset[Address] = frozenset()

    def role(self, person: Person) -> Role:
        """Tell the highest role that one of the person's verified addresses has."""
        if person.claimed_owner or self._any(person.addresses, self.owners):
            return "owner"
        return "user" if self._any(person.addresses, self.users) else "stranger"

    def may_approve(self, person: Person) -> bool:
        """Only owners say yes to tools that change things."""
        return self.role(person) == "owner"

    @staticmethod
    def _any(addresses: Iterable[Address], listed: frozenset[Address]) -> bool:
        return any(spelled in listed for address in addresses for spelled in variants(address))

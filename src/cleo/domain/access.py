"""Access: who is answered, and who may say yes to what changes things."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from cleo.domain.identity import Address, Person
from cleo.domain.number import variants

Role = Literal["owner", "user", "stranger"]


Rule = Literal["allowed", "blocked", "none"]
"""What was decided about an address while Cleo ran: answered, never answered, or as the settings say again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRule:
    """What was decided about an address. Times in Unix seconds."""

    address: Address
    rule: Rule
    at: float
    before: float = 0.0
    """When the rule before it was made; 0: there was none."""


@dataclass(slots=True)
class AccessRules:
    """The rules in memory. They are replaced as a whole when the store has others."""

    allowed: frozenset[Address] = frozenset()
    blocked: frozenset[Address] = frozenset()

    def take(self, rules: Iterable[AccessRule]) -> None:
        """Replace them all."""
        rules = tuple(rules)
        self.allowed = frozenset(rule.address for rule in rules if rule.rule == "allowed")
        self.blocked = frozenset(rule.address for rule in rules if rule.rule == "blocked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The lists. An empty list means nobody. A number is found in any of its spellings."""

    owners: frozenset[Address] = frozenset()
    users: frozenset[Address] = frozenset()
    groups: frozenset[Address] = frozenset()
    rules: AccessRules = field(default_factory=AccessRules)
    """What was decided since the settings were written."""

    def role(self, person: Person) -> Role:
        """Tell the highest role that one of the person's verified addresses has."""
        if person.claimed_owner or self._any(person.addresses, self.owners):
            return "owner"
        if self._any(person.addresses, self.rules.blocked):
            return "stranger"
        return "user" if self._any(person.addresses, self.users | self.rules.allowed) else "stranger"

    def is_owner(self, address: Address) -> bool:
        """Tell whether an address is listed as an owner's."""
        return self._any((address,), self.owners)

    def may_approve(self, person: Person) -> bool:
        """Only owners say yes to tools that change things."""
        return self.role(person) == "owner"

    @staticmethod
    def _any(addresses: Iterable[Address], listed: frozenset[Address]) -> bool:
        return any(spelled in listed for address in addresses for spelled in variants(address))

"""Who somebody is: addresses in namespaces, and the people behind them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NewType

Address = NewType("Address", str)
"""`namespace:value`, such as `phone:+4915112345678`, `lid:219876543210987`, `group:120363000000000001`.

Two addresses are the same only when they are equal; digits of different namespaces never match."""

PersonId = NewType("PersonId", str)


def address(namespace: str, value: str) -> Address:
    """Put a value into its namespace."""
    return Address(f"{namespace}:{value}")


def namespace(of: Address) -> str:
    """Tell the part before the first colon."""
    return of.partition(":")[0]


def value(of: Address) -> str:
    """Tell the part after the first colon."""
    return of.partition(":")[2]


def main_address(addresses: Iterable[Address]) -> Address:
    """Return the one of somebody's addresses to show and to write to first: a phone number, if there is one."""
    return min(addresses, key=lambda each: (namespace(each) != "phone", each))


_ONE_AT_A_TIME = frozenset({"phone", "bsuid", "parent_bsuid"})
"""Namespaces in which a person has one address at a time."""


def are_one(some: frozenset[Address], others: frozenset[Address]) -> bool:
    """Tell whether two known people, whose addresses were named together, are one for certain.

    They are not when both have an address of one namespace: then somebody got a number that was another one's.
    """
    return not {namespace(a) for a in some} & {namespace(b) for b in others} & _ONE_AT_A_TIME


def has_new_holder(known: frozenset[Address], named: frozenset[Address]) -> bool:
    """Tell whether a phone number that somebody is `known` by belongs to another account now.

    Addresses that were `named` together are one account's. WhatsApp gives each account a LID, which stays with it: a
    known number beside an unknown LID is a number that was given out again, or an account that was made anew.
    """
    shared = {namespace(address) for address in known & named}
    lids = [{address for address in some if namespace(address) == "lid"} for some in (known, named)]
    return shared == {"phone"} and all(lids)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who wrote, with every verified address. `name` is a label that they chose themselves."""

    id: PersonId
    addresses: frozenset[Address]
    name: str = ""
    claimed_owner: bool = False
    """Became an owner by sending the claim code."""
    contested: frozenset[Address] = frozenset()
    """Addresses that were named as theirs just now, but are somebody else's."""
    taken_over: frozenset[Address] = frozenset()
    """Phone numbers that are theirs since just now, and were another account's before."""

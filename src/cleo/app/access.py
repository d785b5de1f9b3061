"""Who is answered, and which unknown people wrote: what `cleo access` and `cleo status` tell."""

from collections.abc import Sequence

from pydantic import BaseModel

from cleo.domain.access import Access, Rule
from cleo.domain.identity import Address, Person, namespace, value
from cleo.ports import Transaction

MOST = 100
"""Unknown people that are looked at."""


class DecidedAddress(BaseModel):
    """Somebody who was let in or kept out while Cleo ran."""

    address: str
    rule: Rule
    at: float


class Unknown(BaseModel):
    """Somebody who wrote and is not answered."""

    addresses: list[str]
    name: str
    """A label that they chose themselves."""
    messages: int
    last_at: float


class AccessReport(BaseModel):
    """Everything about who is answered. Times in Unix seconds."""

    owners: list[str]
    users: list[str]
    decided: list[DecidedAddress]
    unknown: list[Unknown]


def access_report(tx: Transaction, access: Access) -> AccessReport:
    """Return it."""
    claimed = {shown(each) for person in tx.people.owners() for each in _best(person)}
    return AccessReport(
        owners=sorted({shown(each) for each in access.owners} | claimed),
        users=sorted(shown(each) for each in access.users),
        decided=[
            DecidedAddress(address=shown(rule.address), rule=rule.rule, at=rule.at)
            for rule in tx.access.rules()
            if rule.rule != "none"
        ],
        unknown=unknown_people(tx, access),
    )


def unknown_people(tx: Transaction, access: Access) -> list[Unknown]:
    """Return those who wrote, newest first, and are neither answered nor blocked."""
    found: list[Unknown] = []
    for each in tx.access.unknown(MOST):
        person = tx.people.get(each.person)
        if access.role(person) == "stranger" and not (person.addresses & access.rules.blocked):
            addresses = [shown(address) for address in sorted(person.addresses, reverse=True)]
            found.append(
                Unknown(addresses=addresses, name=person.name, messages=each.messages, last_at=each.last_at)
            )
    return found


def shown(address: Address) -> str:
    """Return an address as people write it: a number, or what it is with its kind."""
    return value(address) if namespace(address) == "phone" else address


def _best(person: Person) -> Sequence[Address]:
    return [each for each in person.addresses if namespace(each) == "phone"] or sorted(person.addresses)[:1]

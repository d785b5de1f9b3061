"""Who wrote."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import BindParameter, Select, Text, bindparam, exists, func, or_, select, update

from cleo.domain.content import MessageId
from cleo.domain.conversation import AccountKey, Conversation, conversation_id
from cleo.domain.identity import (
    Address,
    Person,
    PersonId,
    are_one,
    has_new_holder,
    main_address,
    namespace,
)
from cleo.domain.message import IdentityChange
from cleo.domain.number import variants
from cleo.ports.store import KnownSender
from cleo.store.dialect import insert_once
from cleo.store.nouns.conversations import CONVERSATION, conversation_of
from cleo.store.schema import (
    aliases,
    confirmations,
    conversations,
    has_id,
    is_asking,
    is_owner,
    is_unreported,
    outbox,
    people,
)
from cleo.store.session import Session

PERSON = (people.c.id, people.c.name, people.c.claimed_owner, aliases.c.address)

_theirs = aliases.c.person == people.c.id
_of = select(*PERSON).join_from(people, aliases, _theirs).order_by(people.c.first_seen, people.c.id)
_is_behind = aliases.c.person.in_(
    select(aliases.c.person).where(aliases.c.address.in_(bindparam("addresses", expanding=True)))
)
_BEHIND = _of.where(_is_behind)
_ASKED: Any = (
    exists()
    .where(confirmations.c.ref == outbox.c.asks, is_unreported)
    .where(outbox.c.conversation == conversations.c.id, is_asking, outbox.c.purpose == "prompt")
)
_group: BindParameter[str | None] = bindparam("group", type_=Text)
_of_chat = conversations.c.id == bindparam("account", type_=Text) + func.coalesce(_group, people.c.id)
_OWN: Any = exists().where(outbox.c.conversation == conversations.c.id, has_id)
_SENDER = (
    select(*PERSON, _ASKED, _OWN, *CONVERSATION)
    .join_from(people, aliases, _theirs)
    .outerjoin(conversations, _of_chat)
    .order_by(people.c.first_seen, people.c.id)
    .where(_is_behind)
)
_survivor = (
    select(func.coalesce(people.c.merged_into, people.c.id))
    .where(people.c.id == bindparam("person"))
    .scalar_subquery()
)
_GET = _of.where(people.c.id == _survivor)
_OWNERS = _of.where(aliases.c.person.in_(select(people.c.id).where(is_owner)))
_CLAIM = update(people).where(people.c.id == _survivor).values(claimed_owner=True)

_Select = Select[str, str, bool, str]

_NAME = update(people).where(people.c.id == bindparam("person"))
_others: BindParameter[str] = bindparam("others", expanding=True)
_REPOINT = update(aliases).where(aliases.c.person.in_(_others))
_taken: BindParameter[str] = bindparam("taken", expanding=True)
_GIVE = update(aliases).where(aliases.c.address.in_(_taken))
_LEAVE = update(conversations).where(
    conversations.c.person == bindparam("of_person"), conversations.c.address.in_(_taken)
)
_RETIRE = update(people).where(or_(people.c.id.in_(_others), people.c.merged_into.in_(_others)))

_ANSWERED = (
    select(outbox.c.seq)
    .join(conversations, conversations.c.id == outbox.c.conversation)
    .where(conversations.c.person == bindparam("person"))
    .limit(1)
)


@dataclass(slots=True)
class Known:
    """Somebody as the rows tell, one an address."""

    id: str
    name: str
    claimed_owner: bool
    addresses: set[Address] = field(default_factory=set[Address])

    @property
    def has_phone(self) -> bool:
        """Whether one of the addresses is a phone number."""
        return any(namespace(address) == "phone" for address in self.addresses)

    def person(self, contested: frozenset[Address] = frozenset()) -> Person:
        """Put it together; `contested` are addresses that were named just now and are another one's."""
        return Person(
            id=PersonId(self.id),
            addresses=frozenset(self.addresses),
            name=self.name,
            claimed_owner=self.claimed_owner,
            contested=contested,
        )


class SqlPeople:
    """Implements `cleo.ports.People`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        # Somebody who writes for the first time twice at once is one person: Postgres has the second one repeated.
        self._add = insert_once(session, people)
        self._add_aliases = insert_once(session, aliases)

    def resolve(self, addresses: frozenset[Address], name: str, at: float) -> Person:
        """Get the person behind verified addresses, or make one; learn new addresses and the name.

        Several people behind them are one from now on: the one with a phone number, else the one known longest.
        When they cannot be one, it is the one with the address that belongs to the account, and the rest stays.
        """
        if not addresses:
            raise ValueError("a person has at least one address")
        return self.resolve_among(self._read(_BEHIND, addresses=list(addresses)), addresses, name, at)

    def resolve_among(
        self, behind: Sequence[Known], addresses: frozenset[Address], name: str, at: float
    ) -> Person:
        """Do it with those who are behind the addresses, where they were read already."""
        found = list(behind) or self._by_variant(addresses)
        if former := [each for each in found if has_new_holder(frozenset(each.addresses), addresses)]:
            return self._change_holder(former, addresses, name, at)
        if not found:
            return self._make(addresses, name, at)
        if len(found) == 1 and _is_next_holder(found[0], addresses):
            theirs = frozenset(found[0].addresses)
            return replace(self._make(addresses - theirs, name, at), contested=theirs)
        known, contested = self._merge(found, addresses)
        self._learn(known, addresses - contested, name)
        return known.person(contested)

    def change_identity(
        self, change: IdentityChange, at: float, *, is_stranger: Callable[[Person], bool] = lambda _: False
    ) -> Person:
        """Get the person who had the addresses before, or make one; they have the new ones, too, from now on.

        Somebody who has the new ones already, is a stranger and was never answered is that person: they wrote before
        the change was told.
        """
        had = self._read(_BEHIND, addresses=list(change.before))
        if not had:
            return self.resolve(change.before | change.now, "", at)
        known = had[0]
        early = [
            each
            for each in self._read(_BEHIND, addresses=list(change.now))
            if each.id != known.id and is_stranger(each.person()) and not self._was_answered(each)
        ]
        self._absorb(known, early)
        return self.resolve(frozenset({*known.addresses, *change.now}), "", at)

    def _was_answered(self, known: Known) -> bool:
        return known.claimed_owner or self._session.row(_ANSWERED, {"person": known.id}) is not None

    def get(self, person: PersonId) -> Person:
        """Get them, also by an id from before two turned out to be one; raises `KeyError`."""
        found = self._read(_GET, person=person)
        if not found:
            raise KeyError(person)
        return found[0].person()

    def claim_owner(self, person: PersonId) -> None:
        """Make somebody an owner for good."""
        if self._session.run(_CLAIM, {"person": person}) == 0:
            raise KeyError(person)

    def owners(self) -> Sequence[Person]:
        """Everybody who claimed ownership."""
        return [known.person() for known in self._read(_OWNERS)]

    def _make(self, addresses: frozenset[Address], name: str, at: float) -> Person:
        known = Known(id=main_address(addresses), name=name, claimed_owner=False)
        self._session.run(self._add, {"id": known.id, "name": name, "claimed_owner": False, "first_seen": at})
        self._learn(known, addresses, name)
        return known.person()

    def _change_holder(
        self, former: Sequence[Known], addresses: frozenset[Address], name: str, at: float
    ) -> Person:
        """Let the holder of the other addresses have the numbers as well; those before keep all else of theirs."""
        taken = frozenset(address for each in former for address in each.addresses & addresses)
        holder = self.resolve(addresses - taken, name, at)
        self._session.run(_GIVE, {"taken": list(taken), "person": holder.id})
        for each in former:
            left = {
                "of_person": each.id,
                "taken": list(taken),
                "address": main_address(each.addresses - taken),
            }
            self._session.run(_LEAVE, left)
        return replace(holder, addresses=holder.addresses | taken, taken_over=taken)

    def _by_variant(self, addresses: frozenset[Address]) -> list[Known]:
        """Find somebody by another spelling of the number; several would be a guess."""
        spelled = frozenset(each for address in addresses for each in variants(address)) - addresses
        found = self._read(_BEHIND, addresses=list(spelled)) if spelled else []
        return found if len(found) == 1 else []

    def _merge(self, found: list[Known], addresses: frozenset[Address]) -> tuple[Known, frozenset[Address]]:
        """Take those for one who are; tells who it is, and which of the addresses are another one's."""
        kept, *others = sorted(found, key=lambda known: not known.has_phone)
        if any(not are_one(frozenset(kept.addresses), frozenset(other.addresses)) for other in others):
            kept, *others = sorted(found, key=lambda known: _closeness(known, addresses))
            return kept, frozenset(address for other in others for address in other.addresses)
        self._absorb(kept, others)
        return kept, frozenset()

    def _absorb(self, kept: Known, others: Sequence[Known]) -> None:
        if not others:
            return
        ids = [other.id for other in others]
        self._session.run(_REPOINT, {"others": ids, "person": kept.id})
        self._session.run(_RETIRE, {"others": ids, "merged_into": kept.id, "claimed_owner": False})
        kept.addresses.update(*(other.addresses for other in others))
        if not kept.claimed_owner and any(other.claimed_owner for other in others):
            self.claim_owner(PersonId(kept.id))
            kept.claimed_owner = True

    def _learn(self, known: Known, addresses: frozenset[Address], name: str) -> None:
        if added := addresses - known.addresses:
            rows = [{"address": address, "person": known.id} for address in sorted(added)]
            self._session.run_all(self._add_aliases, rows)
            known.addresses |= added
        if name and name != known.name:
            self._session.run(_NAME, {"person": known.id, "name": name})
            known.name = name

    def _read(self, statement: _Select, **where: object) -> list[Known]:
        found: dict[str, Known] = {}
        for row in self._session.rows(statement, where):
            learn(found, row[0], row)
        return list(found.values())


class SqlSenders:
    """Implements `cleo.ports.Senders`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._people = SqlPeople(session)

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
        """Get the person, and their chat with the account, or the group."""
        where = {
            "addresses": list(addresses),
            "account": conversation_id(account, Address("")),
            "group": group,
            "message_id": message_id,
        }
        behind: dict[str, Known] = {}
        chats: dict[str, tuple[Conversation, bool, bool]] = {}
        for row in self._session.rows(_SENDER, where):
            id, (asked, own), chat = row[0], row[len(PERSON) :][:2], row[len(PERSON) + 2 :]
            learn(behind, id, row[: len(PERSON)])
            if chat[0] is not None:
                chats[id] = (conversation_of(chat), bool(asked), bool(own))
        person = self._people.resolve_among(list(behind.values()), addresses, name, at)
        found = chats.get(person.id)
        return (
            KnownSender(person=person, conversation=found[0], may_answer=found[1], is_own=found[2])
            if found
            else KnownSender(person=person)
        )


def learn(known: dict[str, Known], under: str, row: Sequence[Any]) -> None:
    """Add the values of one `PERSON` to what is known of people."""
    id, name, claimed_owner, address = row
    known.setdefault(under, Known(id=id, name=name, claimed_owner=claimed_owner)).addresses.add(
        Address(address)
    )


def _is_next_holder(known: Known, addresses: frozenset[Address]) -> bool:
    """Tell whether a number that this person has changed for another one was given to another account since."""
    shared = {namespace(address) for address in known.addresses & addresses}
    accounts = {address for address in known.addresses if namespace(address) == "bsuid"}
    another = {address for address in addresses if namespace(address) == "bsuid"} - accounts
    numbers = {variants(address) for address in known.addresses if namespace(address) == "phone"}
    return shared == {"phone"} and bool(accounts and another) and len(numbers) > 1


_BY_ACCOUNT = ("bsuid", "parent_bsuid", "lid", "phone")
"""Namespaces, those first that stay with an account when its number gets another holder."""


def _closeness(known: Known, addresses: frozenset[Address]) -> int:
    kinds = [namespace(address) for address in known.addresses & addresses]
    return min((_BY_ACCOUNT.index(kind) for kind in kinds if kind in _BY_ACCOUNT), default=len(_BY_ACCOUNT))

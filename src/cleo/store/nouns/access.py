"""Who was let in or kept out while Cleo ran, and which unknown people wrote."""

from collections.abc import Sequence
from typing import cast

from sqlalchemy import bindparam, select, update

from cleo.domain.access import AccessRule, Rule
from cleo.domain.identity import Address, PersonId
from cleo.domain.message import InboxItem
from cleo.ports.store import UnknownPerson
from cleo.store.dialect import insert_once
from cleo.store.nouns.inbox import ITEM, item_of
from cleo.store.schema import access_rules, inbox, unknown_people
from cleo.store.session import Session

_RULES = select(
    access_rules.c.address, access_rules.c.rule, access_rules.c.at, access_rules.c.before
).order_by(access_rules.c.at, access_rules.c.address)
_DECIDE = (
    update(access_rules)
    .where(access_rules.c.address == bindparam("of"))
    .values(rule=bindparam("rule"), before=access_rules.c.at, at=bindparam("at"))
)
_COUNT = (
    update(unknown_people)
    .where(unknown_people.c.person == bindparam("of"))
    .values(messages=unknown_people.c.messages + 1, last_at=bindparam("at"))
)
_UNKNOWN = (
    select(unknown_people.c.person, unknown_people.c.messages, unknown_people.c.last_at)
    .order_by(unknown_people.c.last_at.desc())
    .limit(bindparam("most"))
)
_UNANSWERED = (
    select(*ITEM)
    .order_by(inbox.c.seq)
    .where(
        inbox.c.person == bindparam("person"),
        inbox.c.state == "noted",
        inbox.c.received_at > bindparam("since"),
        inbox.c.received_at < bindparam("until"),
        # What they wrote later was noted for another reason, such as an answer to a question.
        inbox.c.received_at
        < select(unknown_people.c.last_at + 1.0)
        .where(unknown_people.c.person == inbox.c.person)
        .scalar_subquery(),
    )
)


class SqlAccessBook:
    """Implements `cleo.ports.AccessBook`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._add_rule = insert_once(session, access_rules)
        self._add_unknown = insert_once(session, unknown_people)

    def rules(self) -> Sequence[AccessRule]:
        """Every rule, the newest last."""
        rows = self._session.rows(_RULES, {})
        return [
            AccessRule(address=Address(address), rule=cast("Rule", rule), at=at, before=before)
            for address, rule, at, before in rows
        ]

    def decide(self, address: Address, rule: Rule, at: float) -> None:
        """Make a rule instead of the one before."""
        if not self._session.run(_DECIDE, {"of": address, "rule": rule, "at": at}):
            row = {"address": address, "rule": rule, "at": at, "before": 0.0}
            self._session.run(self._add_rule, row)

    def note_unknown(self, person: PersonId, at: float) -> None:
        """Count a message of somebody who is not answered."""
        if not self._session.run(_COUNT, {"of": person, "at": at}):
            self._session.run(self._add_unknown, {"person": person, "messages": 1, "last_at": at})

    def unknown(self, limit: int) -> Sequence[UnknownPerson]:
        """Those who wrote last, newest first; some may be known by now."""
        rows = self._session.rows(_UNKNOWN, {"most": limit})
        return [
            UnknownPerson(person=PersonId(person), messages=messages, last_at=last_at)
            for person, messages, last_at in rows
        ]

    def unanswered(self, person: PersonId, since: float, until: float) -> Sequence[InboxItem]:
        """What they wrote between two times while nobody had let them in, oldest first."""
        rows = self._session.rows(_UNANSWERED, {"person": person, "since": since, "until": until})
        return [item_of(row) for row in rows]

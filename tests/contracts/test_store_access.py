"""Who was let in while Cleo ran, on every kind of database."""

import pytest
from tests.contracts.store_samples import inbound
from tests.support.clock import FakeClock

from cleo.domain.access import AccessRule
from cleo.domain.conversation import ConversationId
from cleo.domain.identity import Address, PersonId
from cleo.ports import Store, UnknownPerson

ANN = Address("phone:+4915112345678")
CHAT = ConversationId("whatsapp/default/phone:+4915112345678")

pytestmark = pytest.mark.asyncio


async def test_a_rule_replaces_the_one_before_and_knows_when_that_was_made(store: Store) -> None:
    for rule, at in (("allowed", 10.0), ("none", 20.0), ("blocked", 30.0)):
        await store.write(lambda tx, rule=rule, at=at: tx.access.decide(ANN, rule, at))  # type: ignore[arg-type]  # test data
    rules = await store.read(lambda tx: tx.access.rules())
    assert rules == [AccessRule(address=ANN, rule="blocked", at=30.0, before=20.0)]


async def test_unknown_people_are_counted_the_newest_first(store: Store) -> None:
    for person, at in (("a", 1.0), ("b", 2.0), ("a", 3.0), ("c", 2.5)):
        await store.write(lambda tx, person=person, at=at: tx.access.note_unknown(PersonId(person), at))
    assert await store.read(lambda tx: tx.access.unknown(2)) == [
        UnknownPerson(person=PersonId("a"), messages=2, last_at=3.0),
        UnknownPerson(person=PersonId("c"), messages=1, last_at=2.5),
    ]


async def test_only_what_was_written_as_a_stranger_counts_as_unanswered(
    store: Store, clock: FakeClock
) -> None:
    person = PersonId(ANN)
    start = clock.now()
    for number in range(4):
        message = inbound(f"M{number}")
        state = "done" if number == 1 else "noted"
        await store.write(lambda tx, m=message, s=state: tx.inbox.add(m, CHAT, person, s))  # type: ignore[arg-type]  # test data
        if number < 3:
            at = clock.now()
            await store.write(lambda tx, at=at: tx.access.note_unknown(person, at))
        clock.advance(10)
    found = await store.read(lambda tx: tx.access.unanswered(person, start + 5, start + 100))
    assert [item.message.id for item in found] == ["M2"]
    found = await store.read(lambda tx: tx.access.unanswered(person, 0.0, start + 15))
    assert [item.message.id for item in found] == ["M0"]

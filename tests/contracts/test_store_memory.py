"""People, reminders and records of every store."""

from dataclasses import replace

import pytest
from tests.contracts.store_samples import ANNA, ANNA_LID, BEN, CHAT, OTHER_CHAT, chat, outgoing

from cleo.domain.identity import Address, Person, PersonId
from cleo.domain.message import IdentityChange
from cleo.ports import Record, Reminder, Store


async def test_a_person_is_known_by_every_address(store: Store) -> None:
    both = frozenset({ANNA, ANNA_LID})
    first = await store.write(lambda tx: tx.people.resolve(both, "Anna", 1.0))
    assert (first.id, first.addresses, first.name, first.claimed_owner) == (ANNA, both, "Anna", False)
    for addresses in both, frozenset({ANNA}), frozenset({ANNA_LID}):
        assert await store.write(lambda tx, a=addresses: tx.people.resolve(a, "", 2.0)) == first
    assert await store.read(lambda tx: tx.people.get(PersonId(ANNA))) == first
    with pytest.raises(KeyError):
        await store.read(lambda tx: tx.people.get(PersonId(BEN)))
    with pytest.raises(ValueError, match="address"):
        await store.write(lambda tx: tx.people.resolve(frozenset(), "", 2.0))


async def test_a_person_without_a_phone_number_is_named_by_the_first_address(store: Store) -> None:
    addresses = frozenset({Address("lid:2"), Address("lid:1")})
    person = await store.write(lambda tx: tx.people.resolve(addresses, "", 1.0))
    assert person.id == "lid:1"


async def test_names_and_addresses_are_learned(store: Store) -> None:
    await store.write(lambda tx: tx.people.resolve(frozenset({ANNA_LID}), "Anna", 1.0))
    later = await store.write(lambda tx: tx.people.resolve(frozenset({ANNA_LID, ANNA}), "Anna B.", 2.0))
    assert (later.id, later.name, later.addresses) == (ANNA_LID, "Anna B.", {ANNA, ANNA_LID})
    assert await store.read(lambda tx: tx.people.get(PersonId(ANNA_LID))) == later


@pytest.mark.parametrize("lid_first", [True, False])
async def test_two_who_turn_out_to_be_one_become_the_one_with_the_phone(
    store: Store, lid_first: bool
) -> None:
    order = [ANNA_LID, ANNA] if lid_first else [ANNA, ANNA_LID]
    for at, address in enumerate(order):
        await store.write(lambda tx, a=address, at=at: tx.people.resolve(frozenset({a}), "", at))
    await store.write(lambda tx: tx.people.claim_owner(PersonId(ANNA_LID)))
    one = await store.write(lambda tx: tx.people.resolve(frozenset({ANNA, ANNA_LID}), "", 9.0))
    assert (one.id, one.addresses, one.claimed_owner) == (ANNA, {ANNA, ANNA_LID}, True)
    assert await store.read(lambda tx: tx.people.get(PersonId(ANNA_LID))) == one
    assert await store.read(lambda tx: tx.people.owners()) == [one]
    assert await store.write(lambda tx: tx.people.resolve(frozenset({ANNA_LID}), "", 10.0)) == one


async def test_three_become_one_in_two_steps(store: Store) -> None:
    a, b = Address("lid:1"), Address("lid:2")
    for addresses in ({a}, {b}, {a, b}, {ANNA}, {b, ANNA}):
        await store.write(lambda tx, s=addresses: tx.people.resolve(frozenset(s), "", 1.0))
    for id in (a, b, ANNA):
        person = await store.read(lambda tx, id=id: tx.people.get(PersonId(id)))
        assert (person.id, person.addresses) == (ANNA, {a, b, ANNA})


BSUID = Address("bsuid:DE.4711")


async def known(store: Store, *addresses: Address) -> Person:
    return await store.write(lambda tx: tx.people.resolve(frozenset(addresses), "", 1.0))


async def test_two_with_numbers_of_their_own_are_never_taken_for_one(store: Store) -> None:
    """Anna's number was given to Ben: what is named with his account is his, and she stays who she was."""
    anna, ben = await known(store, ANNA, BSUID), await known(store, BEN, Address("bsuid:DE.1"))
    now = await known(store, ANNA, Address("bsuid:DE.1"))
    assert (now.id, now.contested) == (ben.id, anna.addresses)
    for before in (anna, ben):
        after = await store.read(lambda tx, before=before: tx.people.get(before.id))
        assert after == before


async def test_who_rotates_stays_the_same_person_however_often_it_is_told(store: Store) -> None:
    anna = await known(store, ANNA, BSUID)
    new = frozenset({Address("phone:+4917612345678"), Address("bsuid:DE.4712")})
    for _ in range(2):
        rotation = IdentityChange(before=frozenset({ANNA, BSUID}), now=new)
        rotated = await store.write(lambda tx, r=rotation: tx.people.change_identity(r, 2.0))
        assert (rotated.id, rotated.addresses, rotated.contested) == (anna.id, anna.addresses | new, set())
    assert (await known(store, Address("bsuid:DE.4712"))).id == anna.id


async def test_who_gets_a_number_that_somebody_changed_is_somebody_else(store: Store) -> None:
    anna = await known(store, ANNA, BSUID)
    new = frozenset({Address("phone:+4917612345678"), Address("bsuid:DE.4712")})
    rotation = IdentityChange(before=frozenset({ANNA, BSUID}), now=new)
    await store.write(lambda tx: tx.people.change_identity(rotation, 2.0))
    for _ in range(2):
        other = await known(store, ANNA, Address("bsuid:DE.99"))
        assert (other.id, other.addresses) == ("bsuid:DE.99", {Address("bsuid:DE.99")})
        assert other.contested == anna.addresses | new
    assert (await store.read(lambda tx: tx.people.get(anna.id))).addresses == anna.addresses | new


async def test_who_got_another_account_id_with_the_same_number_stays_the_same(store: Store) -> None:
    anna = await known(store, ANNA, BSUID)
    assert (await known(store, ANNA, Address("bsuid:DE.99"))).id == anna.id


ANNAS, NEXT = Address("lid:7001"), Address("lid:7002")


@pytest.mark.parametrize("wrote_before", [False, True])
async def test_a_number_beside_another_lid_has_a_new_holder(store: Store, wrote_before: bool) -> None:
    """Who had it before keeps all else, and what is still to be sent to them does not go to the number."""
    anna = await known(store, ANNA, ANNAS)
    await store.write(lambda tx: tx.people.claim_owner(anna.id))
    theirs = replace(chat(), person=anna.id, address=ANNA)
    await store.write(lambda tx: tx.conversations.open(theirs))
    if wrote_before:
        await known(store, NEXT)
    now = await known(store, ANNA, NEXT)
    assert (now.id, now.addresses, now.claimed_owner) == (NEXT, {ANNA, NEXT}, False)
    assert (now.taken_over, now.contested) == ({ANNA}, set())
    left = await store.read(lambda tx: tx.people.get(anna.id))
    assert (left.addresses, left.claimed_owner) == ({ANNAS}, True)
    assert (await store.read(lambda tx: tx.conversations.get(theirs.id))).address == ANNAS
    for addresses in ({ANNA, NEXT}, {ANNA}, {NEXT}):
        again = await known(store, *addresses)
        assert (again.id, again.taken_over) == (NEXT, set())
    moved_on = await known(store, ANNAS, BEN)
    assert (moved_on.id, moved_on.addresses) == (anna.id, {ANNAS, BEN})


@pytest.mark.parametrize("before", [(ANNA,), (ANNAS,), (ANNA, ANNAS), (ANNA, ANNAS, BEN)])
async def test_a_lid_that_becomes_known_makes_no_new_holder(
    store: Store, before: tuple[Address, ...]
) -> None:
    anna = await known(store, *before)
    now = await known(store, ANNA, ANNAS)
    assert (now.taken_over, await store.read(lambda tx: tx.people.get(anna.id))) == (set(), now)


async def test_a_user_id_and_a_lid_are_no_two_accounts(store: Store) -> None:
    anna = await known(store, ANNA, BSUID)
    assert (await known(store, ANNA, ANNAS)).id == anna.id
    assert (await known(store, ANNA, BSUID)).id == anna.id


async def test_a_rotation_to_somebody_elses_number_is_told_and_changes_nobody(store: Store) -> None:
    anna, ben = await known(store, ANNA, BSUID), await known(store, BEN, Address("bsuid:DE.1"))
    rotation = IdentityChange(before=frozenset({BSUID}), now=frozenset({BEN}))
    told = await store.write(lambda tx: tx.people.change_identity(rotation, 2.0))
    assert told.contested
    assert await store.read(lambda tx: tx.people.get(anna.id)) == anna
    assert await store.read(lambda tx: tx.people.get(ben.id)) == ben


async def test_a_rotation_of_somebody_unknown_makes_them_known(store: Store) -> None:
    rotation = IdentityChange(before=frozenset({Address("bsuid:DE.1")}), now=frozenset({BSUID}))
    person = await store.write(lambda tx: tx.people.change_identity(rotation, 2.0))
    assert person.addresses == rotation.before | rotation.now


@pytest.mark.parametrize(
    ("kept", "given"),
    [
        ("+5511987654321", "+551187654321"),
        ("+5215512345678", "+525512345678"),
        ("+541123456789", "+5491123456789"),
    ],
)
async def test_a_number_in_another_spelling_is_the_same_person(store: Store, kept: str, given: str) -> None:
    person = await known(store, Address(f"phone:{kept}"))
    again = await known(store, Address(f"phone:{given}"))
    assert again.id == person.id
    assert Address(f"phone:{kept}") in again.addresses


async def test_owners_claim_for_good(store: Store) -> None:
    await store.write(lambda tx: tx.people.resolve(frozenset({ANNA}), "Anna", 1.0))
    await store.write(lambda tx: tx.people.resolve(frozenset({BEN}), "Ben", 2.0))
    assert await store.read(lambda tx: tx.people.owners()) == []
    await store.write(lambda tx: tx.people.claim_owner(PersonId(ANNA)))
    assert [owner.id for owner in await store.read(lambda tx: tx.people.owners())] == [ANNA]
    assert (await store.write(lambda tx: tx.people.resolve(frozenset({ANNA}), "", 3.0))).claimed_owner
    with pytest.raises(KeyError):
        await store.write(lambda tx: tx.people.claim_owner(PersonId("nobody")))


async def test_reminders_come_due_soonest_first(store: Store) -> None:
    late = Reminder(
        id="r1", conversation=CHAT, text="tea", next_at=200.0, rule="0 9 * * *", zone="Europe/Berlin"
    )
    soon = Reminder(id="r2", conversation=CHAT, text="milk", next_at=100.0)
    other = Reminder(id="r3", conversation=OTHER_CHAT, text="bread", next_at=150.0)
    for reminder in late, soon, other:
        assert await store.write(lambda tx, r=reminder: tx.reminders.add(r))
    assert not await store.write(lambda tx: tx.reminders.add(replace(soon, text="more milk")))
    assert await store.read(lambda tx: tx.reminders.of(CHAT)) == [soon, late]
    assert await store.read(lambda tx: tx.reminders.due(99.9, 9)) == []
    assert await store.read(lambda tx: tx.reminders.due(150.0, 9)) == [soon, other]
    assert await store.read(lambda tx: tx.reminders.due(999.0, 2)) == [soon, other]
    await store.write(lambda tx: tx.reminders.move("r2", None))
    await store.write(lambda tx: tx.reminders.move("r1", 300.0))
    assert await store.read(lambda tx: tx.reminders.of(CHAT)) == [replace(late, next_at=300.0)]
    assert not await store.write(lambda tx: tx.reminders.add(soon))


async def test_records_are_found_by_kind_and_name(store: Store) -> None:
    def record(id: str, name: str = "shopping", kind: str = "list") -> Record:
        return Record(id=id, conversation=CHAT, kind=kind, name=name, body=f"body {id}", at=1.0)

    kept = [record("z"), record("a"), record("m", name="films")]
    for one in [*kept, record("n", kind="note"), replace(record("o"), conversation=OTHER_CHAT)]:
        assert await store.write(lambda tx, one=one: tx.records.add(one))
    assert not await store.write(lambda tx: tx.records.add(record("z", name="other")))
    assert await store.read(lambda tx: tx.records.of(CHAT, "list")) == kept
    assert await store.read(lambda tx: tx.records.of(CHAT, "list", "shopping")) == kept[:2]
    await store.write(lambda tx: tx.records.update("a", "new body"))
    assert await store.write(lambda tx: tx.records.delete("z"))
    assert not await store.write(lambda tx: tx.records.delete("z"))
    assert await store.read(lambda tx: tx.records.of(CHAT, "list")) == [
        replace(kept[1], body="new body"),
        kept[2],
    ]


@pytest.mark.parametrize(("stranger", "answered"), [(True, False), (True, True), (False, False)])
async def test_who_wrote_before_their_new_number_was_told_is_who_they_were(
    store: Store, stranger: bool, answered: bool
) -> None:
    """Unless somebody answered them, or lets them in, under the new number."""
    anna, early = await known(store, ANNA, BSUID), await known(store, BEN, Address("bsuid:DE.1"))
    if answered:
        here = replace(chat(OTHER_CHAT), person=early.id)
        await store.write(lambda tx: tx.conversations.open(here))
        await store.write(lambda tx: tx.outbox.add(outgoing("k", conversation=OTHER_CHAT)))
    change = IdentityChange(before=frozenset({ANNA, BSUID}), now=frozenset({BEN, Address("bsuid:DE.1")}))

    async def told() -> Person:
        return await store.write(
            lambda tx: tx.people.change_identity(change, 2.0, is_stranger=lambda _: stranger)
        )

    now = await told()
    assert (now.id, await told()) == (anna.id, now)
    is_one = stranger and not answered
    assert (now.contested == frozenset()) is is_one
    assert ((await known(store, BEN, Address("bsuid:DE.1"))).id == anna.id) is is_one

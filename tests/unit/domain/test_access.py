import pytest

from cleo.domain.access import Access, AccessRule, Role
from cleo.domain.identity import Address, Person, PersonId

OWNER = Address("phone:+4915100000001")
USER = Address("phone:+4915100000002")
OTHER = Address("phone:+4915100000009")
LID = Address("lid:219876543210987")
GROUP = Address("group:120363000000000001")

ACCESS = Access(owners=frozenset({OWNER}), users=frozenset({USER}), groups=frozenset({GROUP}))


def person(*addresses: Address, claimed: bool = False, contested: Address | None = None) -> Person:
    return Person(
        id=PersonId("p"),
        addresses=frozenset(addresses),
        claimed_owner=claimed,
        contested=frozenset({contested} if contested else ()),
    )


@pytest.mark.parametrize(
    ("who", "role"),
    [
        (person(OWNER), "owner"),
        (person(USER), "user"),
        (person(OTHER), "stranger"),
        (person(), "stranger"),
        (person(GROUP), "stranger"),
        (person(OTHER, LID, OWNER), "owner"),
        (person(OTHER, LID, USER), "user"),
        (person(USER, OWNER), "owner"),
        (person(OTHER, claimed=True), "owner"),
        (person(USER, claimed=True), "owner"),
        (person(OTHER, contested=OWNER), "stranger"),
    ],
)
def test_a_person_has_the_highest_role_of_their_addresses(who: Person, role: Role) -> None:
    assert ACCESS.role(who) == role
    assert ACCESS.may_approve(who) == (role == "owner")


@pytest.mark.parametrize("who", [person(OWNER), person(USER), person(OTHER)])
def test_empty_lists_mean_nobody(who: Person) -> None:
    assert Access().role(who) == "stranger"
    assert not Access().may_approve(who)


def test_who_claimed_cleo_owns_it_without_any_list() -> None:
    assert Access().role(person(OTHER, claimed=True)) == "owner"


@pytest.mark.parametrize(
    ("listed", "written"),
    [
        ("phone:+5511987654321", "phone:+551187654321"),
        ("phone:+551187654321", "phone:+5511987654321"),
        ("phone:+5215512345678", "phone:+525512345678"),
        ("phone:+5491123456789", "phone:+541123456789"),
    ],
)
def test_a_number_is_found_however_whatsapp_spells_it(listed: str, written: str) -> None:
    who = person(Address(written))
    assert Access(owners=frozenset({Address(listed)})).role(who) == "owner"
    assert Access(users=frozenset({Address(listed)})).role(who) == "user"


def test_the_same_digits_in_another_namespace_are_somebody_else() -> None:
    listed = Access(owners=frozenset({Address("phone:+219876543210987")}))
    assert listed.role(person(LID)) == "stranger"


def test_rules_made_while_it_runs_are_taken_as_a_whole() -> None:
    access = Access(users=frozenset({OTHER}))
    access.rules.take(
        iter(
            [
                AccessRule(address=LID, rule="allowed", at=1.0),
                AccessRule(address=OTHER, rule="blocked", at=1.0),
                AccessRule(address=Address("phone:+4915100000077"), rule="none", at=1.0),
            ]
        )
    )
    assert (access.rules.allowed, access.rules.blocked) == ({LID}, {OTHER})
    assert [access.role(person(each)) for each in (LID, OTHER)] == ["user", "stranger"]
    access.rules.take([])
    assert [access.role(person(each)) for each in (LID, OTHER)] == ["stranger", "user"]


def test_an_address_is_an_owners_in_each_spelling() -> None:
    access = Access(owners=frozenset({Address("phone:+5511987654321")}), users=frozenset({OTHER}))
    assert access.is_owner(Address("phone:+551187654321"))
    assert not access.is_owner(OTHER)

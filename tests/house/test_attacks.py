"""Rules about docs/attacks.md: each row names tests that there are, or says why there are none."""

import pytest
from tests.attack.__main__ import verdict
from tests.attack.catalogue import PAGE, Attack, NamedTest, attacks
from tests.attack.outcomes import Outcome

HERE = NamedTest("tests/house/test_attacks.py", "test_every_named_test_is_there")
GONE = NamedTest("tests/house/test_attacks.py", "test_that_is_not_here")


def test_every_named_test_is_there() -> None:
    every = list(attacks(PAGE.read_text()))
    assert len(every) > 100
    assert [f"{attack.what}: {test}" for attack in every for test in attack.tests if not test.exists()] == []


def test_a_test_that_is_gone_is_noticed() -> None:
    assert HERE.exists() and not GONE.exists()
    assert not NamedTest("whatsapp-bridge/test/guard.test.ts", "a web socket").exists()


@pytest.mark.parametrize("by", ["", "a test that somebody will write", "Not tried: "])
def test_a_row_without_tests_needs_a_reason(by: str) -> None:
    with pytest.raises(ValueError, match="or says why"):
        list(attacks(f"## Group\n| something | {by} |"))


@pytest.mark.parametrize(
    ("ends", "outcome"),
    [
        (("passed", "passed"), "passed"),
        (("passed", "failed"), "failed"),
        (("skipped", "failed"), "failed"),
        (("passed", "skipped"), "skipped"),
    ],
)
def test_an_attack_is_held_off_when_each_of_its_tests_is(
    ends: tuple[Outcome, Outcome], outcome: Outcome
) -> None:
    attack = Attack("group", "what", (HERE, GONE), "")
    assert verdict(attack, dict(zip((HERE, GONE), ends, strict=True))) == outcome

"""The claim code: only guesses count, and nobody can make it void for its owner."""

import pytest

from cleo.agent import ClaimCode
from cleo.agent.claim_code import read_guess

RIGHT = "ABCD-2345"
ME, ELSE = "phone:+4915100000001", "phone:+4915100000009"


@pytest.mark.parametrize(
    "text",
    [RIGHT, "abcd-2345", " ABCD-2345\n", "claim ABCD-2345", "Claim abcd2345", "abcd2345", "CLAIMABCD-2345"],
)
def test_it_is_known_however_it_is_written(text: str) -> None:
    assert ClaimCode(RIGHT).matches(text, ME, 0.0)


def test_a_code_of_letters_alone_is_known_by_its_hyphen_or_its_word() -> None:
    claim = ClaimCode("ABCD-EFGH")
    assert claim.matches("abcd-efgh", ME, 0.0)
    assert claim.matches("claim abcdefgh", ME, 0.0)


@pytest.mark.parametrize(
    "text",
    [
        *("Thursday", "password", "22334455", "whatever", "ABCD-234O", "1BCD-2345", "ABCD--2345"),
        *("ABCD 2345 please", "claim", "claim my prize", "hello", ""),
        *("ABCD-2345" * 9999, "claim" + " " * 99_999 + RIGHT),
    ],
)
def test_what_is_no_guess_counts_for_nothing(text: str) -> None:
    assert read_guess(text) is None
    claim = ClaimCode(RIGHT)
    assert not any(claim.matches(text, ME, 0.0) for _ in range(2000))
    assert claim.matches(RIGHT, ME, 0.0)


def test_who_guesses_wrong_ten_times_waits_an_hour_and_nobody_else_does() -> None:
    claim = ClaimCode(RIGHT)
    assert not any(claim.matches(f"AAAA-22{n}", ELSE, float(n)) for n in range(22, 99))
    assert not claim.matches(RIGHT, ELSE, 100.0)
    assert claim.matches(RIGHT, ME, 100.0)
    assert claim.matches(RIGHT, ELSE, 3700.0)


def test_all_together_guess_a_thousand_times_an_hour() -> None:
    claim = ClaimCode(RIGHT)
    for number in range(1000):
        claim.matches("AAAA-2222", f"lid:{number}", 0.0)
    assert not claim.matches(RIGHT, ME, 1.0)
    assert claim.matches(RIGHT, ME, 3601.0)

"""A short run of each fuzzer. `make fuzz` plays many more."""

import random

import pytest
from tests.fuzz.answer_fuzzer import check_answer, fuzz_answers
from tests.fuzz.event_fuzzer import fuzz_events
from tests.fuzz.webhook_fuzzer import fuzz_webhooks


def _seed() -> int:
    return random.randrange(10**6)


def test_no_webhook_of_the_cloud_api_breaks_a_promise() -> None:
    fuzz_webhooks(examples=500, seed=_seed())


def test_no_post_of_a_bridge_breaks_the_webhook() -> None:
    fuzz_events(examples=600, seed=_seed())


def test_nothing_but_a_yes_is_read_as_one() -> None:
    fuzz_answers(examples=1000, seed=_seed())


@pytest.mark.parametrize(
    "text", ["yes", "Ja bitte!", "yes K7Q4, r2mx", "👍🏽", "ｙｅｓ", "do it k7q4", "yes:K7Q4", "no all"]
)
def test_what_is_an_answer_passes_the_same_check(text: str) -> None:
    check_answer(text)

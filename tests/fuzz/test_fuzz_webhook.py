"""The Cloud API's webhook against chance. `make fuzz` plays many more."""

import random

from tests.fuzz.webhook_fuzzer import fuzz


def test_no_webhook_breaks_a_promise() -> None:
    fuzz(examples=500, seed=random.randrange(10**6))

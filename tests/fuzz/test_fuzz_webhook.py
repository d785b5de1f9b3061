"""The Cloud API's webhook against chance. `make fuzz` plays many more."""

import random
from pathlib import Path

from tests.fuzz.arena import fuzz


def test_no_webhook_breaks_a_promise(tmp_path: Path) -> None:
    fuzz(tmp_path, examples=500, seed=random.randrange(10**6))

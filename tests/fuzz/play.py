"""Plays examples by chance against a property, as a seed decides."""

from collections.abc import Callable
from typing import TypeVar

import hypothesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

T = TypeVar("T")


def play(examples: st.SearchStrategy[T], check: Callable[[T], None], *, count: int, seed: int) -> None:
    """Check so many examples; raises what `check` raised, for an example that was made small."""

    @hypothesis.seed(seed)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(examples)
    def once(example: T) -> None:
        check(example)

    once()

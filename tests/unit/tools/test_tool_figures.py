"""Calculator, units and clocks: exact, and safe with anything that people type."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.tool_harness import ToolHarness

from cleo.domain.errors import ToolError
from cleo.tools.calculator import calculate, evaluate
from cleo.tools.clock import convert_time, current_time
from cleo.tools.units import converted


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("0.1 + 0.2", "0.3"),
        ("-2 ^ 2", "-4"),
        ("2 ** 3 ** 2", "512"),
        ("2 ^ -1", "0.5"),
        ("7 // 2", "3"),
        ("20% of 50", "10"),
        ("80 + 19%", "95.2"),
        ("250 - 19%", "202.5"),
        ("200 * 10%", "20"),
        ("sqrt(16) + sqrt 9", "7"),
        ("2^64", "18446744073709551616"),
        ("100 / 7", "14.2857142857143"),
        ("1,000,000 / 4", "250000"),
        ("3 x 4", "12"),
        ("12 ÷ 4 × 2 − 1", "5"),
        ("abs(-3) + round(2.6)", "6"),
        ("ln(e)", "1"),
        ("2 * π", "6.28318530717959"),
        ("2^1000 / 2^999", "2"),
    ],
)
def test_arithmetic(expression: str, result: str):
    assert evaluate(expression) == result


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("9**9**9", "exponent"),
        ("9^999^9", "exponent"),
        ("(" * 5000 + "1", "too long"),
        ("(" * 100 + "1" + ")" * 99, "nested"),
        ("-" * 190 + "1", "nested"),
        ("1/0", "division by zero"),
        ("0/0", "division by zero"),
        ("sqrt(-1)", "outside"),
        ("ln(0) * 0", "cannot"),
        ("exp(99999)", "too large"),
        ("99^999^1 * 99^999 * 99^999 * 99^999 * 99^999 * 99^999", "too large"),
        ("__import__('os').system('id')", "not arithmetic"),
        ("a.b", "cannot"),
        ("2 +", "missing at the end"),
        ("2 2", "not expected"),
        ("", "missing"),
        ("(2", "closing bracket"),
    ],
)
def test_what_cannot_be_worked_out_is_refused_at_once(expression: str, why: str):
    start = time.perf_counter()
    with pytest.raises(ToolError, match=why):
        evaluate(expression)
    assert time.perf_counter() - start < 0.5


@given(st.text(alphabet="0123456789+-*/^%().,! eπsqrtlogxof", max_size=60))
def test_anything_typed_gives_a_number_or_a_sentence(expression: str):
    try:
        assert evaluate(expression)
    except ToolError as refused:
        assert "cannot be worked out" in str(refused)


async def test_the_tool_shows_the_sum(harness: ToolHarness):
    assert await harness.call(calculate, expression=" 6 * 7 ") == "6 * 7 = 42"


@pytest.mark.parametrize(
    ("value", "one", "other", "said"),
    [
        (6.0, "feet", "cm", "6 ft = 182.88 cm"),
        (5.0, "Miles", "KM", "5 mi = 8.04672 km"),
        (72.0, "f", "celsius", "72 °F = 22.2222 °C"),
        (-40.0, "°C", "°F", "-40 °C = -40 °F"),
        (0.0, "K", "C", "0 K = -273.15 °C"),
        (2.0, "lbs", "kg", "2 lb = 0.907185 kg"),
        (1.0, "cup", "ml", "1 cup = 236.588 ml"),
        (100.0, "km/h", "mph", "100 km/h = 62.1371 mph"),
        (90.0, "minutes", "hours", "90 min = 1.5 h"),
        (1.0, "GB", "MiB", "1 GB = 953.674 MiB"),
        (2.0, "acres", "m²", "2 acre = 8093.71 m²"),
    ],
)
def test_units(value: float, one: str, other: str, said: str):
    assert converted(value, one, other) == said


@pytest.mark.parametrize(
    ("value", "one", "other", "why"),
    [
        (1.0, "kg", "m", "do not convert"),
        (1.0, "kg", "celsius", "do not convert"),
        (100.0, "usd", "eur", "Money"),
        (1.0, "smoot", "m", "unknown"),
        (-300.0, "C", "F", "as cold"),
        (float("nan"), "m", "km", "cannot"),
        (float("inf"), "C", "F", "cannot"),
    ],
)
def test_what_does_not_convert_is_said(value: float, one: str, other: str, why: str):
    with pytest.raises(ToolError, match=why):
        converted(value, one, other)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("", "Mon 23 Nov 2026, 15:04 (Europe/Berlin)"),
        ("Tokyo", "Mon 23 Nov 2026, 23:04 (Asia/Tokyo)"),
        ("new york", "Mon 23 Nov 2026, 09:04 (America/New_York)"),
        ("Asia/Kolkata", "Mon 23 Nov 2026, 19:34 (Asia/Kolkata)"),
        ("Auckland?", "Tue 24 Nov 2026, 03:04 (Pacific/Auckland)"),
        ("UTC", "Mon 23 Nov 2026, 14:04 (UTC)"),
    ],
)
async def test_the_time_elsewhere(harness: ToolHarness, place: str, said: str):
    assert await harness.call(current_time, place=place) == f"It is {said}."


async def test_an_unknown_place_is_said(harness: ToolHarness):
    with pytest.raises(ToolError, match="Atlantis"):
        await harness.call(current_time, place="Atlantis")


@pytest.mark.parametrize(
    ("when", "one", "other", "ends"),
    [
        ("3pm", "London", "Tokyo", "is Tue 24 Nov 2026, 00:00 (Asia/Tokyo)."),
        ("15:00", "", "New York", "is Mon 23 Nov 2026, 09:00 (America/New_York)."),
        ("2026-07-01T12:00", "Berlin", "London", "is Wed 1 Jul 2026, 11:00 (Europe/London)."),
    ],
)
async def test_a_clock_time_elsewhere(harness: ToolHarness, when: str, one: str, other: str, ends: str):
    assert (await harness.call(convert_time, time=when, from_place=one, to_place=other)).endswith(ends)


@pytest.mark.parametrize("when", ["25:00", "13pm", "0am", "12:61", "soon"])
async def test_a_time_that_does_not_exist_is_refused(harness: ToolHarness, when: str):
    with pytest.raises(ToolError, match="not a time"):
        await harness.call(convert_time, time=when)

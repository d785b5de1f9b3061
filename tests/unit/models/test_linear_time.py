"""Reading takes time in proportion to the length, whatever somebody writes: a text comes from outside."""

import time
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_ai.messages import ModelRequest, UserPromptPart
from pydantic_ai.models import ModelRequestParameters
from tests.unit.models.test_sentences import DEFINITIONS

from cleo.models.basic.plan import next_step
from cleo.models.basic.prompt import read_prompt
from cleo.models.basic.request import LONGEST
from cleo.models.text_tool_calls import read_tool_call

LENGTH = 40_000
NOISE = 0.01
"""Seconds of CPU below which a measurement says nothing."""
ENOUGH = 0.05
"""Seconds of CPU for the longest text that all rules are tried on."""
OPENINGS = (
    *(
        "",
        "⟦member Ann …0001⟧ ",
        "⟦",
        "⟦image ",
        "⟦in reply to: ",
        "⟦forwarded⟧ ⟦in reply to: ",
        "/calculate ",
        "/add_note text=",
    ),
    *(
        "note: ",
        "note that ",
        "tell +49 ",
        "tell +49 151 2345678: ",
        "let +",
        "remind me ",
        "remind me at 9 ",
    ),
    *(
        "add ",
        "buy ",
        "what is ",
        "convert ",
        "how many ",
        "send me ",
        "delete note ",
        "what's on ",
        "please ",
        "1",
    ),
)
FILLERS = (
    " ",
    "\n",
    "a",
    "1",
    "a ",
    "1 ",
    ", ",
    "at 9 ",
    "please ",
    "hey ",
    "1+",
    "(",
    "'",
    ". a",
    "and ",
    "[",
    "\t",
)
ENDS = ("", "!", " to the list", " ä")


def cpu(text: str) -> float:
    """Return the least seconds of CPU of three readings."""
    times: list[float] = []
    for _ in range(3):
        start = time.thread_time()
        messages = [ModelRequest([UserPromptPart(text)])]
        next_step(read_prompt(messages, ModelRequestParameters()), DEFINITIONS)
        times.append(time.thread_time() - start)
    return min(times)


def fill(opening: str, filler: str, length: int, end: str = "") -> str:
    return opening + filler * max(1, (length - len(opening) - len(end)) // len(filler)) + end


def grows_linearly(opening: str, filler: str, end: str = "") -> bool:
    """Return whether twice the text takes at most 2.5 times the CPU; a busy machine gets three attempts."""
    once, twice = (fill(opening, filler, length, end) for length in (LENGTH, 2 * LENGTH))
    return any(cpu(twice) <= 2.5 * max(cpu(once), NOISE) for _ in range(3))


@pytest.mark.parametrize("filler", [" ", "\n", "a", "1"], ids=["spaces", "newlines", "letters", "digits"])
@pytest.mark.parametrize("opening", OPENINGS)
def test_twice_the_text_takes_at_most_twice_the_time(opening: str, filler: str):
    assert [end for end in ("", " ä") if not grows_linearly(opening, filler, end)] == []


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(OPENINGS), st.text(min_size=1, max_size=4), st.sampled_from(ENDS))
def test_so_does_twice_of_any_text(opening: str, filler: str, end: str):
    assert grows_linearly(opening, filler, end)


@pytest.mark.parametrize("opening", OPENINGS)
def test_a_request_of_the_greatest_length_is_read_in_no_time(opening: str):
    slow = {
        (filler, end): seconds
        for filler, end in product(FILLERS, ENDS)
        if (seconds := cpu(fill(opening, filler, LONGEST, end))) > ENOUGH
    }
    assert slow == {}


@pytest.mark.parametrize("filler", [" ", "\n", "{", "}", "} ", "`", "a"])
@pytest.mark.parametrize("opening", ["", "{", "```", "<tool_call>"])
def test_so_does_the_text_of_a_model_that_may_be_a_call(opening: str, filler: str):
    def seconds(length: int) -> float:
        start = time.thread_time()
        assert read_tool_call(f"a{fill(opening, filler, length)}a", {"add"}) is None
        assert read_tool_call(fill(opening, filler, length), {"add"}) is None
        return time.thread_time() - start

    assert any(seconds(2 * LENGTH) <= 2.5 * max(seconds(LENGTH), NOISE) for _ in range(3))

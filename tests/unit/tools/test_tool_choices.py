"""Questions with answers to tap."""

import pytest
from tests.support.tool_harness import ToolHarness

from cleo.domain.content import Choices, Option
from cleo.domain.errors import ToolError
from cleo.tools.choices import offer_choices


async def test_each_answer_can_be_told_from_the_others(harness: ToolHarness) -> None:
    await harness.call(offer_choices, question=" Tea or coffee? ", options=["Tea", "Coffee\nblack"])
    [said] = harness.said
    options = (Option(id="choice-1", title="Tea"), Option(id="choice-2", title="Coffee black"))
    assert said.content == Choices(body="Tea or coffee?", options=options)


@pytest.mark.parametrize(
    ("question", "options"),
    [
        ("", ["a", "b"]),
        ("x" * 1001, ["a", "b"]),
        ("?", ["a"]),
        ("?", ["a", " a "]),
        ("?", ["a", " "]),
        ("?", ["a"] * 21),
    ],
)
async def test_what_cannot_be_asked_is_refused(
    harness: ToolHarness, question: str, options: list[str]
) -> None:
    with pytest.raises(ToolError, match="Nothing was asked"):
        await harness.call(offer_choices, question=question, options=options)
    assert harness.said == []

"""Questions with answers to tap."""

import pytest
from tests.support.tool_room import ToolRoom

from cleo.domain.content import Choices, Option
from cleo.domain.errors import ToolError
from cleo.tools.choices import offer_choices


async def test_each_answer_can_be_told_from_the_others(room: ToolRoom) -> None:
    await room.call(offer_choices, question=" Tea or coffee? ", options=["Tea", "Coffee\nblack"])
    [said] = room.said
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
async def test_what_cannot_be_asked_is_refused(room: ToolRoom, question: str, options: list[str]) -> None:
    with pytest.raises(ToolError, match="Nothing was asked"):
        await room.call(offer_choices, question=question, options=options)
    assert room.said == []

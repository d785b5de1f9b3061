"""How well the rules of the basic model carry: never a wrong action, and most of what people write understood."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from pydantic_ai import Tool
from pydantic_ai.tools import ToolDefinition
from tests.unit.models.sentences import HELD_OUT, KNOWN, Expected

from cleo.agent.run.toolbox import Toolbox
from cleo.models.asked import Do
from cleo.models.plan import plan
from cleo.models.turn import Turn
from cleo.tools import TOOLS

NOW = datetime(2026, 11, 23, 15, 4, 5, tzinfo=ZoneInfo("Europe/Berlin"))
"""A Monday."""
SHARE = 0.75


def turn_light(room: str, on: bool) -> str:
    """Turn the light of a room on or off."""
    return f"{room} {on}"


def set_thermostat(degrees: float) -> str:
    """Set the temperature at home."""
    return f"{degrees}"


def tools() -> dict[str, ToolDefinition]:
    own = [Tool(turn_light).tool_def, Tool(set_thermostat).tool_def]
    return {tool.name: tool for tool in [*Toolbox(TOOLS).definitions(), *own]}


HANDS = tools()
HARMLESS = {tool.name for tool in TOOLS if tool.read_only}


def judge(sentence: str, expected: Expected) -> str:
    """`right`, `missed` (asked back, or only looked), or `wrong` (did something else)."""
    step = plan(Turn(now=NOW, texts=[sentence]), HANDS)
    calls: list[Do] = [] if isinstance(step, str) else step
    if expected is None:
        return "right" if not calls else "missed" if all(call.tool in HARMLESS for call in calls) else "wrong"
    tool, args = expected
    if len(calls) == 1 and calls[0].tool == tool and args.items() <= dict(calls[0].args).items():
        return "right"
    return "missed" if all(call.tool in HARMLESS for call in calls) else "wrong"


@pytest.mark.parametrize(("sentence", "expected"), KNOWN)
def test_what_the_rules_were_written_with_is_understood(sentence: str, expected: Expected):
    assert judge(sentence, expected) == "right", plan(Turn(now=NOW, texts=[sentence]), HANDS)


def test_nothing_wrong_is_ever_done():
    wrong = [sentence for sentence, expected in HELD_OUT if judge(sentence, expected) == "wrong"]
    assert wrong == []


def test_most_of_what_people_write_is_understood():
    missed = [sentence for sentence, expected in HELD_OUT if judge(sentence, expected) != "right"]
    assert len(HELD_OUT) >= 60
    assert 1 - len(missed) / len(HELD_OUT) >= SHARE, missed

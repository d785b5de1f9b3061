"""Tools that nobody wrote rules for: by the words of their names, or by `/tool key=value`."""

from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

import pytest
from pydantic_ai import Tool

from cleo.models.basic.plan import plan
from cleo.models.basic.prompt import Turn

NOW = datetime(2026, 11, 23, 15, 4, 5, tzinfo=ZoneInfo("Europe/Berlin"))


def turn_light(room: str, on: bool) -> str:
    """Turn the light of a room on or off."""
    return f"{room}{on}"


def set_heating(room: str, degrees: float, mode: Literal["eco", "comfort"] = "eco") -> str:
    """Heat."""
    return f"{room}{degrees}{mode}"


def brew_coffee(cups: int = 1) -> str:
    """Brew coffee."""
    return f"{cups}"


def tag_photos(names: list[str], strict: bool = False) -> str:
    """Tag."""
    return f"{names}{strict}"


OWN = [Tool(turn_light), Tool(set_heating), Tool(brew_coffee), Tool(tag_photos)]
HANDS = {tool.name: tool.tool_def for tool in OWN}


def step(text: str) -> list[tuple[str, dict[str, object]]] | str:
    done = plan(Turn(now=NOW, texts=[text]), HANDS)
    return done if isinstance(done, str) else [(one.tool, dict(one.args)) for one in done]


@pytest.mark.parametrize(
    ("text", "tool", "args"),
    [
        ("turn on the kitchen light", "turn_light", {"room": "kitchen", "on": True}),
        (
            "Please switch the light in the living room off!",
            "turn_light",
            {"room": "living room", "on": False},
        ),
        ("set heating in the bathroom to 21.5", "set_heating", {"room": "bathroom", "degrees": 21.5}),
        (
            "set the bathroom heating to 23 comfort",
            "set_heating",
            {"room": "bathroom", "degrees": 23.0, "mode": "comfort"},
        ),
        ("brew coffee", "brew_coffee", {}),
        ("brew 3 coffee", "brew_coffee", {"cups": 3}),
        ("/turn_light room=kitchen on=true", "turn_light", {"room": "kitchen", "on": True}),
        ('/turn_light room="living room" on=no', "turn_light", {"room": "living room", "on": False}),
        ("/turn-light living room on=off", "turn_light", {"room": "living room", "on": False}),
        ("/brew_coffee 2", "brew_coffee", {"cups": 2}),
        ("/tag_photos names=anna,bob strict=yes", "tag_photos", {"names": ["anna", "bob"], "strict": True}),
    ],
)
def test_it_is_called_with_what_was_said(text: str, tool: str, args: dict[str, object]):
    assert step(text) == [(tool, args)]


@pytest.mark.parametrize(
    "text",
    [
        "don't turn on the kitchen light",
        "I dreamt that I turn on a light",
        "did you turn on the kitchen light?",
        "turn on the radio",
        "the light",
        "brew 3 cups of strong coffee with milk",
    ],
)
def test_what_is_unsure_is_not_done(text: str):
    assert isinstance(step(text), str)


def test_a_missing_argument_is_named_with_an_example():
    assert step("turn on the light") == "turn_light needs: room. For example: /turn_light room=… on=true"
    assert step("/set_heating bathroom") == (
        "set_heating needs: degrees. For example: /set_heating room=… degrees=1.5"
    )


def test_an_unknown_tool_is_said_with_those_there_are():
    assert "/brew_coffee" in str(step("/brew_tea"))

"""Tools are called by their names: `/tool key=value`. Other words about them call nothing."""

from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

import pytest
from pydantic_ai import Tool

from cleo.models.basic.plan import next_step
from cleo.models.basic.prompt import Prompt

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
DEFINITIONS = {tool.name: tool.tool_def for tool in OWN}


def step(text: str) -> list[tuple[str, dict[str, object]]] | str:
    done = next_step(Prompt(NOW, texts=[text]), DEFINITIONS)
    return done if isinstance(done, str) else [(one.tool, dict(one.args)) for one in done]


@pytest.mark.parametrize(
    ("text", "tool", "args"),
    [
        ("/turn_light room=kitchen on=true", "turn_light", {"room": "kitchen", "on": True}),
        ('/turn_light room="living room" on=no', "turn_light", {"room": "living room", "on": False}),
        ("/turn_light room=“living room” on=no", "turn_light", {"room": "living room", "on": False}),
        ("/turn-light living room on=off", "turn_light", {"room": "living room", "on": False}),
        ("/Turn_Light\nroom=kitchen\non=on", "turn_light", {"room": "kitchen", "on": True}),
        ("/turn_light room=Anna's on=off", "turn_light", {"room": "Anna's", "on": False}),
        ("Please /turn_light room=hall on=off", "turn_light", {"room": "hall", "on": False}),
        ("/set_heating hall degrees=21.5", "set_heating", {"room": "hall", "degrees": 21.5}),
        (
            "/set_heating hall degrees=21 mode=Comfort",
            "set_heating",
            {"room": "hall", "degrees": 21, "mode": "comfort"},
        ),
        ("/brew_coffee", "brew_coffee", {}),
        ("/brew_coffee 2", "brew_coffee", {"cups": 2}),
        ("/tag_photos names=anna,bob strict=yes", "tag_photos", {"names": ["anna", "bob"], "strict": True}),
        ('/tag_photos names=["anna"]', "tag_photos", {"names": ["anna"]}),
    ],
)
def test_it_is_called_with_what_was_written(text: str, tool: str, args: dict[str, object]):
    assert step(text) == [(tool, args)]


@pytest.mark.parametrize(
    "text",
    [
        "/set_heating hall degrees=warm",
        "/set_heating hall degrees=NaN",
        "/set_heating hall degrees=1e999",
        "/set_heating hall degrees=21 mode=hot",
        "/turn_light kitchen on=maybe",
        "/brew_coffee two",
        f"/brew_coffee {'9' * 5000}",
        f"/tag_photos names={'[' * 5000}",
    ],
)
def test_a_value_of_another_kind_is_not_passed_on(text: str):
    said = step(text)
    assert isinstance(said, str) and "Not all of these values fit" in said and "For example: /" in said


@pytest.mark.parametrize(
    "text",
    [
        "turn on the kitchen light",
        "Please switch the light in the living room off!",
        "don't turn on the kitchen light",
        "I dreamt that I turn on a light",
        "did you turn on the kitchen light?",
        "set heating in the bathroom to 21.5",
        "set the bathroom heating to 23 comfort",
        "turn on the radio",
        "the light",
        "brew coffee",
        "brew 3 coffee",
        "brew 3 cups of strong coffee with milk",
    ],
)
def test_words_about_a_tool_call_nothing(text: str):
    said = step(text)
    assert isinstance(said, str) and "did not understand" in said


def test_who_says_a_tools_name_in_words_is_told_how_to_call_it():
    assert "For turn_light write “/turn_light room=… on=true”." in str(step("turn on the light, please"))
    assert "/brew_coffee" not in str(step("turn on the light"))


def test_a_missing_argument_is_named_with_an_example():
    assert step("/turn_light on=true") == "turn_light needs: room. For example: /turn_light room=… on=true"
    assert step("/set_heating bathroom") == (
        "set_heating needs: degrees. For example: /set_heating room=… degrees=1.5"
    )


def test_an_unknown_tool_is_said_with_those_there_are():
    assert "/brew_coffee" in str(step("/brew_tea"))

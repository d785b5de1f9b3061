"""How well the rule model understands people: never a wrong call, and most of what they write."""

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic_ai import Tool
from pydantic_ai.tools import ToolDefinition
from tests.house.tree import ROOT
from tests.unit.models.sentences import HELD_OUT, KNOWN, NOT_UNDERSTOOD, Expected

from cleo.agent.run.toolbox import Toolbox
from cleo.models.basic.plan import next_step
from cleo.models.basic.prompt import Prompt
from cleo.models.basic.request import Call
from cleo.tools import TOOLS

NOW = datetime(2026, 11, 23, 15, 4, 5, tzinfo=ZoneInfo("Europe/Berlin"))
"""A Monday."""
SHARE = 0.75
HARMLESS = {tool.name for tool in TOOLS if tool.read_only}


def turn_light(room: str, on: bool) -> str:
    """Turn the light of a room on or off."""
    return f"{room} {on}"


def set_thermostat(degrees: float) -> str:
    """Set the temperature at home."""
    return f"{degrees}"


def definitions() -> dict[str, ToolDefinition]:
    own = [Tool(turn_light).tool_def, Tool(set_thermostat).tool_def]
    return {tool.name: tool for tool in [*Toolbox(TOOLS).definitions(), *own]}


DEFINITIONS = definitions()


def step(sentence: str) -> list[Call] | str:
    done = next_step(Prompt(NOW, texts=[sentence]), DEFINITIONS)
    return done if isinstance(done, str) else list(done)


def judge(sentence: str, expected: Expected) -> str:
    """Return `right`, `missed` (it asked back, or only looked), or `wrong` (it did something else)."""
    done = step(sentence)
    calls = [] if isinstance(done, str) else done
    if expected is None:
        return "right" if not calls else "missed" if all(call.tool in HARMLESS for call in calls) else "wrong"
    tool, args = expected
    if len(calls) == 1 and calls[0].tool == tool and args.items() <= dict(calls[0].args).items():
        return "right"
    return "missed" if all(call.tool in HARMLESS for call in calls) else "wrong"


@pytest.mark.parametrize(("sentence", "expected"), KNOWN)
def test_what_the_rules_were_written_with_is_understood(sentence: str, expected: Expected):
    assert judge(sentence, expected) == "right", step(sentence)


def test_nothing_wrong_is_ever_done():
    wrong = [sentence for sentence, expected in HELD_OUT if judge(sentence, expected) == "wrong"]
    assert wrong == []


def test_most_of_what_people_write_is_understood():
    missed = [sentence for sentence, expected in HELD_OUT if judge(sentence, expected) != "right"]
    assert len(HELD_OUT) >= 60
    assert 1 - len(missed) / len(HELD_OUT) >= SHARE, missed


@pytest.mark.parametrize("sentence", NOT_UNDERSTOOD)
def test_what_is_left_to_a_language_model_is_said_and_nothing_is_called(sentence: str):
    text = step(sentence)
    assert isinstance(text, str)
    assert re.match("I did not understand|I am not sure which time|When shall I remind you", text), text
    assert '"' in text or "“/" in text, f"no example of what is understood: {text}"


EXAMPLES = (
    ("docs/examples/demo.script", "> ", r"^> (.+)$"),
    ("docs/quickstart.md", "› ", r"^› (?!/)(.+)$"),
    ("README.md", "", r"`((?:help|remind|note|delete)\b[^`]*)`"),
    ("docs/howto/models.md", "`/tool", r"`(/(?!tool)[^`]+)`"),
    ("docs/howto/tools.md", "| “", r"“([^”…]+)”"),
    ("src/cleo/tools/help.py", "• ", r'"([^"]+)"'),
)
"""Pages that give examples, how such a line begins, and what in it people may write."""


def examples() -> list[tuple[str, str]]:
    """Return every request that a page gives as an example, with the page."""
    return [
        (page, text)
        for page, start, example in EXAMPLES
        for line in (ROOT / page).read_text(encoding="utf-8").splitlines()
        if line.startswith(start)
        for text in re.findall(example, line)
    ]


@pytest.mark.parametrize(("page", "text"), examples())
def test_what_the_pages_tell_people_to_write_is_understood(page: str, text: str):
    done = step(text)
    assert not isinstance(done, str) or done.startswith("Hello"), f"{Path(page).name}: {done}"


def test_the_pages_give_examples():
    pages = [page for page, _ in examples()]
    assert len(pages) >= 40 and set(pages) == {page for page, _, _ in EXAMPLES}


@pytest.mark.parametrize(
    ("text", "tool"),
    [
        ("what is 17 * 3?", "calculate"),
        ("17 + 4", "calculate"),
        ("6 * 7", "calculate"),
        ("hello! what is 6*7?", "calculate"),
        ("send me the last file", "send_file"),
        ("send me file a.png", "send_file"),
        ("delete the note about milk", "find_notes"),
        ("add 2 eggs to the list", "add_to_list"),
        ("shopping list:\n- milk\n- bread", "add_to_list"),
        ("remind me on Friday to call Anna at 10", "set_reminder"),
        ("remind me in 2 days to call Anna", "set_reminder"),
        ("thanks! remind me at 18:30 to eat", "set_reminder"),
    ],
)
def test_what_stories_say_is_understood(text: str, tool: str):
    done = step(text)
    assert not isinstance(done, str) and [call.tool for call in done] == [tool]


def test_a_long_note_is_kept_and_another_long_text_is_said_to_be_too_long():
    assert step(f"note: {'x' * 9000}") == [Call("add_note", {"text": "x" * 9000})]
    assert "too long" in str(step(f"remind me tomorrow at 9 to {'x' * 9000}"))


def test_lines_are_requests_of_their_own_when_each_is_understood():
    done = step("what is 6 * 7?\nbuy milk\nmy notes")
    assert not isinstance(done, str)
    assert [call.tool for call in done] == ["calculate", "add_to_list", "list_notes"]
    assert "did not understand" in str(step("what is 6 * 7?\nxyzzy"))


def test_the_times_that_the_page_about_models_names_are_read_or_asked_about_as_it_says():
    page = (ROOT / "docs/howto/models.md").read_text(encoding="utf-8")
    read, _, asked = (
        page.partition("It reads times such as")[2].partition("\n\n")[0].partition("It never guesses")
    )
    times, unsure = (re.findall("“([^”]+)”", text.replace("\n", " ")) for text in (read, asked))
    assert len(times) >= 8 and len(unsure) >= 5
    assert [time for time in times if isinstance(step(f"remind me {time} to stretch"), str)] == []
    assert [time for time in unsure if not isinstance(step(f"remind me {time} to stretch"), str)] == []

"""Tools that users write: made with `@tool`, loaded by CLEO_TOOLS, with errors that say what to do."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cleo.domain.errors import ConfigError
from cleo.tools import TOOLS, Tool, load, tool

LIGHTS = '''
from cleo.tools import tool, ToolContext

@tool(requires_confirmation=False)
async def turn_light(ctx: ToolContext, room: str, on: bool) -> str:
    """Turn the light of a room on or off."""
    return f"{room}: {'on' if on else 'off'}"

@tool
def order_pizza(kind: str) -> str:
    """Order a pizza."""
    return f"ordered {kind}"
'''


@pytest.fixture(autouse=True)
def own_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_a_module_in_the_working_directory_is_found(own_directory: Path):
    (own_directory / "my_lights.py").write_text(LIGHTS)
    assert [one.name for one in load(["my_lights"])] == ["turn_light", "order_pizza"]


def test_a_path_is_found(own_directory: Path):
    (own_directory / "sub").mkdir()
    path = own_directory / "sub" / "lights.py"
    path.write_text(LIGHTS)
    assert [one.name for one in load([f" {path} ", ""])] == ["turn_light", "order_pizza"]


def test_a_tool_is_what_its_decorator_says():
    @tool
    def plain() -> str:
        """Do something."""
        return "done"

    @tool(read_only=True)
    def look() -> str:
        """Look."""
        return "seen"

    @tool(requires_confirmation=True, title="feed the cat", timeout=5)
    async def feed_cat() -> str:
        """Feed."""
        return "fed"

    assert isinstance(plain, Tool) and not plain.requires_confirmation and plain.title == "plain"
    assert not look.requires_confirmation and look.read_only
    assert feed_cat.requires_confirmation and feed_cat.title == "feed the cat" and feed_cat.timeout == 5
    assert plain.function() == "done"


def test_a_tool_without_a_docstring_is_refused():
    def silent() -> str:
        return ""

    with pytest.raises(ConfigError, match="silent has no docstring"):
        tool(silent)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("x = 1", "has no tools"),
        ("import nowhere_to_be_found", "nowhere_to_be_found"),
        ("def broken(:", "SyntaxError"),
        ("1 / 0", "ZeroDivisionError"),
        ("from cleo.tools import tool\n@tool\ndef f(): pass", "no docstring"),
    ],
)
def test_a_module_that_cannot_be_used_names_the_setting(own_directory: Path, source: str, why: str):
    (own_directory / "bad_module.py").write_text(source)
    with pytest.raises(ConfigError, match=why) as refused:
        load(["bad_module"])
    assert "CLEO_TOOLS" in str(refused.value) and "bad_module" in str(refused.value)


@pytest.mark.parametrize("name", ["not_there_at_all", "not/there.py", "...", "a b"])
def test_a_module_that_is_not_there_names_the_setting(name: str):
    with pytest.raises(ConfigError, match="CLEO_TOOLS"):
        load([name])


def test_a_name_is_given_once(own_directory: Path):
    (own_directory / "one_mod.py").write_text(LIGHTS)
    (own_directory / "two_mod.py").write_text(LIGHTS)
    with pytest.raises(ConfigError, match=r"turn_light of two_mod .* one_mod"):
        load(["one_mod", "two_mod"])
    (own_directory / "three_mod.py").write_text(LIGHTS.replace("turn_light", "add_note"))
    with pytest.raises(ConfigError, match="Cleo itself"):
        load(["three_mod"], taken=TOOLS)


def test_every_tool_of_cleo_can_be_repeated_or_changes_nothing():
    assert len({one.name for one in TOOLS}) == len(TOOLS)
    for one in TOOLS:
        assert one.read_only or one.repeatable, one.name
        assert not (one.read_only and one.requires_confirmation), one.name
    asked = {one.name for one in TOOLS if one.requires_confirmation}
    assert asked == {
        "cancel_reminder", "delete_note", "delete_list", "clear_list", "delete_file", "send_message"
    }  # fmt: skip

"""The hash of a tool changes with all that decides what a call does, and with nothing else."""

import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from pydantic_ai.tools import ToolDefinition

from cleo.agent.approval import tool_hash as hashing
from cleo.agent.approval.tool_hash import is_same_tool, tool_hash
from cleo.ports import Tool

BASE = """
import functools
import re
from json import dumps

LIMIT = 3
SCALE = 0.5
PATTERN = re.compile("x+", re.IGNORECASE)
KNOWN = frozenset({"a", "b"})
PAIR = (1, (2, 3))
table = {"first": 1}
counter: int = 0
counter = counter + 1


def helper(amount, factor=2, *, sign=1):
    return amount * factor * sign * deepest()


def deepest():
    return LIMIT * SCALE


def unused():
    return 1


class Parent:
    def greet(self):
        return "hello"


class Box(Parent):
    size = 4

    def __init__(self, depth):
        self.depth = depth
        self.later = []

    def __call__(self):
        return self.size

    def open(self):
        return "opened"

    @staticmethod
    def shut():
        return "shut"

    @classmethod
    def make(cls):
        return cls(5)


box = Box(6)
opening = Box(7).open
part = functools.partial(helper, 8, sign=9, factor=10)


def twice(function):
    times = 11

    @functools.wraps(function)
    async def inner(name):
        for _ in range(times):
            await function(name)

    return inner


async def prepare(ctx, name):
    return {"name": name.strip()}


async def act(name: str) -> str:
    def within():
        return "nested"

    PATTERN.match(name), KNOWN, PAIR, table, counter, Box.shut(), Box.make(), box(), opening(), part()
    return within() + dumps(helper(12))


act = twice(act)
"""


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    yield
    hashing._as_written.cache_clear()  # pyright: ignore[reportPrivateUsage]  # modules do not change otherwise
    hashing._is_beside.cache_clear()  # pyright: ignore[reportPrivateUsage]  # the same
    for name in ("own_tools", "cleo_tools_own", "acme", "acme.parts", "other", "cleo_tools_more", "own"):
        sys.modules.pop(name, None)


def load(folder: Path, source: str, name: str = "own_tools") -> ModuleType:
    """Load it as a restart would, with the source that is there now."""
    hashing._as_written.cache_clear()  # pyright: ignore[reportPrivateUsage]  # see above
    path = folder / f"{name}.py"
    path.write_text(source, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec and spec.loader
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    exec(compile(source, path, "exec"), module.__dict__)
    return module


def hash_of(module: ModuleType, **more: object) -> str:
    found = Tool(name="act", function=module.act, prepare=module.prepare)
    fields: dict[str, object] = {
        "name": "act",
        "description": "Act.",
        "parameters_json_schema": {"type": "object"},
    }
    return tool_hash(ToolDefinition(**{**fields, **more}), found)  # type: ignore[arg-type]  # test data


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("LIMIT = 3", "LIMIT = 4"),
        ("SCALE = 0.5", "SCALE = 1.5"),
        ('"x+", re', '"y+", re'),
        ("re.IGNORECASE)", "re.DOTALL)"),
        ('{"a", "b"}', '{"a", "c"}'),
        ("(2, 3)", "(2, 4)"),
        ('{"first": 1}', '{"first": 2}'),
        ("counter: int = 0", "counter: int = 5"),
        ("counter + 1", "counter + 2"),
        ("factor=2, *", "factor=3, *"),
        ("sign=1)", "sign=-1)"),
        ("LIMIT * SCALE", "LIMIT + SCALE"),
        ('return "hello"', 'return "bye"'),
        ("size = 4", "size = 5"),
        ("self.depth = depth", "self.depth = depth + 1"),
        ("return self.size", "return -self.size"),
        ('return "opened"', 'return "broken"'),
        ('return "shut"', 'return "ajar"'),
        ("return cls(5)", "return cls(6)"),
        ("box = Box(6)", "box = Box(60)"),
        ("Box(7).open", "Box(70).open"),
        ("partial(helper, 8,", "partial(helper, 80,"),
        ("sign=9,", "sign=90,"),
        ("partial(helper,", "partial(unused,"),
        ("times = 11", "times = 12"),
        ("name.strip()", "name.lower()"),
        ('return "nested"', 'return "changed"'),
        ("dumps(helper(12))", "dumps(helper(13))"),
        ("from json import dumps", "from pprint import pformat as dumps"),
        ("act = twice(act)", ""),
        ("class Box(Parent)", "class Box"),
    ],
)
def test_another_code_is_another_tool(tmp_path: Path, before: str, after: str) -> None:
    known = hash_of(load(tmp_path, BASE))
    assert BASE.count(before) == 1
    assert hash_of(load(tmp_path, BASE.replace(before, after))) != known


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def unused():\n    return 1", "def unused():\n    return 2"),
        ("LIMIT = 3", "# of the day\nLIMIT = 3"),
        ("sign=9, factor=10", "factor=10, sign=9"),
        ('{"a", "b"}', '{"b", "a"}'),
        ("self.later = []", "self.later = []  # filled while it runs"),
    ],
)
def test_what_does_not_decide_does_not_count(tmp_path: Path, before: str, after: str) -> None:
    known = hash_of(load(tmp_path, BASE))
    assert BASE.count(before) == 1
    assert hash_of(load(tmp_path, BASE.replace(before, after))) == known


def test_what_changes_while_it_runs_does_not_count(tmp_path: Path) -> None:
    module = load(tmp_path, BASE)
    known = hash_of(module)
    exec("table['second'] = 2; counter += 1; box.later.append(1)", vars(module))
    assert hash_of(module) == known
    vars(module)["LIMIT"] = 30
    assert hash_of(module) != known, "what is written large is a setting"


@pytest.mark.parametrize(
    "more",
    [{"name": "other"}, {"description": "Act otherwise."}, {"parameters_json_schema": {"type": "string"}}],
)
def test_another_description_is_another_tool(tmp_path: Path, more: dict[str, object]) -> None:
    module = load(tmp_path, BASE)
    assert hash_of(module, **more) != hash_of(module)


def test_another_title_or_preparation_is_another_tool(tmp_path: Path) -> None:
    module = load(tmp_path, BASE)
    definition = ToolDefinition(name="act")
    tools = [
        Tool(name="act", function=module.act),
        Tool(name="act", function=module.act, title="Act"),
        Tool(name="act", function=module.act, prepare=module.prepare),
        Tool(name="act", function=module.prepare, prepare=module.act),
        Tool(name="act", function=module.prepare),
    ]
    assert len({tool_hash(definition, each) for each in tools}) == len(tools)


def test_the_code_of_a_module_of_tools_counts_where_it_is_used(tmp_path: Path) -> None:
    """A file of tools may use another one that lies beside it, as a module or by its names."""
    uses = (
        "import cleo_tools_own\n\nasync def prepare(ctx): ...\n\n"
        "async def act():\n    return cleo_tools_own.work()\n"
    )

    def known(source: str) -> str:
        load(tmp_path, source, "cleo_tools_own")
        return hash_of(load(tmp_path, uses))

    first = known("def work():\n    return 1\n")
    assert known("def work():\n    return 2\n") != first
    assert known("def work():\n    return 1\n\ndef more():\n    return 2\n") == first


@pytest.mark.parametrize(
    ("tool_of", "used", "where", "counts"),
    [
        ("acme", "acme.parts", "site-packages", True),
        ("acme", "other", "site-packages", False),
        ("acme", "cleo_tools_more", "site-packages", True),
        ("acme", "own", "", True),
        ("own", "acme.parts", "site-packages", False),
    ],
)
def test_of_installed_packages_only_the_tools_own_counts(
    tmp_path: Path, tool_of: str, used: str, where: str, counts: bool
) -> None:
    """A library is not the tool; a file of somebody's own is, wherever the tool comes from."""
    folder = tmp_path / where
    folder.mkdir(exist_ok=True)

    def known(number: int) -> str:
        tool = module(
            tmp_path / "site-packages" / "tool.py" if tool_of == "acme" else tmp_path / "tool.py", tool_of
        )
        other = module(folder / "used.py", used)
        exec(f"def work():\n    return {number}\n", vars(other))
        vars(tool)["work"] = vars(other)["work"]
        exec("async def act():\n    return work()\n\nasync def prepare(ctx): ...\n", vars(tool))
        return hash_of(tool)

    assert (known(1) != known(2)) is counts


def module(path: Path, name: str) -> ModuleType:
    made = ModuleType(name)
    made.__file__ = str(path)
    sys.modules[name] = made
    hashing._is_beside.cache_clear()  # pyright: ignore[reportPrivateUsage]  # see above
    return made


def test_what_is_kept_is_compared_as_it_was_made(tmp_path: Path) -> None:
    module = load(tmp_path, BASE)
    found = Tool(name="act", function=module.act)
    schema: dict[str, object] = {"type": "object", "properties": {"b": {}, "a": {}}}
    definition = ToolDefinition(name="act", description="Act.", parameters_json_schema=schema)
    now = tool_hash(definition, found)
    assert is_same_tool(now, definition, found)
    assert not is_same_tool(now, definition, Tool(name="act", function=module.prepare))
    before = "c70a34ab123ba3b20124c1fe656a327eb8f94345fb6ff1782c84de3473328a93"
    assert is_same_tool(before, definition, found), "as it was made when the code did not count"
    assert not is_same_tool(before, replace(definition, description="Act otherwise."), found)

"""Every story is played on each way to WhatsApp, or says why not."""

import ast

from tests.house.tree import named, short, syntax

ON_EACH = frozenset({"backend", "shared", "provided", "make_system"})
"""Fixtures that exist once for each way."""
WAYS = frozenset({"baileys", "cloud"})


def _only(decorators: list[ast.expr]) -> tuple[list[str], str] | None:
    """Read `pytest.mark.only("…", reason="…")`: the ways, and the reason."""
    for mark in decorators:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.only":
            reason = next(
                (ast.literal_eval(each.value) for each in mark.keywords if each.arg == "reason"), ""
            )
            return [ast.literal_eval(each) for each in mark.args], reason
    return None


def _of_module(module: ast.Module) -> list[ast.expr]:
    """The marks that hold for every story of a file."""
    return [
        node.value
        for node in module.body
        if isinstance(node, ast.Assign) and [ast.unparse(name) for name in node.targets] == ["pytestmark"]
    ]


def _stories() -> dict[str, tuple[set[str], tuple[list[str], str] | None]]:
    """All stories: what each asks for, and which way alone it is about."""
    found: dict[str, tuple[set[str], tuple[list[str], str] | None]] = {}
    for path in named(".py", below="tests/scenarios"):
        module = syntax(path)
        for node in module.body:
            if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef) and node.name.startswith("test_"):
                only = _only([*node.decorator_list, *_of_module(module)])
                found[f"{short(path)}: {node.name}"] = ({each.arg for each in node.args.args}, only)
    return found


def test_a_story_is_played_on_each_way_or_is_marked_as_being_of_one() -> None:
    stories = _stories()
    assert len(stories) > 50
    assert [name for name, (asked, only) in stories.items() if not only and not asked & ON_EACH] == []


def test_a_story_of_one_way_says_why() -> None:
    marked = {name: only for name, (_, only) in _stories().items() if only}
    assert [name for name, (ways, _) in marked.items() if not ways or not set(ways) <= WAYS] == []
    assert [name for name, (_, reason) in marked.items() if len(reason.split()) < 5] == []


def test_few_stories_are_of_the_bridge_alone() -> None:
    of_bridge = [name for name, (_, only) in _stories().items() if only and only[0] == ["baileys"]]
    assert len(of_bridge) <= 14, of_bridge

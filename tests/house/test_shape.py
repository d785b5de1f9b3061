"""Rules about where things lie, how large they are and what they are called."""

import ast
import re
from collections import Counter

from tests.house.tree import ROOT, files, found, named, short, syntax

GENERATED = {"whatsapp-bridge/src/contract.ts"}
VAGUE = re.compile(r"(^|[_-])(utils?|common|helpers?|core|misc|manager)($|[_-])")


def test_no_file_is_longer_than_400_lines() -> None:
    lengths = {short(path): len(path.read_text().splitlines()) for path in named(".py", ".ts")}
    assert {name: n for name, n in lengths.items() if n > 400 and name not in GENERATED} == {}


def test_no_folder_has_more_than_15_files() -> None:
    sources = ("src/cleo", "whatsapp-bridge/src", "whatsapp-simulator/src")
    files_of = Counter(
        short(path.parent)
        for below in sources
        for path in named(".py", ".ts", below=below)
        if path.name != "__init__.py"
    )
    assert {folder for folder, count in files_of.items() if count > 15} == set()


def test_the_readme_fits_on_a_page() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 120


def test_no_file_or_room_has_a_name_that_says_nothing() -> None:
    parts = {short(path): [*path.relative_to(ROOT).parts[:-1], path.stem] for path in named(".py", ".ts")}
    assert [name for name, words in parts.items() if any(VAGUE.search(word) for word in words)] == []


def test_a_port_has_at_most_five_methods() -> None:
    large: list[str] = []
    for path in named(".py", below="src/cleo/ports"):
        for node in syntax(path).body:
            if isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "Protocol" for base in node.bases):
                methods = [
                    each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
                ]
                if len(methods) > 5:
                    large.append(f"{short(path)}: {node.name} has {len(methods)}")
    assert large == []


def test_no_path_of_a_machine_is_in_any_file() -> None:
    private = r"(?<![\w.~$}/-])/(work|root|home/\w+|Users/\w+|tmp/\w+)/[\w.]"
    paths = (path for path in files() if path.suffix not in {".lock", ".png"})
    assert found(private, paths) == []


def test_no_test_is_switched_off() -> None:
    python = r"pytest\.skip\((?!\"needs )|pytest\.xfail\(|mark\.(skip\b|xfail)"
    node = r"\b(test|it|describe|suite)\.(skip|todo|only)\("
    tests = (path for path in named(".py", ".ts") if path.name != "test_shape.py")
    assert found(f"{python}|{node}", tests) == []


def test_nothing_is_left_for_later() -> None:
    loose = r"\b(TODO|FIXME|XXX)\b|raise NotImplementedError"
    places = ("src", "scripts", "cloud-simulator")
    sources = [*named(".ts"), *(path for place in places for path in named(".py", below=place))]
    assert found(loose, iter(sources)) == []


def test_a_silenced_check_says_why() -> None:
    silenced = r"# (noqa|type: ignore|pyright: ignore)|@ts-(ignore|expect-error)|biome-ignore"
    why = re.compile(
        r"(noqa: [A-Z0-9, ]+?|ignore\[[\w, -]+\]|@ts-expect-error|biome-ignore [\w/]+)\W+\w.{5,}"
    )
    python = [*named(".py", below="src"), *named(".py", below="cloud-simulator")]
    lines = found(silenced, iter([*python, *named(".ts")]))
    assert [line for line in lines if not why.search(line)] == []

"""Rules about words: the field's names, one meaning each."""

import ast
import re
from collections import defaultdict

from tests.house.tree import named, short, syntax

DIALECT = re.compile(
    r"\b(fates?|ballots?|astray|glance\w*|class \w*(Fate|Ballot|Weather|Arena|Desk|Courier)\w*)\b"
)
"""Private words that stood in the code once."""

CATALOGUE_CODE = re.compile(r"def test_([A-Z]\d\d?|[A-Z]\d)_")
WIRE = {"contract.py", "wire.py"}
"""What these describe has the names that the other side of the wire gave it."""
FILTERS = re.compile(r"def (find|search|query)\(")


def test_no_private_dialect_is_spoken() -> None:
    spoken = [
        f"{short(path)}:{number}: {line.strip()}"
        for path in named(".py", ".ts")
        if path.name != "test_names.py" and "migrations" not in path.parts
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if DIALECT.search(line)
    ]
    assert spoken == []


def test_no_test_is_named_by_the_code_of_a_catalogue() -> None:
    coded = [
        f"{short(path)}: {found.group()}"
        for path in named(".py")
        for found in CATALOGUE_CODE.finditer(path.read_text(encoding="utf-8"))
    ]
    assert coded == []


def test_a_port_of_the_store_has_a_named_query_for_each_question() -> None:
    general = [
        f"{short(path)}: {found.group()}"
        for path in named(".py", below="src/cleo/ports")
        for found in FILTERS.finditer(path.read_text(encoding="utf-8"))
    ]
    assert general == []


def test_a_public_class_has_a_name_of_its_own() -> None:
    places: dict[str, set[str]] = defaultdict(set)
    for floor in ("domain", "ports", "agent", "channels"):
        for path in named(".py", below=f"src/cleo/{floor}"):
            if path.name in WIRE:
                continue
            for node in syntax(path).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    places[node.name].add(short(path))
    assert {name: sorted(paths) for name, paths in places.items() if len(paths) > 1} == {}

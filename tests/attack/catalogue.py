"""The tables of docs/attacks.md: what is tried, and by which tests."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/attacks.md"
NOT_TRIED = "Not tried: "
_TEST = re.compile(r"`([^`:]+)::([^`]+)`")


@dataclass(frozen=True)
class NamedTest:
    """A test by its file, relative to the repository, and its function or title."""

    path: str
    name: str

    @property
    def is_node(self) -> bool:
        return self.path.endswith(".ts")

    def exists(self) -> bool:
        """Tell whether the file has it, switched on."""
        file = ROOT / self.path
        begins = rf"^test\('{re.escape(self.name)}'," if self.is_node else rf"^(async )?def {self.name}\("
        return file.is_file() and re.search(begins, file.read_text(), re.MULTILINE) is not None

    def __str__(self) -> str:
        return f"{self.path}::{self.name}"


@dataclass(frozen=True)
class Attack:
    """A row: what is tried, by which tests; without any, `reason` says why."""

    group: str
    what: str
    tests: tuple[NamedTest, ...]
    reason: str


def attacks(page: str) -> Iterator[Attack]:
    """Read every row of the page; raises `ValueError` for one with neither a test nor a reason."""
    group = ""
    for line in page.splitlines():
        if line.startswith("## "):
            group = line.removeprefix("## ")
        elif group and line.startswith("| ") and not line.startswith(("| ---", "| What is tried")):
            what, _, by = line.strip("| ").rpartition(" | ")
            tests = tuple(NamedTest(*found) for found in _TEST.findall(by))
            reason = by.removeprefix(NOT_TRIED) if by.startswith(NOT_TRIED) else ""
            if not what or bool(tests) == bool(reason):
                raise ValueError(f"A row names tests, or says why there are none: {line}")
            yield Attack(group, what, tests, reason)

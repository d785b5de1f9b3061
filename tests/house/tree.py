"""The repository as its house rules see it: the files that belong to it, and their syntax."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@cache
def files() -> tuple[Path, ...]:
    """Every file of the repository, also those that are not committed yet."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    paths = (ROOT / name for name in listed.stdout.decode().split("\0") if name)
    return tuple(path for path in paths if path.is_file())


def named(*suffixes: str, below: str = "") -> Iterator[Path]:
    """Files with one of the suffixes, below a directory of the repository."""
    for path in files():
        if path.suffix in suffixes and path.is_relative_to(ROOT / below):
            yield path


def short(path: Path) -> str:
    """The path as people write it."""
    return str(path.relative_to(ROOT))


def found(pattern: str, paths: Iterator[Path]) -> list[str]:
    """Every line that the pattern finds, as `path:line: text`."""
    expression = re.compile(pattern)
    hits: list[str] = []
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="ignore").splitlines(), 1):
            if expression.search(line):
                hits.append(f"{short(path)}:{number}: {line.strip()[:240]}")
    return hits


def syntax(path: Path) -> ast.Module:
    """Parse a Python file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def calls(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and dotted name of every call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)


def attributes(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything that is read by name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.lineno, ast.unparse(node)


def imports(tree: ast.Module) -> Iterator[str]:
    """Dotted name of every module that is imported, anywhere in the file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""

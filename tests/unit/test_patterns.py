"""Every pattern takes time in proportion to the text: twice of it, at most about twice the time.

What people send reaches many patterns on the event loop. One that is quadratic stops everybody's chat.
"""

import importlib
import pkgutil
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import cast

import pytest
import regex

import cleo

Pattern = re.Pattern[str] | regex.Pattern[str]

LENGTH = 8192
AT_ONCE = 0.03
"""Seconds below which no ratio is looked at: a quadratic pattern takes longer for that much text."""
RATIO = 2.8
FRAGMENTS = (
    *" \n\ta1-*_~`[(<\"'\\/:@.,#|$%{é",
    *(
        "-a ",
        "a.",
        "1 ",
        "x=",
        "a-",
        "+1",
        "//",
        "a@",
        "\r\n",
        " \n",
        "[(",
        "**a",
        "http://",
        "é ",
        " a",
        "a\n",
        "0:",
    ),
    "\u200b",
)


def patterns() -> set[Pattern]:
    """Every compiled pattern of the package."""
    names = (module.name for module in pkgutil.walk_packages(cleo.__path__, "cleo."))
    modules = [importlib.import_module(name) for name in names if "migrations" not in name]
    return {pattern for module in modules for value in vars(module).values() for pattern in _within(value, 3)}


def _within(value: object, levels: int) -> Iterator[Pattern]:
    if isinstance(value, re.Pattern | regex.Pattern):
        if isinstance(cast("object", value.pattern), str):  # pyright: ignore[reportUnknownMemberType]
            yield cast("Pattern", value)
    elif levels:
        for part in _parts(value):
            yield from _within(part, levels - 1)


def _parts(value: object) -> Iterable[object]:
    if isinstance(value, Mapping):
        return cast("Mapping[object, object]", value).values()
    if isinstance(value, tuple | list | set | frozenset):
        return cast("Iterable[object]", value)
    if is_dataclass(value) and not isinstance(value, type):
        return [getattr(value, field.name, None) for field in fields(value)]
    return ()


def seconds(pattern: Pattern, text: str) -> float:
    start = time.process_time()
    for _ in pattern.finditer(text):
        pass
    return time.process_time() - start


def is_linear(pattern: Pattern, fragment: str, end: str) -> bool:
    whole = (fragment * LENGTH)[:LENGTH]
    taken = seconds(pattern, whole + end)
    return taken < AT_ONCE or taken < RATIO * seconds(pattern, whole[: LENGTH // 2] + end)


def test_every_pattern_is_linear() -> None:
    known = patterns()
    slow = {
        pattern.pattern
        for pattern in known
        for fragment in FRAGMENTS
        for end in ("", "!")
        if not is_linear(pattern, fragment, end) and not is_linear(pattern, fragment, end)
    }
    assert len(known) > 100
    assert slow == set()


@pytest.mark.parametrize("quadratic", [r"\s*x", r"(?:a-)+b", r"\w+@x"])
def test_a_quadratic_pattern_is_found(quadratic: str) -> None:
    pattern = re.compile(quadratic)
    assert not all(is_linear(pattern, fragment, "") for fragment in FRAGMENTS)

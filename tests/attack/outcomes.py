"""Runs tests by their names, with pytest and node, and tells how each ended."""

import re
import subprocess
from collections import defaultdict
from collections.abc import Collection, Iterable
from itertools import groupby
from typing import Literal

import pytest
from tests.attack.catalogue import ROOT, NamedTest

Outcome = Literal["passed", "failed", "skipped"]
_LINE = re.compile(r"^(not )?ok \d+ - (.*?)( # SKIP.*)?$", re.MULTILINE)


class _Reports:
    """A plugin of pytest that keeps how each test ended: with many cases, its worst end counts."""

    def __init__(self) -> None:
        self.ends: dict[str, set[Outcome]] = defaultdict(set)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            self.ends[report.nodeid.partition("[")[0]].add(report.outcome)


def run(tests: Collection[NamedTest]) -> dict[NamedTest, Outcome]:
    """Run each test once. One that did not run at all, for example in a file that breaks, has failed."""
    ends: dict[NamedTest, Outcome] = dict.fromkeys(tests, "failed")
    return (
        ends
        | _python(each for each in ends if not each.is_node)
        | _node(each for each in ends if each.is_node)
    )


def _python(tests: Iterable[NamedTest]) -> dict[NamedTest, Outcome]:
    by_id = {str(test): test for test in tests}
    if not by_id:
        return {}
    reports = _Reports()
    pytest.main(["-q", "-n", "2", "--dist", "loadfile", *by_id], plugins=[reports])
    return {by_id[id]: _worst(ends) for id, ends in reports.ends.items() if id in by_id}


def _worst(ends: set[Outcome]) -> Outcome:
    """Cases that are skipped count only where no other one ran."""
    return "failed" if "failed" in ends else "passed" if "passed" in ends else "skipped"


def _node(tests: Iterable[NamedTest]) -> dict[NamedTest, Outcome]:
    found: dict[NamedTest, Outcome] = {}
    for path, named in groupby(sorted(tests, key=str), key=lambda test: test.path):
        patterns = [f"--test-name-pattern=^{re.escape(test.name)}$" for test in named]
        command = ["node", "--test", "--test-reporter=tap", *patterns, path]
        said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
        for line in _LINE.finditer(said):
            broke, name, skipped = line.groups()
            found[NamedTest(path, name)] = "failed" if broke else "skipped" if skipped else "passed"
        if "\nnot ok" in said:
            print(said)  # noqa: T201 - what broke is for whoever runs it
    return found

"""Break the modules that decide, one small change at a time, and count what their tests notice: `make mutants`.

Each module is broken in a copy of the repository, by mutmut: it changes what functions do, not constants of modules.
A change that no test notices is shown. It does not count when it only touches what is logged, or the words of a
sentence: strings with a blank in them. What only type checkers read (`cast`) is left as it
is, and so are the seams of crash tests (`failpoint`).
"""

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from tests.mutants.modules import MODULES

ROOT = Path(__file__).parents[2]
ENOUGH = 0.9
"""The part of all changes that must be noticed, in each module."""

_NOTICED = frozenset({1, 3, -24, 24, 36, 152, 255})
"""Exit codes under a change: tests failed, or ran out of time."""
_STARTS = 3
"""Times that mutmut is started before the rest is given up."""
_SENTENCE = re.compile(r'"[^"\n]* [^"\n]*"')
_SETTINGS = """

[tool.mutmut]
source_paths = ["src"]
only_mutate = ["src/cleo/{module}"]
pytest_add_cli_args = ["-p", "no:randomly", "-p", "no:cacheprovider", "-k", "not postgres"]
pytest_add_cli_args_test_selection = {tests}
process_isolation = "forkserver"
use_git_change_detection = false
do_not_mutate_patterns = ['failpoint\\(', '\\bcast\\(']
"""


@dataclass(kw_only=True)
class Outcome:
    """What became of the changes to one module. `survivors` holds the diff of each."""

    module: str
    noticed: int = 0
    survivors: list[str] = field(default_factory=list[str])
    words: int = 0
    """Survivors that do not count."""

    @property
    def rate(self) -> float:
        """The part that was noticed."""
        return self.noticed / max(1, self.noticed + len(self.survivors))

    def __str__(self) -> str:
        """A line of the summary."""
        counted = self.noticed + len(self.survivors)
        noticed = f"{self.noticed} of {counted} noticed ({self.rate:.1%})"
        return f"{self.module:24} {noticed:30} and {self.words} of words left out"


def broken(module: str, tests: Sequence[str], *, most: int, seed: int) -> Outcome:
    """Break one module in at most `most` places, chosen by `seed`; 0: in all."""
    with tempfile.TemporaryDirectory(prefix="cleo-mutants-") as folder:
        place = Path(folder)
        for part in ("src/cleo", "tests"):
            shutil.copytree(ROOT / part, place / part, ignore=shutil.ignore_patterns("__pycache__"))
        settings = _SETTINGS.format(module=module, tests=json.dumps(list(tests)))
        (place / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text() + settings)
        _mutmut(place, "run", "nothing")  # makes all of them, looks which tests there are, and stops
        names = sorted(_verdicts(place, module))
        chosen = random.Random(seed).sample(names, most) if 0 < most < len(names) else names
        if not chosen:
            raise SystemExit(f"{module}: nothing could be broken; do its tests pass?")
        verdicts, said = _tried(place, module, chosen)
        if untried := [name for name in chosen if verdicts[name] is None]:
            raise SystemExit(f"{module}: {len(untried)} changes could not be tried.\n{said[-2000:]}")
        outcome = Outcome(module=module)
        for name in chosen:
            if verdicts[name] in _NOTICED:
                outcome.noticed += 1
            elif _is_words(diff := _mutmut(place, "show", name)):
                outcome.words += 1
            else:
                outcome.survivors.append(diff)
        return outcome


def _tried(place: Path, module: str, names: Sequence[str]) -> tuple[dict[str, int | None], str]:
    """Run the tests under each change; what was left out because mutmut itself died is tried again."""
    verdicts, said = _verdicts(place, module), ""
    for _ in range(_STARTS):
        if left := [name for name in names if verdicts[name] is None]:
            said = _mutmut(place, "run", "--max-children", str(os.cpu_count() or 2), *left)
            verdicts = _verdicts(place, module)
    return verdicts, said


def _mutmut(place: Path, *arguments: str) -> str:
    command = [Path(sys.executable).with_name("mutmut"), *arguments]
    ran = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    ended = f"\nmutmut ended with {ran.returncode}" if ran.returncode else ""
    return f"{ran.stdout}{ran.stderr}{ended}"


def _verdicts(place: Path, module: str) -> dict[str, int | None]:
    kept = place / f"mutants/src/cleo/{module}.meta"
    if not kept.exists():
        return {}
    return cast("dict[str, int | None]", json.loads(kept.read_text())["exit_code_by_key"])


def _is_words(diff: str) -> bool:
    """Whether a change touches nothing but the log, or words of sentences."""
    old, new = ("\n".join(_lines(diff, sign)) for sign in "-+")
    return "_log." in old or _SENTENCE.sub('""', old) == _SENTENCE.sub('""', new)


def _lines(diff: str, sign: str) -> Iterator[str]:
    for line in diff.splitlines():
        if line.startswith(sign) and not line.startswith(sign * 3):
            yield line[1:]


def _say(*lines: object) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()


def main() -> int:
    """Break what was asked for; the exit code is 0 when enough was noticed in each module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=0, help="changes to each module; 0: all")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("modules", nargs="*", help="such as agent/gate.py; none: all")
    asked = parser.parse_args()
    chosen = cast("list[str]", asked.modules) or list(MODULES)
    _say(f"make mutants N={asked.most} SEED={asked.seed} ARGS='{' '.join(chosen)}'")
    outcomes: list[Outcome] = []
    for module in chosen:
        outcome = broken(module, MODULES[module], most=asked.most, seed=asked.seed)
        _say(*outcome.survivors, outcome)
        outcomes.append(outcome)
    _say("", "In short:", *outcomes)
    return 0 if all(outcome.rate >= ENOUGH for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())

"""Try every attack of docs/attacks.md, and count what was held off: `make attack`."""

import sys
from collections.abc import Mapping, Sequence
from itertools import groupby

from rich.console import Console
from tests.attack.catalogue import PAGE, Attack, NamedTest, attacks
from tests.attack.outcomes import Outcome, run

SKIPPED = "its tests do not run on this machine."


def main() -> int:
    """Run them; the exit code is 0 when every attack that was tried was held off."""
    every = list(attacks(PAGE.read_text()))
    ends = run(list(dict.fromkeys(test for attack in every for test in attack.tests)))
    console = Console(highlight=False, soft_wrap=True)
    for group, rows in groupby(every, key=lambda attack: attack.group):
        _tell(console, group, list(rows), ends)
    _tell(console, "All", every, ends, only_counts=True)
    return int(any(verdict(attack, ends) == "failed" for attack in every))


def verdict(attack: Attack, ends: Mapping[NamedTest, Outcome]) -> Outcome:
    """Tell how an attack ended: held off (`passed`) when each of its tests was; `skipped` when it was not tried."""
    found = {ends[test] for test in attack.tests}
    return "failed" if "failed" in found else "skipped" if "skipped" in found or not found else "passed"


def _tell(
    console: Console,
    group: str,
    rows: Sequence[Attack],
    ends: Mapping[NamedTest, Outcome],
    *,
    only_counts: bool = False,
) -> None:
    verdicts = [verdict(attack, ends) for attack in rows]
    held, left = verdicts.count("passed"), verdicts.count("skipped")
    console.print(f"{group:32} {len(rows) - left:4} tried {held:4} held {left:4} not tried", markup=False)
    for attack, ended in zip(rows, verdicts, strict=True):
        if ended == "skipped" and not only_counts:
            console.print(f"    not tried: {attack.what} – {attack.reason or SKIPPED}", markup=False)
        if ended == "failed" and not only_counts:
            broken = ", ".join(str(test) for test in attack.tests if ends[test] == "failed")
            console.print(f"    GOT THROUGH: {attack.what} – {broken}", style="red", markup=False)


if __name__ == "__main__":
    sys.exit(main())

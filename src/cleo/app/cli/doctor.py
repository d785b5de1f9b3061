"""`cleo doctor`: check the installation."""

import sys

from cleo.app.doctor import examine, trace

_MARKS = {"good": "✓", "note": "●", "bad": "✗"}


def run(*, message: str | None = None) -> int:
    """Print all findings, or those about one message; return the exit code, 0 when nothing is bad."""
    bad = 0
    for finding in trace(message) if message else examine():
        bad += finding.grade == "bad"
        fix = f"\n    → {finding.fix}" if finding.fix else ""
        sys.stdout.write(f"{_MARKS[finding.grade]} {finding.what}{fix}\n")
        sys.stdout.flush()
    if not message:
        sys.stdout.write(f"{bad} to mend.\n" if bad else "Everything that must be there is there.\n")
    return 1 if bad else 0

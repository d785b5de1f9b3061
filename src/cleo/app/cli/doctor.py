"""`cleo doctor`: check the installation."""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict

from cleo.ports.finding import Finding

MARKS = {"good": "✓", "note": "●", "bad": "✗"}


def run(*, message: str | None = None, offline: bool = False, as_json: bool = False) -> int:
    """Print all findings, or those about one message; return the exit code, 0 when nothing is bad."""
    found = _found(message, offline=offline)
    if as_json:
        findings = list(found)
        bad = sum(finding.grade == "bad" for finding in findings)
        report = {"bad": bad, "findings": [asdict(finding) for finding in findings]}
        sys.stdout.write(json.dumps(report, ensure_ascii=False, indent=2) + "\n")
        return 1 if bad else 0
    bad = 0
    for finding in found:
        bad += finding.grade == "bad"
        fix = f"\n    → {finding.fix}" if finding.fix else ""
        sys.stdout.write(f"{MARKS[finding.grade]} {finding.what}{fix}\n")
        sys.stdout.flush()
    if not message:
        sys.stdout.write(f"{bad} to mend.\n" if bad else "Everything that must be there is there.\n")
    return 1 if bad else 0


def _found(message: str | None, *, offline: bool) -> Iterator[Finding]:
    if message:
        from cleo.app.doctor.trace import trace  # noqa: PLC0415 - `cleo up` needs only the marks

        return trace(message)
    from cleo.app.doctor.examine import examine  # noqa: PLC0415 - as above

    return examine(offline=offline)

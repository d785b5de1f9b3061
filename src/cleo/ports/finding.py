"""What a check of `cleo doctor` finds."""

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import Literal, TypeVar

from cleo.domain.errors import CleoError, ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at; `fix` says what to do."""

    grade: Literal["good", "note", "bad"]
    what: str
    fix: str = ""


Findings = Generator[Finding, None, None]
T = TypeVar("T")


def run_checks(checks: Iterable[Callable[[T], Findings]], given: T) -> Findings:
    """Run one check after the other; what one raises is a finding, too, and ends that check only."""
    for check in checks:
        try:
            yield from check(given)
        except ConfigError as error:
            yield from wrong_settings(error)
        except CleoError as error:
            yield Finding(grade="bad", what=str(error))


def wrong_settings(error: ConfigError) -> Findings:
    """Split a settings error into findings, one a line, with the example as the fix."""
    for line in str(error).splitlines():
        what, _, example = line.partition(" For example: ")
        yield Finding(grade="bad", what=what, fix=f"For example: {example}" if example else "")


def good(what: str) -> Finding:
    """Return a finding that is in order."""
    return Finding(grade="good", what=what)


def note(what: str, fix: str = "") -> Finding:
    """Return a finding that is worth knowing."""
    return Finding(grade="note", what=what, fix=fix)


def bad(what: str, fix: str) -> Finding:
    """Return a finding that keeps Cleo from working."""
    return Finding(grade="bad", what=what, fix=fix)

"""What a look finds."""

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import Literal

from cleo.app.settings import Settings
from cleo.domain.errors import CleoError, ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at; `fix` says what to do."""

    grade: Literal["good", "note", "bad"]
    what: str
    fix: str = ""


Findings = Generator[Finding, None, None]
Look = Callable[[Settings], Findings]


def take(looks: Iterable[Look], settings: Settings) -> Findings:
    """Take one look after the other; what one raises is a finding, too, and ends that look only."""
    for look in looks:
        try:
            yield from look(settings)
        except ConfigError as error:
            yield from wrong_settings(error)
        except CleoError as error:
            yield Finding(grade="bad", what=str(error))


def wrong_settings(error: ConfigError) -> Findings:
    """Tell the example apart from what is wrong."""
    for line in str(error).splitlines():
        what, _, example = line.partition(" For example: ")
        yield Finding(grade="bad", what=what, fix=f"For example: {example}" if example else "")


def good(what: str) -> Finding:
    """All is well."""
    return Finding(grade="good", what=what)


def note(what: str, fix: str = "") -> Finding:
    """Worth knowing."""
    return Finding(grade="note", what=what, fix=fix)


def bad(what: str, fix: str) -> Finding:
    """It does not work like this."""
    return Finding(grade="bad", what=what, fix=fix)

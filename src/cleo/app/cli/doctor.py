"""`cleo doctor`: look at everything, say what is wrong, why, and how to mend it."""

import os
import shutil
import sys
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Literal

from cleo.app.settings import Settings, environment, load, passed_on, unknown_names
from cleo.domain.errors import CleoError, ConfigError

_MARKS = {"good": "✓", "note": "●", "bad": "✗"}
_ENOUGH_DISK = 500 * 1024 * 1024
_OLDEST_CLOCK = 1_760_000_000
"""A clock before October 2025, when Cleo did not exist, is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at; `fix` says what to do."""

    grade: Literal["good", "note", "bad"]
    what: str
    fix: str = ""


Check = Callable[[Settings], Generator[Finding]]


def run() -> int:
    """Show all findings; tells the exit code, which is 0 when nothing is bad."""
    found = list(examine())
    for finding in found:
        fix = f"\n    → {finding.fix}" if finding.fix else ""
        sys.stdout.write(f"{_MARKS[finding.grade]} {finding.what}{fix}\n")
    bad = sum(finding.grade == "bad" for finding in found)
    sys.stdout.write("Everything is fine.\n" if not bad else f"{bad} to mend.\n")
    return 1 if bad else 0


def examine() -> Generator[Finding]:
    """Look at everything that can be looked at."""
    yield Finding(grade="good", what=f"Cleo {version('cleo')} on Python {sys.version.partition(' ')[0]}")
    try:
        settings = load()
    except ConfigError as error:
        for line in str(error).splitlines():
            what, _, example = line.partition(" For example: ")
            yield Finding(grade="bad", what=what, fix=f"For example: {example}" if example else "")
        return
    for check in CHECKS:
        try:
            yield from check(settings)
        except CleoError as error:
            yield Finding(grade="bad", what=str(error))


def _names(settings: Settings) -> Generator[Finding]:
    unknown = unknown_names()
    if not unknown:
        yield Finding(grade="good", what="Settings are in order")
    for name in unknown:
        yield Finding(
            grade="note", what=f"{name} is set, but Cleo knows no such setting", fix="See docs/settings.md."
        )


def _owners(settings: Settings) -> Generator[Finding]:
    if settings.cleo_owners:
        yield Finding(grade="good", what=f"Owners by setting: {len(settings.cleo_owners)}")
    else:
        yield Finding(
            grade="note",
            what="CLEO_OWNERS is not set: whoever sends the claim code that `cleo up` shows becomes the owner",
            fix="If that has happened, all is well. Or name them: CLEO_OWNERS=+4915112345678",
        )


def _data(settings: Settings) -> Generator[Finding]:
    data = settings.cleo_data.absolute()
    place = data if data.exists() else next(parent for parent in data.parents if parent.exists())
    if not os.access(place, os.W_OK | os.X_OK):
        yield Finding(
            grade="bad",
            what=f"{place} cannot be written",
            fix="Give it to the user who runs Cleo, or set CLEO_DATA.",
        )
        return
    yield Finding(
        grade="good", what=f"Data directory: {data}{'' if data.exists() else ' (made at the first start)'}"
    )
    free = shutil.disk_usage(place).free
    if free < _ENOUGH_DISK:
        yield Finding(
            grade="bad", what=f"The disk has only {free // 2**20} MiB left", fix="Free at least 500 MiB."
        )
    else:
        yield Finding(grade="good", what=f"Disk: {free / 2**30:.1f} GiB free")


def _clock(settings: Settings) -> Generator[Finding]:
    if time.time() < _OLDEST_CLOCK:
        yield Finding(
            grade="bad", what="The system clock is far behind", fix="Set it: certificates and reminders need it."
        )
    yield Finding(grade="good", what=f"Time zone: {settings.zone.key}")


def _node(settings: Settings) -> Generator[Finding]:
    if settings.whatsapp_bridge_url:
        return
    from cleo.app.bridge import program_of  # noqa: PLC0415 - only for an own bridge
    from cleo.app.node import find_node  # noqa: PLC0415

    node = find_node(passed_on().get("PATH"))
    yield Finding(grade="good", what=f"Node.js {node.version} ({node.path})")
    program_of("whatsapp-bridge")
    yield Finding(grade="good", what="The WhatsApp bridge is installed")


def _bridge(settings: Settings) -> Generator[Finding]:
    import httpx2  # noqa: PLC0415 - only when there is something to ask

    from cleo.app.cli.running import find_running  # noqa: PLC0415

    try:
        url = settings.whatsapp_bridge_url or find_running(settings).bridge
    except CleoError:
        yield Finding(
            grade="note", what="Cleo does not run now, so WhatsApp was not asked", fix="Start it: cleo up"
        )
        return
    try:
        with httpx2.Client(timeout=5, trust_env=False) as http:
            state = http.get(f"{url}/health").json()
    except (httpx2.HTTPError, ValueError) as error:
        yield Finding(
            grade="bad",
            what=f"The bridge at {url} does not answer ({type(error).__name__})",
            fix="Start it, or correct WHATSAPP_BRIDGE_URL.",
        )
        return
    grade = "good" if state.get("state") == "connected" else "note"
    yield Finding(grade=grade, what=f"WhatsApp: {state.get('message', state.get('state'))}")


def _model(settings: Settings) -> Generator[Finding]:
    from cleo.models import resolve_model  # noqa: PLC0415 - takes seconds to load

    choice = resolve_model(settings.cleo_model, environment())
    yield Finding(grade="good", what=f"Model: {choice.name} ({choice.reason})")


def _tools(settings: Settings) -> Generator[Finding]:
    from cleo import tools  # noqa: PLC0415 - imports the users' modules

    own = tools.load(settings.cleo_tools, taken=tools.TOOLS)
    yield Finding(grade="good", what=f"Tools: {len(tools.TOOLS)} of Cleo's, {len(own)} of yours")


CHECKS:
        try:
            yield from check(settings)
        except CleoError as error:
            yield Finding(grade="bad", what=str(error))


def _names(settings: Settings) -> Generator[Finding]:
    unknown = unknown_names()
    if not unknown:
        yield Finding(grade="good", what="Settings are in order")
    for name in unknown:
        yield Finding(
            grade="note", what=f"{name} is set, but Cleo knows no such setting", fix="See docs/settings.md."
        )


def _owners(settings: Settings) -> Generator[Finding]:
    if settings.cleo_owners:
        yield Finding(grade="good", what=f"Owners by setting: {len(settings.cleo_owners)}")
    else:
        yield Finding(
            grade="note",
            what="CLEO_OWNERS is not set: whoever sends the claim code that `cleo up` shows becomes the owner",
            fix="If that has happened, all is well. Or name them: CLEO_OWNERS=+4915112345678",
        )


def _data(settings: Settings) -> Generator[Finding]:
    data = settings.cleo_data.absolute()
    place = data if data.exists() else next(parent for parent in data.parents if parent.exists())
    if not os.access(place, os.W_OK | os.X_OK):
        yield Finding(
            grade="bad",
            what=f"{place} cannot be written",
            fix="Give it to the user who runs Cleo, or set CLEO_DATA.",
        )
        return
    yield Finding(
        grade="good", what=f"Data directory: {data}{'' if data.exists() else ' (made at the first start)'}"
    )
    free = shutil.disk_usage(place).free
    if free < _ENOUGH_DISK:
        yield Finding(
            grade="bad", what=f"The disk has only {free // 2**20} MiB left", fix="Free at least 500 MiB."
        )
    else:
        yield Finding(grade="good", what=f"Disk: {free / 2**30:.1f} GiB free")


def _clock(settings: Settings) -> Generator[Finding]:
    if time.time() < _OLDEST_CLOCK:
        yield Finding(
            grade="bad", what="The system clock is far behind", fix="Set it: certificates and reminders need it."
        )
    yield Finding(grade="good", what=f"Time zone: {settings.zone.key}")


def _node(settings: Settings) -> Generator[Finding]:
    if settings.whatsapp_bridge_url:
        return
    from cleo.app.bridge import program_of  # noqa: PLC0415 - only for an own bridge
    from cleo.app.node import find_node  # noqa: PLC0415

    node = find_node(passed_on().get("PATH"))
    yield Finding(grade="good", what=f"Node.js {node.version} ({node.path})")
    program_of("whatsapp-bridge")
    yield Finding(grade="good", what="The WhatsApp bridge is installed")


def _bridge(settings: Settings) -> Generator[Finding]:
    import httpx2  # noqa: PLC0415 - only when there is something to ask

    from cleo.app.cli.running import find_running  # noqa: PLC0415

    try:
        url = settings.whatsapp_bridge_url or find_running(settings).bridge
    except CleoError:
        yield Finding(
            grade="note", what="Cleo does not run now, so WhatsApp was not asked", fix="Start it: cleo up"
        )
        return
    try:
        with httpx2.Client(timeout=5, trust_env=False) as http:
            state = http.get(f"{url}/health").json()
    except (httpx2.HTTPError, ValueError) as error:
        yield Finding(
            grade="bad",
            what=f"The bridge at {url} does not answer ({type(error).__name__})",
            fix="Start it, or correct WHATSAPP_BRIDGE_URL.",
        )
        return
    grade = "good" if state.get("state") == "connected" else "note"
    yield Finding(grade=grade, what=f"WhatsApp: {state.get('message', state.get('state'))}")


def _model(settings: Settings) -> Generator[Finding]:
    from cleo.models import resolve_model  # noqa: PLC0415 - takes seconds to load

    choice = resolve_model(settings.cleo_model, environment())
    yield Finding(grade="good", what=f"Model: {choice.name} ({choice.reason})")


def _tools(settings: Settings) -> Generator[Finding]:
    from cleo.tools import TOOLS  # noqa: PLC0415 - imports the users' modules
    from cleo.tools import load as load_tools

    own = load_tools(settings.cleo_tools, taken=TOOLS)
    yield Finding(grade="good", what=f"Tools: {len(TOOLS)} of Cleo's, {len(own)} of yours")


CHECKS: tuple[Check, ...] = (_names, _owners, _data, _clock, _node, _bridge, _model, _tools)

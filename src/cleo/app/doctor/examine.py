"""The checks of `cleo doctor`, in order."""

import os
import shutil
import sys
import time
from collections.abc import Callable
from importlib.metadata import version

from cleo.app.chosen_backend import chosen_backend
from cleo.app.doctor.context import doctor_context
from cleo.app.env_names import unread_names
from cleo.app.settings import Settings, environment, load
from cleo.domain.errors import ConfigError
from cleo.ports.finding import Findings, bad, good, note, run_checks, wrong_settings

_ENOUGH_DISK = 500 * 1024 * 1024
_OLDEST_CLOCK = 1_760_000_000
"""A clock before October 2025, when there was no Cleo, is wrong."""


def examine() -> Findings:
    """Run all checks."""
    yield good(f"Cleo {version('cleo')} on Python {sys.version.partition(' ')[0]}")
    try:
        settings = load()
    except ConfigError as error:
        yield from wrong_settings(error)
        return
    yield from run_checks(CHECKS, settings)


def _names(_: Settings) -> Findings:
    unread = unread_names()
    if not unread:
        yield good("Settings are in order")
    for each in unread:
        yield note(each.what, each.fix)


def _owners(settings: Settings) -> Findings:
    if settings.cleo_owners:
        yield good(f"Owners by setting: {len(settings.cleo_owners)}")
        return
    yield note(
        "CLEO_OWNERS is not set: whoever sends the claim code that `cleo up` shows becomes the owner",
        "If that has happened, all is well. Or name them: CLEO_OWNERS=+4915112345678",
    )


def _data(settings: Settings) -> Findings:
    data = settings.cleo_data.absolute()
    place = data if data.exists() else next(parent for parent in data.parents if parent.exists())
    if not os.access(place, os.W_OK | os.X_OK):
        fix = "Give it to the user who runs Cleo, or name another one: CLEO_DATA=/srv/cleo"
        yield bad(f"{place} cannot be written", fix)
        return
    new = "" if data.exists() else " (made at the first start)"
    yield good(f"Data directory: {data}{new}")
    free = shutil.disk_usage(place).free
    if free < _ENOUGH_DISK:
        what = f"The disk has only {free // 2**20} MiB left"
        yield bad(what, "Free at least 500 MiB.")
    else:
        yield good(f"Disk: {free / 2**30:.1f} GiB free")


def _clock(settings: Settings) -> Findings:
    if time.time() < _OLDEST_CLOCK:
        fix = "Set it: certificates and reminders need the date."
        yield bad("The system clock is far behind", fix)
    yield good(f"Time zone: {settings.zone.key}")


def _backend(settings: Settings) -> Findings:
    """Run the checks of the chosen backend."""
    backend = chosen_backend(settings)
    yield from run_checks(backend.checks(), doctor_context(settings))


def _model(settings: Settings) -> Findings:
    from cleo.models import resolve_model  # noqa: PLC0415 - takes a second to load

    choice = resolve_model(settings.cleo_model, environment())
    yield good(f"Model: {choice.name} ({choice.reason})")


def _tools(settings: Settings) -> Findings:
    from cleo import tools  # noqa: PLC0415 - imports the users' modules too

    own = tools.load(settings.cleo_tools, taken=tools.TOOLS)
    yield good(f"Tools: {len(tools.TOOLS)} of Cleo's, {len(own)} of yours")


def _database(settings: Settings) -> Findings:
    from cleo.app.doctor.database import database  # noqa: PLC0415 - takes half a second to load

    yield from database(settings)


CHECKS: tuple[Callable[[Settings], Findings], ...] = (
    _names,
    _owners,
    _data,
    _clock,
    _database,
    _backend,
    _model,
    _tools,
)

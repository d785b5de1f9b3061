"""Look at everything, and say what is wrong, why, and how to mend it."""

import os
import shutil
import sys
import time
from importlib.metadata import version
from typing import cast

from cleo.app.doctor.finding import Finding, Findings, Look, bad, good, note, take, wrong_settings
from cleo.app.settings import Settings, environment, is_cloud, load, passed_on, unknown_names
from cleo.domain.errors import CleoError, ConfigError

_ENOUGH_DISK = 500 * 1024 * 1024
_OLDEST_CLOCK = 1_760_000_000
"""A clock before October 2025, when there was no Cleo, is wrong."""


def examine() -> Findings:
    """Look at everything that can be looked at."""
    yield good(f"Cleo {version('cleo')} on Python {sys.version.partition(' ')[0]}")
    try:
        settings = load()
    except ConfigError as error:
        yield from wrong_settings(error)
        return
    whatsapp = CLOUD if is_cloud(settings) else BRIDGE
    yield from take((*MACHINE, *whatsapp, *WORK), settings)


def _names(_: Settings) -> Findings:
    unknown = unknown_names()
    if not unknown:
        yield good("Settings are in order")
    for name in unknown:
        what = f"{name} is set, but Cleo knows no such setting"
        yield note(what, "Compare it with docs/settings.md.")


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


def _node(settings: Settings) -> Findings:
    if settings.whatsapp_bridge_url:
        return
    from cleo.app.bridge import program_of  # noqa: PLC0415 - only for an own bridge
    from cleo.app.node import find_node  # noqa: PLC0415 - only for an own bridge

    node = find_node(passed_on().get("PATH"))
    yield good(f"Node.js {node.version} ({node.path})")
    program_of("whatsapp-bridge")
    yield good("The WhatsApp bridge is installed")


def _bridge(settings: Settings) -> Findings:
    from cleo.app.runfile import find_running  # noqa: PLC0415 - only when there is something to ask

    try:
        url = settings.whatsapp_bridge_url or find_running(settings.cleo_data).bridge
    except CleoError:
        what = "Cleo does not run now, so WhatsApp was not asked"
        yield note(what, "Start it: cleo up")
        return
    yield _ask_bridge(url)


def _ask_bridge(url: str) -> Finding:
    import httpx2  # noqa: PLC0415 - only when there is something to ask

    try:
        with httpx2.Client(timeout=5, trust_env=False) as http:
            said = cast("dict[str, object]", http.get(f"{url}/health").json())
    except (httpx2.HTTPError, ValueError) as error:
        what = f"The bridge at {url} does not answer ({type(error).__name__})"
        return bad(what, "Start it, or correct WHATSAPP_BRIDGE_URL.")
    state = said.get("state")
    what = f"WhatsApp: {said.get('message', state)}"
    return good(what) if state == "connected" else note(what)


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


def _cloud(settings: Settings) -> Findings:
    from cleo.app.doctor.cloud import cloud  # noqa: PLC0415 - only for the Cloud API

    yield from cloud(settings)


MACHINE: tuple[Look, ...] = (_names, _owners, _data, _clock, _database)
BRIDGE: tuple[Look, ...] = (_node, _bridge)
CLOUD: tuple[Look, ...] = (_cloud,)
WORK: tuple[Look, ...] = (_model, _tools)

"""Checks of this machine: its variables, its directory and disk, its clock, its proxy."""

import shutil
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from cleo.app.doctor.context import Examination
from cleo.app.env_names import unread_names
from cleo.app.settings import Settings, environment
from cleo.ports.finding import Finding, Findings, bad, good, note, run_checks
from cleo.store import is_data_dir_in_use

_ENOUGH_DISK = 500 * 1024 * 1024
_OLDEST_CLOCK = 1_760_000_000
"""A clock before October 2025, when there was no Cleo, is wrong."""
_PROXY_SECONDS = 3.0


def aside(settings: Settings) -> Iterator[Finding]:
    """Find what keeps nothing from starting, and is worth a word at the start."""
    found = run_checks((names, disk, clock, proxy), Examination(settings=settings, offline=True))
    yield from (finding for finding in found if finding.grade != "good")


def names(_: Examination) -> Findings:
    """Find settings that nobody reads."""
    unread = unread_names()
    if not unread:
        yield good("Settings are in order")
    for each in unread:
        yield note(each.what, each.fix)


def data(of: Examination) -> Findings:
    """Look at the data directory; raises `StoreError`."""
    is_data_dir_in_use(of.settings.cleo_data)
    place = of.settings.cleo_data.absolute()
    new = "" if place.exists() else " (made at the first start)"
    yield good(f"Data directory: {place}{new}")


def disk(of: Examination) -> Findings:
    """Look for room."""
    directory = of.settings.cleo_data.absolute()
    nearest = next(place for place in (directory, *directory.parents) if place.is_dir())
    free = shutil.disk_usage(nearest).free
    if free < _ENOUGH_DISK:
        yield bad(f"The disk has only {free // 2**20} MiB left", "Free at least 500 MiB.")
    else:
        yield good(f"Disk: {free / 2**30:.1f} GiB free")


def clock(of: Examination) -> Findings:
    """Look at date and time zone."""
    if time.time() < _OLDEST_CLOCK:
        yield bad("The system clock is far behind", "Set it: certificates and reminders need the date.")
    yield good(f"Time zone: {of.settings.zone.key}")


def proxy(_: Examination) -> Findings:
    """Look whether the proxy that is set answers at all."""
    variables = environment()
    set_ = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
    for name in dict.fromkeys(name for name in set_ if variables.get(name)):
        url = urlsplit(variables[name] if "://" in variables[name] else f"http://{variables[name]}")
        try:
            host, number = url.hostname, url.port or 80
        except ValueError:
            host, number = None, 0
        example = f"For example: {name}=http://proxy:3128"
        if not host:
            yield bad(f"{name} is no address of a proxy", example)
            continue
        shown = f"{url.scheme}://{host}:{number}"
        try:
            socket.create_connection((host, number), timeout=_PROXY_SECONDS).close()
        except OSError as error:
            why = error.strerror or type(error).__name__
            yield bad(
                f"The proxy {shown} ({name}) does not answer: {why}", f"Start it, or correct it. {example}"
            )
        else:
            yield good(f"Proxy: {shown} ({name}) answers; what runs on this machine is reached without it")

"""Checks of what `cleo up` refuses to start with, by the functions that refuse it."""

from urllib.parse import urlsplit

import httpx2

from cleo.app.chosen_backend import chosen_backend, enabled_channels
from cleo.app.doctor.context import Examination
from cleo.app.engines import engine_name
from cleo.app.failpoints import read_failpoints
from cleo.app.serve import listening, reachable, refuse_unguarded_webhook
from cleo.domain.errors import ConfigError
from cleo.ports.finding import Findings, good, run_checks


def choices(of: Examination) -> Findings:
    """Look whether there is what the settings name."""
    yield from run_checks((_backend, _channels, _engine, _failpoints), of)


def guard(of: Examination) -> Findings:
    """Look whether strangers could post messages; raises `ConfigError`."""
    refuse_unguarded_webhook(of.settings)
    yield from ()


def port(of: Examination) -> Findings:
    """Look whether the port is free, or Cleo's own already; raises `ConfigError`."""
    host, number = of.settings.cleo_host, of.settings.cleo_port
    if of.is_running and of.endpoints and urlsplit(of.endpoints.url).port == number:
        yield good(f"Cleo listens on {host}:{number}")
        return
    try:
        with listening(of.settings):
            yield good(f"Cleo can listen on {host}" + (f":{number}" if number else ""))
    except ConfigError:
        # Of processes that share a database none holds the data directory.
        if not (of.settings.is_shared and _is_cleo(f"http://{reachable(host)}:{number}")):
            raise
        yield good(f"Cleo listens on {host}:{number}")


def _is_cleo(url: str) -> bool:
    try:
        with httpx2.Client(timeout=3, trust_env=False) as http:
            return '"alive"' in http.get(f"{url}/health").text
    except httpx2.HTTPError:
        return False


def _backend(of: Examination) -> Findings:
    chosen_backend(of.settings)
    yield from ()


def _channels(of: Examination) -> Findings:
    enabled_channels(of.settings)
    yield from ()


def _engine(of: Examination) -> Findings:
    engine_name(of.settings)
    yield from ()


def _failpoints(of: Examination) -> Findings:
    read_failpoints(of.settings.cleo_fail)
    yield from ()

"""Checks of what `cleo up` refuses to start with, by the functions that refuse it."""

from collections.abc import Callable
from urllib.parse import urlsplit

import httpx2

from cleo.app.chosen_backend import chosen_backend, enabled_channels
from cleo.app.doctor.context import Examination
from cleo.app.engines import engine_name
from cleo.app.failpoints import read_failpoints
from cleo.app.serve import listening, reachable, refuse_unguarded_webhook
from cleo.app.settings import Settings
from cleo.domain.errors import ConfigError
from cleo.ports.finding import Findings, good, run_checks


def refusals(of: Examination) -> Findings:
    """Call each of them; what one raises is a finding, in the very words of `cleo up`."""
    yield from run_checks([_check(refuse) for refuse in _REFUSE], of)


def _check(refuse: Callable[[Settings], object]) -> Callable[[Examination], Findings]:
    def check(of: Examination) -> Findings:
        refuse(of.settings)
        yield from ()

    return check


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


_REFUSE: tuple[Callable[[Settings], object], ...] = (
    chosen_backend,
    enabled_channels,
    engine_name,
    lambda settings: read_failpoints(settings.cleo_fail),
    refuse_unguarded_webhook,
)

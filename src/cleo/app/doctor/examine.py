"""The checks of `cleo doctor`, in order. What `cleo up` refuses is found by what refuses it there."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import version

from cleo.app.chosen_backend import chosen_backend
from cleo.app.doctor.context import Examination, doctor_context
from cleo.app.doctor.machine import clock, data, disk, names, proxy
from cleo.app.doctor.network import inbound, network
from cleo.app.doctor.starting import port, refusals
from cleo.app.settings import load, redactor
from cleo.domain.errors import ConfigError
from cleo.ports.finding import Finding, Findings, good, note, run_checks, wrong_settings


def examine(*, offline: bool = False) -> Iterator[Finding]:
    """Run all checks; `offline` leaves out those that ask somebody outside of this machine."""
    yield good(f"Cleo {version('cleo')} on Python {sys.version.partition(' ')[0]}")
    try:
        settings = load()
    except ConfigError as error:
        yield from wrong_settings(error)
        return
    redact = redactor(settings)
    for finding in run_checks(CHECKS, Examination(settings=settings, offline=offline)):
        yield replace(finding, what=redact(finding.what), fix=redact(finding.fix))


def _backend(of: Examination) -> Findings:
    """Run the checks of the chosen backend."""
    backend = chosen_backend(of.settings)
    yield from run_checks(backend.checks(), doctor_context(of.settings, offline=of.offline))


def _model(of: Examination) -> Findings:
    from cleo.app.doctor.model import model  # noqa: PLC0415 - takes a second to load

    yield from model(of)


def _tools(of: Examination) -> Findings:
    from cleo import tools  # noqa: PLC0415 - imports the users' modules too

    own = tools.load(of.settings.cleo_tools, taken=tools.TOOLS)
    yield good(f"Tools: {len(tools.TOOLS)} of Cleo's, {len(own)} of yours")


def _database(of: Examination) -> Findings:
    from cleo.app.doctor.database import database  # noqa: PLC0415 - takes half a second to load

    yield from database(of)


def _running(of: Examination) -> Findings:
    if of.is_running:
        yield good("Cleo runs on this data directory")
    elif of.endpoints:
        yield note("The last Cleo on this data directory was killed", "Nothing is lost: cleo up")


CHECKS: tuple[Callable[[Examination], Findings], ...] = (
    names,
    refusals,
    data,
    disk,
    _running,
    port,
    clock,
    proxy,
    network,
    inbound,
    _database,
    _backend,
    _model,
    _tools,
)

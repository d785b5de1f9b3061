"""`cleo status`: the health of the running Cleo."""

import sys

import httpx2
from pydantic import ValidationError

from cleo.app.http import ReadyReport
from cleo.app.runfile import find_running
from cleo.app.settings import load
from cleo.domain.errors import CleoError

MARKS = {"ok": "✓", "degraded": "●", "down": "✗"}


def run() -> int:
    """Print the health of each part; return the exit code, 0 when everything works."""
    endpoints = find_running(load().cleo_data)
    report = _ask(endpoints.url)
    for name, part in report.parts.items():
        sys.stdout.write(f"{MARKS[part.state]} {name}: {part.message}\n")
    bridge = f"   bridge: {endpoints.bridge}" if endpoints.bridge else ""
    sys.stdout.write(f"  Cleo: {endpoints.url}{bridge}\n")
    return 0 if report.state == "ok" else 1


def _ask(url: str) -> ReadyReport:
    try:
        with httpx2.Client(timeout=10, trust_env=False) as http:
            return ReadyReport.model_validate_json(http.get(f"{url}/ready").content)
    except (httpx2.HTTPError, ValidationError) as error:
        raise CleoError(
            f"Cleo at {url} does not answer ({type(error).__name__}). If it was killed, start it again: cleo up"
        ) from error

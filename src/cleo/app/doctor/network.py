"""Checks of the way out, to the network's server, and of the way in, to Cleo."""

import re
import time
from email.utils import parsedate_to_datetime

import httpx2

from cleo.app.chosen_backend import chosen_backend
from cleo.app.doctor.context import Examination
from cleo.ports.finding import Findings, bad, good, note

_SECONDS = 8.0
_SKEW_SEEN = 60.0
_SKEW_HARMFUL = 300.0
"""Seconds from which on signatures and links are refused by some servers."""


def network(of: Examination) -> Findings:
    """Ask WhatsApp's server for the time: whether it is reached, and how far the clocks are apart."""
    find = chosen_backend(of.settings).server
    url = find(of.settings) if find else ""
    if of.offline or not url:
        return
    try:
        with httpx2.Client(timeout=_SECONDS, follow_redirects=False) as http:
            date = http.head(url).headers.get("Date", "")
    except httpx2.HTTPError as error:
        fix = "Is this machine online? Where a proxy is needed, name it: HTTPS_PROXY=http://proxy:3128"
        yield bad(f"WhatsApp's server {url} cannot be reached ({_reason(error)})", fix)
        return
    yield good(f"WhatsApp's server {url} is reached")
    yield from clock_skew(date, time.time())


def clock_skew(date: str, now: float) -> Findings:
    """Compare this machine's clock, in Unix seconds, with a server's `Date`."""
    try:
        ahead = now - parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError):
        return
    said = f"The system clock is {abs(ahead):.0f} seconds {'ahead' if ahead > 0 else 'behind'}"
    fix = (
        "Let the machine set it by itself (NTP): certificates, signatures and reminders need the right time."
    )
    if abs(ahead) >= _SKEW_HARMFUL:
        yield bad(said, fix)
    elif abs(ahead) >= _SKEW_SEEN:
        yield note(said, fix)
    else:
        yield good("The system clock is right")


def inbound(of: Examination) -> Findings:
    """Ask the running Cleo by the address that others have of it."""
    url = of.settings.cleo_api_url
    if not url or not of.is_running:
        return
    try:
        with httpx2.Client(timeout=_SECONDS, trust_env=False, follow_redirects=False) as http:
            answered = http.get(f"{url}/health")
    except httpx2.HTTPError as error:
        fix = "Correct CLEO_API_URL, or what stands in front of Cleo."
        yield bad(f"Cleo is not reached at CLEO_API_URL={url} ({_reason(error)})", fix)
        return
    if answered.is_success and '"alive"' in answered.text:
        yield good(f"Cleo is reached at {url}")
        return
    fix = (
        "What stands in front of Cleo must pass requests on as they are; for its name see CLEO_ALLOWED_HOSTS."
    )
    yield bad(f"At CLEO_API_URL={url} answers something else than Cleo ({answered.status_code})", fix)


def _reason(error: BaseException) -> str:
    """Return the innermost reason: a library wraps what the network said."""
    while error.__cause__ is not None:
        error = error.__cause__
    words = str(getattr(error, "strerror", None) or error)
    return re.sub(r"^\[Errno -?\d+\] ", "", words) or type(error).__name__

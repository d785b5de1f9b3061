"""Check the database, which a running Cleo may be using."""

import time
from collections.abc import Mapping

from cleo.agent.account_news import ACCOUNT_NEWS, account_news
from cleo.agent.receive import CONTESTED
from cleo.app.doctor.context import Examination
from cleo.app.settings import Settings
from cleo.channels.whatsapp import BACKENDS
from cleo.ports.finding import Finding, Findings, good, note
from cleo.store import DatabaseOverview, inspect_database


def database(of: Examination) -> Findings:
    """Check it without changing anything, and who owns this Cleo; raises `StoreError` when it cannot be used."""
    settings = of.settings
    backend = BACKENDS.get(settings.whatsapp_backend)  # one that there is not is found by another check
    window = backend.capabilities().window if backend else None
    number_id = backend.number_id(settings) if backend else ""
    seen = inspect_database(
        settings.database,
        since=time.time() - (window or 0.0),
        number_id=number_id or None,
        in_use=of.is_running,
    )
    yield _owners(settings, seen)
    name = "Postgres" if settings.is_shared else "Database"
    if seen is None:
        yield note(f"{name}: nothing in it yet", "Cleo makes its tables at the first start: cleo up")
        return
    if seen.is_outdated:
        yield note(f"{name}: an older Cleo wrote it", "The next start brings it up to date: cleo up")
        return
    yield good(f"{name}: can be read")
    yield from _messages(seen.messages)
    if window:
        yield good(
            f"Chats that may be written to now ({window / 3600:g} hours since the person wrote): {seen.windows}"
        )
    yield from _contested(seen)
    for words in account_news(seen.installation.get(ACCOUNT_NEWS, "")).values():
        yield note(words, "Cleo told its owners when it came. It is shown until Meta says that it is over.")


def _owners(settings: Settings, seen: DatabaseOverview | None) -> Finding:
    listed, claimed = len(settings.cleo_owners), seen.claimed if seen else 0
    if listed or claimed:
        by_code = f", by the claim code: {claimed}" if claimed else ""
        return good(f"Owners by setting: {listed}{by_code}")
    return note(
        "Nobody owns this Cleo yet: whoever sends the claim code first becomes the owner",
        "While it runs, `cleo claim` shows it. Or name them: CLEO_OWNERS=+4915112345678",
    )


def _messages(counts: Mapping[str, int]) -> Findings:
    if held := counts.get("held"):
        fix = "They go out when these people write again; what is older than three days is given up then."
        yield note(f"Messages held until somebody writes again: {held}", fix)
    if unknown := counts.get("unknown"):
        fix = "`cleo outbox` shows them. They may have arrived, and are never sent again by themselves."
        yield note(f"Messages of which nobody knows whether they arrived: {unknown}", fix)


def _contested(seen: DatabaseOverview) -> Findings:
    if CONTESTED in seen.installation:
        yield note(
            "WhatsApp named an address of one person as another's, so that two people looked like one",
            "Nothing was put together: each keeps a chat and rights of their own. If somebody changed numbers, list "
            "the new one (CLEO_OWNERS, CLEO_ALLOWED_USERS) and remove the old one.",
        )

"""`cleo access`: who is answered, and letting people in or keeping them out while Cleo runs."""

import asyncio
import sys
from collections.abc import Sequence
from datetime import datetime

import httpx2
from pydantic import ValidationError

from cleo.app.access import AccessReport, access_report
from cleo.app.chosen_backend import webhook_secret
from cleo.app.http.access_routes import PATH
from cleo.app.runfile import find_running
from cleo.app.setting_values import person_address
from cleo.app.settings import Settings, load
from cleo.channels.whatsapp.backend import SECRET_HEADER
from cleo.domain.access import Access, Rule
from cleo.domain.errors import CleoError, ConfigError
from cleo.domain.identity import Address
from cleo.store import SystemClock, is_data_dir_in_use, lock_data_dir, open_store

_SAID: dict[Rule, str] = {
    "allowed": "is answered now; what they wrote within the last day is, too",
    "blocked": "is not answered any more",
    "none": "is answered only if the settings say so",
}


def run(people: Sequence[str] = (), rule: Rule | None = None) -> None:
    """Decide about people, or tell about everybody; raises `CleoError`."""
    settings = load()
    addresses = [_address(each) for each in people]
    for address in addresses:
        if rule == "blocked" and Access(owners=settings.cleo_owners).is_owner(address):
            raise ConfigError("Owners cannot be blocked. Remove the number from CLEO_OWNERS first")
    if settings.is_shared or not is_data_dir_in_use(settings.cleo_data):
        report = asyncio.run(_in_store(settings, addresses, rule))
    else:
        report = _of_running(settings, people, rule)
    for each in people if rule else ():
        sys.stdout.write(f"✓ {each} {_SAID[rule or 'none']}.\n")
    if rule is None:
        _show(report)


def _address(text: str) -> Address:
    try:
        return person_address(text)
    except ValueError as error:
        raise ConfigError(f"{error}. For example: cleo access allow +4915112345678") from None


async def _in_store(settings: Settings, addresses: Sequence[Address], rule: Rule | None) -> AccessReport:
    """Do it in the store itself: no Cleo runs on it, or others look there by themselves."""
    if settings.is_shared:
        return await _stored(settings, addresses, rule)
    with lock_data_dir(settings.cleo_data):
        return await _stored(settings, addresses, rule)


async def _stored(settings: Settings, addresses: Sequence[Address], rule: Rule | None) -> AccessReport:
    settings.cleo_data.mkdir(mode=0o700, parents=True, exist_ok=True)
    clock = SystemClock(settings.cleo_data / "clock")
    store = open_store(settings.database, clock=clock)
    access = Access(owners=settings.cleo_owners, users=settings.cleo_allowed_users)
    try:
        for address in addresses if rule else ():
            at = clock.now()
            await store.write(
                lambda tx, address=address, at=at: tx.access.decide(address, rule or "none", at)
            )
        rules = await store.read(lambda tx: tx.access.rules())
        access.rules.take(rules)
        return await store.read(lambda tx: access_report(tx, access))
    finally:
        await store.close()


def _of_running(settings: Settings, people: Sequence[str], rule: Rule | None) -> AccessReport:
    url, secret = find_running(settings.cleo_data).url, webhook_secret(settings)
    headers = {SECRET_HEADER: secret} if secret else {}
    try:
        with httpx2.Client(base_url=url, headers=headers, timeout=10, trust_env=False) as http:
            for each in people if rule else ():
                http.post(PATH, json={"address": each, "rule": rule}).raise_for_status()
            return AccessReport.model_validate_json(http.get(PATH).raise_for_status().content)
    except (httpx2.HTTPError, ValidationError) as error:
        raise CleoError(
            f"The running Cleo does not tell who is answered ({type(error).__name__}). `cleo status` says how it is "
            "doing; with a secret of its own, this command needs it too: WHATSAPP_WEBHOOK_SECRET"
        ) from error


def _show(report: AccessReport) -> None:
    lines = [f"✓ {each}  owner" for each in report.owners]
    lines += [f"✓ {each}  answered, by CLEO_ALLOWED_USERS" for each in report.users]
    marks = {"allowed": "✓", "blocked": "✗", "none": "·"}
    lines += [
        f"{marks[each.rule]} {each.address}  {each.rule}, since {_day(each.at)}" for each in report.decided
    ]
    for each in report.unknown:
        name = f" ({_printable(each.name)})" if each.name else ""
        count = f"{each.messages} message{'s' if each.messages != 1 else ''}"
        lines.append(f"● {', '.join(each.addresses)}{name}  not answered: {count}, last {_day(each.last_at)}")
    if report.unknown:
        lines.append(f"{len(report.unknown)} unknown people wrote. Let one in: cleo access allow NUMBER")
    sys.stdout.write("\n".join(lines or ["Nobody is answered, and nobody wrote."]) + "\n")


def _day(at: float) -> str:
    return f"{datetime.fromtimestamp(at).astimezone():%Y-%m-%d %H:%M}"


def _printable(name: str) -> str:
    """Return a name that somebody chose, without what moves the cursor."""
    return "".join(sign for sign in name if sign.isprintable())[:40]

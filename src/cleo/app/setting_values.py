"""How the values of settings are written, and what they become."""

import re
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from cleo.domain.content import Template
from cleo.domain.identity import Address, namespace, value


def split_at_commas(text: object) -> object:
    """Read `a, b` as two entries; empty ones do not count."""
    return [part.strip() for part in text.split(",") if part.strip()] if isinstance(text, str) else text


def person_address(entry: str) -> Address:
    """Read a phone number in international form, WhatsApp's `…@lid`, or `bsuid:` and a business-scoped user id."""
    if entry.startswith(("phone:", "lid:", "bsuid:")):
        return Address(entry)
    from cleo.channels.whatsapp.addresses import read_address  # noqa: PLC0415 - only lists of people need it

    found = read_address(entry) if "@" in entry or entry.startswith(("+", "00")) else None
    if found is None or namespace(found) == "group" or not _possible(found):
        raise ValueError(f"{entry!r} is not a phone number in international form, with + and country code")
    return found


def _possible(person: Address) -> bool:
    """Tell whether a number has the length that its country's numbers have."""
    if namespace(person) != "phone":
        return True
    import phonenumbers  # noqa: PLC0415 - 60 ms that only lists of people need

    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(value(person)))
    except phonenumbers.NumberParseException:
        return False


def group_address(entry: str) -> Address:
    """Read the JID of a group, or `group:` and the id that the Cloud API has for one."""
    if entry.startswith("group:"):
        return Address(entry)
    from cleo.channels.whatsapp.addresses import read_address  # noqa: PLC0415 - only lists of groups need it

    found = read_address(entry)
    if found is None or namespace(found) != "group":
        raise ValueError(f"{entry!r} is not the JID of a WhatsApp group")
    return found


def base_url(text: str) -> str:
    """Take an http(s) URL without query, and without the slash at its end."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"{text!r} is not a base URL")
    return text.rstrip("/")


def template(text: object) -> object:
    """Read `name:language`."""
    if not isinstance(text, str):
        return text
    name, _, language = text.partition(":")
    if not re.fullmatch(r"[a-z0-9_]{1,512}", name) or not re.fullmatch(
        r"[a-z]{2,3}(_[A-Za-z]{2,4})?", language
    ):
        raise ValueError(f"{text!r} does not name a template and its language")
    return Template(name=name, language=language)


def time_zone(name: object) -> object:
    """Find an IANA time zone by its name."""
    if not isinstance(name, str):
        return name
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{name!r} is not the name of a time zone") from None


def system_zone(named: str | None, localtime: Path = Path("/etc/localtime")) -> ZoneInfo:
    """Tell the machine's time zone: `TZ` if it names one, else what /etc/localtime points to, else UTC."""
    linked = str(localtime.resolve()).rpartition("zoneinfo/")[2]
    for name in (named, linked):
        try:
            if name:
                return ZoneInfo(name.removeprefix(":"))
        except (KeyError, ValueError, OSError):
            continue
    return ZoneInfo("UTC")

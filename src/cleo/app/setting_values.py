"""Parsers of the values of settings."""

import re
from pathlib import Path
from zoneinfo import ZoneInfo

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
    """Return whether a number has a length that its country's numbers have."""
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


def host_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Check that each is the bare name of a host."""
    for name in names:
        if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f:.]+", name):
            raise ValueError(f"{name!r} is not the name of a host, without scheme, port and path")
    return names


def time_zone(name: object) -> object:
    """Read the name of an IANA time zone."""
    if not isinstance(name, str):
        return name
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{name!r} is not the name of a time zone") from None


def system_zone(named: str | None, localtime: Path = Path("/etc/localtime")) -> ZoneInfo:
    """Return the machine's time zone: `TZ` if it names one, else what /etc/localtime points to, else UTC."""
    linked = str(localtime.resolve()).rpartition("zoneinfo/")[2]
    for name in (named, linked):
        try:
            if name:
                return ZoneInfo(name.removeprefix(":"))
        except (KeyError, ValueError, OSError):
            continue
    return ZoneInfo("UTC")

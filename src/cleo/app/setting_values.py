"""How the values of settings are written, and what they become."""

from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from cleo.domain.identity import Address, address


def split_at_commas(value: object) -> object:
    """Read `a, b` as two entries; empty ones do not count."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def person_address(entry: str) -> Address:
    """Read a phone number in international form, or WhatsApp's `…@lid`."""
    if ":" in entry:  # an address already
        return Address(entry)
    if entry.endswith("@lid") and entry.removesuffix("@lid").isdigit():
        return address("lid", entry.removesuffix("@lid"))
    import phonenumbers  # noqa: PLC0415 - 60 ms that only lists of people need

    problem = ValueError(f"{entry!r} is not a phone number in international form, with + and country code")
    if not entry.startswith("+"):
        raise problem
    try:
        number = phonenumbers.parse(entry)
    except phonenumbers.NumberParseException:
        raise problem from None
    if not phonenumbers.is_possible_number(number):
        raise problem
    return address("phone", phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def group_address(entry: str) -> Address:
    """Read the JID of a group."""
    local, _, server = entry.partition("@")
    if server != "g.us" or not local.replace("-", "").isdigit():
        raise ValueError(f"{entry!r} is not the JID of a WhatsApp group")
    return address("group", local)


def base_url(value: str) -> str:
    """Take an http(s) URL without query, and without the slash at its end."""
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"{value!r} is not a base URL")
    return value.rstrip("/")


def time_zone(value: object) -> object:
    """Find an IANA time zone by its name."""
    if not isinstance(value, str):
        return value
    try:
        return ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{value!r} is not the name of a time zone") from None


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

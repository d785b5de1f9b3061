"""What time it is, here and elsewhere."""

import re
from datetime import datetime, time
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from cleo.domain.errors import ToolError
from cleo.ports import ToolContext
from cleo.tools.calendar import say_time
from cleo.tools.definition.decorator import tool

# Places that the time zone database does not name; countries with several zones are left out on purpose.
_PLACES = {
    "utc": "UTC",
    "gmt": "UTC",
    "nyc": "America/New_York",
    "new york city": "America/New_York",
    "boston": "America/New_York",
    "washington": "America/New_York",
    "miami": "America/New_York",
    "atlanta": "America/New_York",
    "san francisco": "America/Los_Angeles",
    "sf": "America/Los_Angeles",
    "la": "America/Los_Angeles",
    "california": "America/Los_Angeles",
    "seattle": "America/Los_Angeles",
    "las vegas": "America/Los_Angeles",
    "houston": "America/Chicago",
    "dallas": "America/Chicago",
    "montreal": "America/Toronto",
    "rio": "America/Sao_Paulo",
    "rio de janeiro": "America/Sao_Paulo",
    "germany": "Europe/Berlin",
    "munich": "Europe/Berlin",
    "hamburg": "Europe/Berlin",
    "cologne": "Europe/Berlin",
    "frankfurt": "Europe/Berlin",
    "france": "Europe/Paris",
    "italy": "Europe/Rome",
    "milan": "Europe/Rome",
    "spain": "Europe/Madrid",
    "barcelona": "Europe/Madrid",
    "uk": "Europe/London",
    "england": "Europe/London",
    "geneva": "Europe/Zurich",
    "switzerland": "Europe/Zurich",
    "austria": "Europe/Vienna",
    "netherlands": "Europe/Amsterdam",
    "poland": "Europe/Warsaw",
    "sweden": "Europe/Stockholm",
    "turkey": "Europe/Istanbul",
    "japan": "Asia/Tokyo",
    "osaka": "Asia/Tokyo",
    "china": "Asia/Shanghai",
    "beijing": "Asia/Shanghai",
    "india": "Asia/Kolkata",
    "delhi": "Asia/Kolkata",
    "new delhi": "Asia/Kolkata",
    "mumbai": "Asia/Kolkata",
    "bangalore": "Asia/Kolkata",
    "abu dhabi": "Asia/Dubai",
    "south korea": "Asia/Seoul",
    "thailand": "Asia/Bangkok",
    "hanoi": "Asia/Ho_Chi_Minh",
    "israel": "Asia/Jerusalem",
    "tel aviv": "Asia/Jerusalem",
    "canberra": "Australia/Sydney",
    "new zealand": "Pacific/Auckland",
    "hawaii": "Pacific/Honolulu",
    "south africa": "Africa/Johannesburg",
    "cape town": "Africa/Johannesburg",
    "egypt": "Africa/Cairo",
    "kenya": "Africa/Nairobi",
    "nigeria": "Africa/Lagos",
}
_CLOCK = re.compile(r"(\d{1,2})(?::(\d{2}))?\s*([ap])?\.?(?:m\.?)?", re.IGNORECASE)


@tool(read_only=True)
async def current_time(ctx: ToolContext, place: str = "") -> str:
    """Tell the date and time now, here or elsewhere.

    Args:
        place: A city or country, or an IANA zone such as Asia/Tokyo; empty for the person's own zone.
    """
    zone = _zone(place, ctx.zone)
    return f"It is {say_time(ctx.now().replace(second=0).timestamp(), zone)}."


@tool(read_only=True)
async def convert_time(ctx: ToolContext, time: str, from_place: str = "", to_place: str = "") -> str:
    """Tell what a clock time of one place is in another.

    Args:
        time: For example 15:00, 3pm, or ISO 2026-11-23T15:00 for a certain day; a bare clock time is today's.
        from_place: A city, country or IANA zone; empty for the person's own zone.
        to_place: The same.
    """
    one, other = _zone(from_place, ctx.zone), _zone(to_place, ctx.zone)
    moment = _moment(time, ctx.now().astimezone(one))
    return f"{say_time(moment.timestamp(), one)} is {say_time(moment.timestamp(), other)}."


def _zone(place: str, own: ZoneInfo) -> ZoneInfo:
    name = " ".join(place.strip(" ?.!").split())
    if not name:
        return own
    key = _PLACES.get(name.casefold()) or _zones().get(name.casefold().replace(" ", "_"))
    if key is None:
        raise ToolError(
            f"The time in {name!r} is unknown. Name a large city, or a zone such as Europe/Berlin."
        )
    return ZoneInfo(key)


@cache
def _zones() -> dict[str, str]:
    """Zones by their full names and their cities."""
    zones = {
        name.casefold(): name for name in available_timezones() if not name.startswith(("posix", "right"))
    }
    cities = {key.rpartition("/")[2]: name for key, name in sorted(zones.items()) if "/" in key[:-1]}
    return {city: name for city, name in cities.items() if not name.startswith("Etc/")} | zones


def _moment(text: str, today: datetime) -> datetime:
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        return _from_iso(text, today)
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").casefold()
    if half and not 1 <= hour <= 12:
        raise ToolError(f"{text!r} is not a time.")
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour > 23 or minute > 59:
        raise ToolError(f"{text!r} is not a time.")
    return datetime.combine(today.date(), time(hour, minute), today.tzinfo)


def _from_iso(text: str, today: datetime) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ToolError(f"{text!r} is not a time. Write it like 15:00 or 3pm.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=today.tzinfo)

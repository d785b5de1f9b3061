"""Dates for people, and reminders that come again."""

from datetime import UTC, datetime
from itertools import islice
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from cleo.domain.errors import ToolError

_IN_TWO_HOURS = 200
_NAMED = ("daily", "weekdays", "weekly", "monthly", "yearly")


class CronRepeats:
    """`ports.Repeats` by cronsim: rules of five cron fields each in the person's zone, joined by `|`.

    Summer time is as Debian's cron has it: what the clocks skip comes right after that, what they repeat once.
    """

    def next(self, rule: str, zone: str, after: float) -> float | None:
        """First time after `after` that the rule names; None when there is none, or the rule or zone is unknown."""
        if not rule:
            return None
        try:
            start = datetime.fromtimestamp(after, ZoneInfo(zone))
            times = (_next(each, start) for each in rule.split("|"))
            return min((each for each in times if each is not None), default=None)
        except (CronSimError, ZoneInfoNotFoundError, ValueError, OverflowError):
            return None


def _next(rule: str, start: datetime) -> float | None:
    """In an hour that comes twice, cronsim may begin with times of the first one, which are over."""
    after = start.timestamp()
    times = (each.timestamp() for each in islice(CronSim(rule, start), _IN_TWO_HOURS))
    return next((each for each in times if each > after), None)


def cron_rule(repeat: str, first: datetime) -> str:
    """Turn "daily", "weekdays", "weekly", "monthly", "yearly" or five cron fields into a cron rule; "" stays "".

    The named ones repeat at the clock time, weekday or day of `first`, as a clock on the wall shows it; in a month
    that is too short for the day they take its last one. Raises `ToolError` for anything else.
    """
    clock = f"{first.minute} {first.hour}"
    monthly = f"{clock} {first.day} * *"
    if first.day == 31:
        monthly = f"{clock} L * *"
    elif first.day > 28:
        monthly = f"{clock} {first.day} 1,3-12 *|{clock} L 2 *"
    is_leap_day = (first.month, first.day) == (2, 29)
    named = {
        "": "",
        "daily": f"{clock} * * *",
        "weekdays": f"{clock} * * 1-5",
        "weekly": f"{clock} * * {first.isoweekday() % 7}",
        "monthly": monthly,
        "yearly": f"{clock} {'L' if is_leap_day else first.day} {first.month} *",
    }
    folded = " ".join(repeat.casefold().split())
    return named[folded] if folded in named else _checked(" ".join(repeat.split()))


def describe_rule(rule: str) -> str:
    """Say a cron rule in a few words when it is one of the usual ones; otherwise show its fields."""
    first, *others = rule.split("|")
    minute, hour, day, month, weekday = first.split()
    if others:  # a day that February does not have
        month = "*"
    if not (minute.isdigit() and hour.isdigit()):
        return f"repeats by the rule {rule}"
    clock = f"{int(hour)}:{int(minute):02}"
    days = _describe_days(day, month, weekday)
    return f"{days} at {clock}" if days else f"repeats by the rule {rule}"


def say_time(at: float, zone: ZoneInfo) -> str:
    """Write a moment without any doubt: "Mon 23 Nov 2026, 15:04 (Europe/Berlin)"; seconds only if there are any."""
    local = datetime.fromtimestamp(at, zone)
    seconds = f":{local.second:02}" if local.second else ""
    day = f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]} {local.year}"
    return f"{day}, {local:%H:%M}{seconds} ({zone.key or 'local time'})"


def read_iso(when: str, zone: ZoneInfo) -> datetime:
    """Read an ISO date and time; without an offset it is in `zone`. Raises `ToolError` saying what is wrong."""
    parsed = _parse(when)
    local = parsed.replace(tzinfo=zone) if parsed.tzinfo is None else parsed
    try:
        return local.astimezone(UTC).astimezone(zone)  # through UTC: a time skipped by summer time moves on
    except OverflowError:
        raise ToolError(f"{when!r} is too far away.") from None


def read_wall_clock(when: str, zone: ZoneInfo) -> datetime:
    """Read the same as a clock on the wall shows it, also where summer time skips that moment; without a zone."""
    parsed = _parse(when)
    return parsed if parsed.tzinfo is None else read_iso(when, zone).replace(tzinfo=None)


def _parse(when: str) -> datetime:
    try:
        return datetime.fromisoformat(when.strip())
    except ValueError:
        raise ToolError(
            f"{when!r} is not a date and time. Write it like 2026-11-23T15:04 (the person's own time zone)."
        ) from None


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _describe_days(day: str, month: str, weekday: str) -> str:
    words = ""
    match (day, month, weekday):
        case ("*", "*", "*"):
            words = "every day"
        case ("*", "*", "1-5"):
            words = "every weekday"
        case ("*", "*", _) if weekday.replace(",", "").isdigit():
            words = f"every {_weekdays(weekday)}"
        case ("L", "*", "*"):
            words = "on the last day of every month"
        case ("L", _, "*") if month.isdigit():
            words = f"every year on the last day of {_MONTHS[int(month) - 1]}"
        case (_, "*", "*") if day.isdigit():
            words = f"on day {day} of every month" + (
                " (in February on its last day)" if int(day) > 28 else ""
            )
        case (_, _, "*") if day.isdigit() and month.isdigit():
            words = f"every year on {int(day)} {_MONTHS[int(month) - 1]}"
        case _:
            pass
    return words


def _weekdays(field: str) -> str:
    names = [_DAYS[(int(part) - 1) % 7] for part in field.split(",")]
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _checked(rule: str) -> str:
    try:
        if len(rule.split()) != 5:
            raise CronSimError("Wrong number of fields")
        next(CronSim(rule, datetime(2026, 1, 1, tzinfo=UTC)))
    except (CronSimError, StopIteration) as error:
        raise ToolError(
            f"{rule!r} is not a way to repeat ({error}). Use one of {', '.join(_NAMED)}, "
            "or five cron fields such as '0 9 * * 1,4'."
        ) from None
    return rule

"""From what a time phrase says to the moment that it means."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from cronsim import CronSim

Part = Literal["morning", "afternoon", "evening", "night", "tonight"]
_FARTHEST = timedelta(days=5 * 366)
_USUAL: dict[str, int] = {"morning": 9, "afternoon": 15, "evening": 19, "night": 20, "tonight": 20}


class Unsure(Exception):
    """The phrase may mean several things, or nothing that can be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """A moment in the person's zone, and the cron rule by which it comes again (empty: once)."""

    at: datetime
    repeat: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A clock time. Not `sure`: the hour may be before or after noon."""

    hour: int
    minute: int = 0
    sure: bool = False
    midnight: bool = False


@dataclass(slots=True)
class Parts:
    """What was said, each thing at most once."""

    relative: tuple[timedelta, int, int] | None = None
    """Exact time, days and months from now."""
    day: date | None = None
    today: bool = False
    part: str | None = None
    clock: Clock | None = None
    repeat: str | None = None
    """Day, month and weekday of a cron rule; or `weekly`; or `every minute|hour N`."""

    def set(self, name: str, value: object) -> None:
        """Note one thing; raises `Unsure` when it was said already."""
        if getattr(self, name) is not None:
            raise Unsure
        setattr(self, name, value)


def resolve(parts: Parts, now: datetime) -> When:
    """Find the moment. Raises `Unsure` when there is none, or more than one."""
    if parts.repeat is not None:
        when = _repeated(parts, now)
    elif parts.relative is not None:
        when = When(at=_relative(parts, now))
    elif parts.day is not None:
        when = When(at=_on_day(parts, parts.day, now))
    else:
        when = When(at=_some_time(parts, now))
    if not now < when.at <= now + _FARTHEST:
        raise Unsure
    return when


def _relative(parts: Parts, now: datetime) -> datetime:
    exact, days, months = parts.relative or (timedelta(), 0, 0)
    if parts.day is not None or (exact and (parts.clock or parts.part)):
        raise Unsure
    if not days and not months:
        return (now.astimezone(UTC) + exact).astimezone(now.tzinfo)
    day = _months_later(now.date(), months) + timedelta(days=days)
    if parts.clock or parts.part:
        return _on_day(parts, day, now)
    local = _valid(datetime.combine(day, now.timetz()))
    return (local.astimezone(UTC) + exact).astimezone(now.tzinfo)


def _months_later(day: date, months: int) -> date:
    count = day.year * 12 + day.month - 1 + months
    return day.replace(year=count // 12, month=count % 12 + 1)  # ValueError: there is no such day


def _on_day(parts: Parts, day: date, now: datetime) -> datetime:
    if parts.clock is None:
        if parts.part is None and parts.today:
            raise Unsure
        return _at(day, _USUAL[parts.part or "morning"], 0, now)
    if parts.clock.midnight:
        raise Unsure  # the night before, or after?
    if parts.today and parts.part is None:
        moment = _next_of_day(parts.clock, now)
        if moment.date() != day:
            raise Unsure
        return moment
    return _at(day, _hour(parts.clock, parts.part), parts.clock.minute, now)


def _some_time(parts: Parts, now: datetime) -> datetime:
    if parts.clock is None:
        if parts.part is None:
            raise Unsure
        return _next_at(_USUAL[parts.part], 0, now, only_today=parts.part != "morning")
    if parts.part is not None:
        return _next_at(_hour(parts.clock, parts.part), parts.clock.minute, now)
    return _next_of_day(parts.clock, now)


def _repeated(parts: Parts, now: datetime) -> When:
    if parts.day is not None or parts.relative is not None:
        raise Unsure
    repeat = parts.repeat or ""
    if repeat.startswith("every"):
        if parts.clock or parts.part:
            raise Unsure
        _, unit, many = repeat.split()
        step = "*" if many == "1" else f"*/{many}"
        rule = f"{step} * * * *" if unit == "minute" else f"0 {step} * * *"
        return When(at=_first(rule, now), repeat=rule)
    if parts.clock is None:
        raise Unsure
    hour = 0 if parts.clock.midnight else _hour(parts.clock, parts.part)
    if repeat == "weekly":
        first = _next_at(hour, parts.clock.minute, now)
        repeat = f"* * {first.isoweekday() % 7}"
    rule = f"{parts.clock.minute} {hour} {repeat}"
    return When(at=_first(rule, now), repeat=rule)


def _first(rule: str, now: datetime) -> datetime:
    return next(CronSim(rule, now))


def _hour(clock: Clock, part: str | None) -> int:
    """The hour on the 24-hour clock: with a day, morning unless the text says evening."""
    if clock.sure:
        if part is not None and not _fits(clock.hour, part):
            raise Unsure
        return clock.hour
    match part:
        case None:
            hours = {12: 12} | {hour: hour for hour in range(5, 12)}  # "tomorrow at 3": who knows
        case "morning":
            hours = {hour: hour for hour in range(1, 12)}
        case "afternoon":
            hours = {12: 12} | {hour: hour + 12 for hour in range(1, 8)}
        case _:
            hours = {hour: hour + 12 for hour in range(5, 12)}
    if clock.hour not in hours:
        raise Unsure
    return hours[clock.hour]


def _fits(hour: int, part: str) -> bool:
    first, last = {"morning": (0, 11), "afternoon": (12, 19)}.get(part, (16, 23))
    return first <= hour <= last


def _next_of_day(clock: Clock, now: datetime) -> datetime:
    """The next time that a clock shows this; a bare hour is on the 12-hour clock."""
    if clock.sure:
        return _next_at(clock.hour, clock.minute, now)
    hour = clock.hour % 12
    if hour == 0:
        return _next_at(12, clock.minute, now, only_today=True)  # "at 12", said after noon: unsure
    return min(_next_at(hour, clock.minute, now), _next_at(hour + 12, clock.minute, now))


def _next_at(hour: int, minute: int, now: datetime, *, only_today: bool = False) -> datetime:
    today = datetime.combine(now.date(), time(hour, minute), now.tzinfo)
    if today > now:
        return _valid(today)
    if only_today:
        raise Unsure
    return _at(now.date() + timedelta(days=1), hour, minute, now)


def _at(day: date, hour: int, minute: int, now: datetime) -> datetime:
    return _valid(datetime.combine(day, time(hour, minute), now.tzinfo))


def _valid(local: datetime) -> datetime:
    """Move a time that summer time skips to the first one that exists."""
    return local.astimezone(UTC).astimezone(local.tzinfo)

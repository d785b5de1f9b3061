"""From what a time phrase says to the moment that it means."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from cronsim import CronSim

_FARTHEST = timedelta(days=5 * 366)
_EVENING = range(17, 24)
_PARTS = {"morning": range(1, 12), "afternoon": range(12, 20), "evening": _EVENING, "night": _EVENING}
"""The hours in which a part of the day may lie."""
_BY_DAY = range(5, 13)
"""Where a bare hour lies when a day is named: "tomorrow at 9" is in the morning, "tomorrow at 3" is unsure."""


class Unsure(Exception):
    """The phrase may mean several things, or nothing that can be done."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A moment in the person's zone, and the cron rule by which it comes again (empty: once)."""

    at: datetime
    repeat: str = ""


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock time. Not `exact`: the hour may be before or after noon."""

    hour: int
    minute: int
    exact: bool


@dataclass(slots=True)
class TimeParts:
    """What a phrase says, each thing at most once."""

    at: datetime | None = None
    repeat: str | None = None
    """A cron rule; "{clock}" in it stands for minute and hour."""
    day: date | None = None
    part: str | None = None
    """Of the day."""
    clock: Clock | None = None

    def add(self, said: Mapping[str, object]) -> None:
        """Note what a part of the phrase says. Raises `Unsure` when it was said already."""
        for name, value in said.items():
            if getattr(self, name) is not None:
                raise Unsure
            setattr(self, name, value)


def resolve(parts: TimeParts, now: datetime) -> Schedule:
    """Find the moment, in the zone of `now`. Raises `Unsure` when there is none, or more than one."""
    if sum(one is not None for one in (parts.at, parts.repeat, parts.day)) > 1:
        raise Unsure
    if parts.at:
        if parts.clock or parts.part:
            raise Unsure
        schedule = Schedule(parts.at)
    elif parts.repeat:
        clock = _time(parts)
        rule = parts.repeat.format(clock=f"{clock.minute} {clock.hour}")
        schedule = Schedule(next(CronSim(rule, now)), rule)
    else:
        days = [parts.day] if parts.day else [now.date(), now.date() + timedelta(days=1)]
        moments = [local(day, _time(parts), now) for day in days]
        schedule = Schedule(next((one for one in moments if one > now), now))
    if not now < schedule.at <= now + _FARTHEST:
        raise Unsure
    return schedule


def local(day: date, clock: time, now: datetime) -> datetime:
    """Return a local time in the zone of `now`; one that summer time skips moves to the first that exists."""
    return datetime.combine(day, clock, now.tzinfo).astimezone(UTC).astimezone(now.tzinfo)


def _time(parts: TimeParts) -> time:
    clock = parts.clock
    if clock is None:
        raise Unsure
    allowed = _PARTS[parts.part] if parts.part else _BY_DAY if parts.day or parts.repeat else range(24)
    if clock.exact and not parts.part:
        allowed = range(24)
    hours = [clock.hour] if clock.exact else [clock.hour % 12, clock.hour % 12 + 12]
    meant = [hour for hour in hours if hour in allowed]
    if len(meant) != 1:
        raise Unsure
    return time(meant[0], clock.minute)

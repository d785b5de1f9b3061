"""Dates and times in English. `None` when unsure: a question costs a line, a wrong reminder costs trust.

The whole phrase is consumed or nothing is. A result in the past, or beyond five years, is unsure too; so is
whatever needs a locale ("5/6"), a guess ("next Friday", "end of the month") or a rule that cron has not.
"""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta

from cleo.models.basic.time_resolution import Clock, Parts, Unsure, When, resolve
from cleo.models.basic.vocabulary import (
    DAY,
    DAYS,
    DURATIONS,
    LONG_DAY,
    MONTH,
    MONTHS,
    ONE_DURATION,
    SHORT_UNITS,
    fold,
)

_EXACT = {"second": timedelta(seconds=1), "minute": timedelta(minutes=1), "hour": timedelta(hours=1)}
_AMOUNTS = {
    "a": 1.0,
    "an": 1.0,
    "half a": 0.5,
    "half an": 0.5,
    "quarter of an": 0.25,
    "a quarter of an": 0.25,
}
_SPACE = re.compile(r"[\s,]*")


def read_when(phrase: str, now: datetime) -> When | None:
    """Read a whole time phrase in the zone of `now`, or tell by `None` that it is unsure."""
    text = fold(phrase)
    parts = Parts()
    place = 0
    try:
        while place < len(text):
            place = _read_one(text, place, parts, now)
            space = _SPACE.match(text, place)
            place = space.end() if space else place
        return resolve(parts, now)
    except (Unsure, OverflowError, ValueError):
        return None


_Reader = Callable[[re.Match[str], Parts, datetime], None]


def _read_one(text: str, place: int, parts: Parts, now: datetime) -> int:
    for pattern, read in _READERS:
        found = pattern.match(text, place)
        if found:
            read(found, parts, now)
            return found.end()
    raise Unsure


def _relative(found: re.Match[str], parts: Parts, now: datetime) -> None:
    exact, days, months = timedelta(), 0, 0
    for one in re.finditer(ONE_DURATION, found["durations"]):
        unit = one["unit"].removesuffix("s") or "s"
        unit = SHORT_UNITS.get(unit, unit)
        amount = _amount(one["amount"]) + (0.5 if one["half"] else 0)
        if unit in _EXACT:
            exact += _EXACT[unit] * amount
            continue
        if amount != int(amount):
            raise Unsure
        days += int(amount) * {"day": 1, "week": 7}.get(unit, 0)
        months += int(amount) * {"month": 1, "year": 12}.get(unit, 0)
    parts.set("relative", (exact, days, months))


def _amount(text: str) -> float:
    if text.endswith("and a half"):
        return float(text.split(maxsplit=1)[0]) + 0.5
    return _AMOUNTS.get(text) or float(text)


def _near_day(found: re.Match[str], parts: Parts, now: datetime) -> None:
    ahead = {"today": 0, "tomorrow": 1}.get(found["near"], 2)
    parts.set("day", now.date() + timedelta(days=ahead))
    parts.today = ahead == 0
    if found["part"]:
        parts.set("part", found["part"])


def _this_part(found: re.Match[str], parts: Parts, now: datetime) -> None:
    parts.set("day", now.date())
    parts.today = True
    parts.set("part", found["part"] if "part" in found.groupdict() and found["part"] else "tonight")


def _weekday(found: re.Match[str], parts: Parts, now: datetime) -> None:
    name = found["name"]
    if len(name) < 6 and not found["on"] and not _clock_near(found):
        raise Unsure  # "the sun is hot"
    ahead = (DAYS[name] - now.weekday()) % 7
    if ahead == 0 or (found["this"] and now.weekday() + ahead > 6):
        raise Unsure
    parts.set("day", now.date() + timedelta(days=ahead))
    if found["part"]:
        parts.set("part", found["part"])


def _clock_near(found: re.Match[str]) -> bool:
    return re.search(r"\d", found.string) is not None


def _date(found: re.Match[str], parts: Parts, now: datetime) -> None:
    groups = found.groupdict()
    day = int(re.sub(r"\D", "", groups["day"]))
    month = MONTHS[groups["month"].rstrip(".")]
    parts.set("day", _next_date(now, month, day, int(groups["year"]) if groups["year"] else None))


def _next_date(now: datetime, month: int, day: int, year: int | None) -> date:
    if year is not None:
        return date(year, month, day)
    this = date(now.year, month, day)
    return this if this >= now.date() else date(now.year + 1, month, day)


def _iso(found: re.Match[str], parts: Parts, now: datetime) -> None:
    parts.set("day", date.fromisoformat(found["iso"]))


def _nth(found: re.Match[str], parts: Parts, now: datetime) -> None:
    day = int(found["nth"])
    month = now.date().replace(day=1)
    if day <= now.day:
        month = (month + timedelta(days=32)).replace(day=1)
    parts.set("day", month.replace(day=day))


def _part(found: re.Match[str], parts: Parts, now: datetime) -> None:
    parts.set("part", found["part"])


def _named_clock(found: re.Match[str], parts: Parts, now: datetime) -> None:
    parts.set(
        "clock",
        Clock(hour=0 if found["name"] == "midnight" else 12, sure=True, midnight=found["name"] == "midnight"),
    )


def _clock(found: re.Match[str], parts: Parts, now: datetime) -> None:
    groups = found.groupdict()
    hour, minute = int(groups["hour"]), int(groups.get("minute") or 0)
    half = groups.get("half") or ""
    if hour > 23 or minute > 59 or (half and not 1 <= hour <= 12):
        raise Unsure
    sure = bool(half) or hour > 12 or groups["hour"].startswith("0")
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    parts.set("clock", Clock(hour=hour, minute=minute, sure=sure))


def _spoken_clock(found: re.Match[str], parts: Parts, now: datetime) -> None:
    by = found["by"]
    minutes = {"half": 30, "quarter": 15, "a quarter": 15}.get(by) or int(re.sub(r"\D", "", by))
    hour = int(found["hour"])
    if not 1 <= hour <= 12 or not 0 < minutes < 60 or (found["way"] == "to" and by == "half"):
        raise Unsure
    if found["way"] == "to":
        hour, minutes = (hour - 2) % 12 + 1, 60 - minutes
    half = found["half"]
    if half:
        if found["way"] == "to" and hour == 11 and int(found["hour"]) == 12:
            raise Unsure
        hour = hour % 12 + (12 if half == "p" else 0)
    parts.set("clock", Clock(hour=hour, minute=minutes, sure=bool(half)))


def _every_day(found: re.Match[str], parts: Parts, now: datetime) -> None:
    parts.set("repeat", "* * *")
    part = found.groupdict().get("part")
    if part:
        parts.set("part", part)


def _every_weekday(found: re.Match[str], parts: Parts, now: datetime) -> None:
    parts.set("repeat", "* * 1-5")


def _every_named(found: re.Match[str], parts: Parts, now: datetime) -> None:
    names = re.findall(DAY, found["names"])
    numbers = sorted({(DAYS[name] + 1) % 7 for name in names})
    parts.set("repeat", f"* * {','.join(map(str, numbers))}")
    if found["part"]:
        parts.set("part", found["part"])


def _every_week(found: re.Match[str], parts: Parts, now: datetime) -> None:
    parts.set("repeat", "weekly")


def _every_month(found: re.Match[str], parts: Parts, now: datetime) -> None:
    day = int(found["nth"])
    if not 1 <= day <= 31:
        raise Unsure
    parts.set("repeat", f"{'L' if day == 31 else day} * *")


def _every_year(found: re.Match[str], parts: Parts, now: datetime) -> None:
    day = int(re.sub(r"\D", "", found["day"]))
    month = MONTHS[found["month"].rstrip(".")]
    date(2028, month, day)  # raises when there is no such day
    parts.set("repeat", f"{day} {month} *")


def _every_few(found: re.Match[str], parts: Parts, now: datetime) -> None:
    many, unit = int(found["many"] or 1), found["few"].removesuffix("s")
    whole = 60 if unit.startswith("min") else 24
    if many == 0 or whole % many or (whole == 60 and many < 5):
        raise Unsure  # cron counts from the full hour or day, so only even steps are what was meant
    parts.set("repeat", f"every {'minute' if whole == 60 else 'hour'} {many}")


_PART = r"(?P<part>morning|afternoon|evening|night)"
_AT = r"(?:at |@ ?)?"
_HOUR = r"(?P<hour>\d{1,2})"
_HALF = r"(?: ?(?P<half>[ap])\.?m\b\.?)"
_EVERY = r"(?:every|each)(?: single)?"
_YEARLY = rf"(?:{_EVERY}(?: year on)?|(?:yearly|annually) on)"
_NUMBER = r"\d{1,2}(?:st|nd|rd|th)?"
_YEAR = r"(?:,? (?P<year>\d{4}))?(?![\d:])"
_NO_UNIT = r"(?! (?:seconds?|minutes?|mins?|hours?|days?|weeks?|months?|years?)\b)"

_SPECS: tuple[tuple[str, _Reader], ...] = (
    (rf"(?:in|after) (?P<durations>{DURATIONS})(?: from now)?(?![a-z0-9])", _relative),
    (rf"(?P<durations>{DURATIONS}) from now(?![a-z0-9])", _relative),
    (rf"(?:{_EVERY} day|daily)\b", _every_day),
    (rf"{_EVERY} {_PART}\b", _every_day),
    (rf"(?:{_EVERY} (?:weekday|workday|working day)|(?:on )?weekdays|on workdays)\b", _every_weekday),
    (
        rf"(?:{_EVERY}|(?:every week|weekly) on|on(?= {LONG_DAY}s\b)) "
        rf"(?P<names>{DAY}s?(?:(?:,? and |, ?| ?& ?){DAY}s?)*)(?: {_PART}s?)?\b",
        _every_named,
    ),
    (rf"(?:{_EVERY} month|monthly) on the (?P<nth>\d{{1,2}})(?:st|nd|rd|th)?\b", _every_month),
    (r"(?:on )?the (?P<nth>\d{1,2})(?:st|nd|rd|th)? of (?:every|each) month\b", _every_month),
    (rf"{_YEARLY} (?:the )?(?P<day>{_NUMBER}) (?:of )?(?P<month>{MONTH})(?![a-z])", _every_year),
    (rf"{_YEARLY} (?P<month>{MONTH}) (?:the )?(?P<day>{_NUMBER})\b(?!:)", _every_year),
    (rf"(?:{_EVERY} week|weekly)\b", _every_week),
    (r"(?P<few>(?P<many>)hour)ly\b", _every_few),
    (rf"{_EVERY}(?: (?P<many>\d+))? (?P<few>minutes?|mins?|hours?)\b", _every_few),
    (rf"(?:the )?(?P<near>day after tomorrow)(?: in the)?(?: {_PART})?\b", _near_day),
    (rf"(?P<near>today|tomorrow)(?: {_PART})?\b", _near_day),
    (r"tonight\b", _this_part),
    (rf"this {_PART}\b", _this_part),
    (rf"(?P<on>on )?(?P<this>this )?(?P<name>{DAY})(?: {_PART})?(?![a-z])", _weekday),
    (r"(?:on )?(?P<iso>\d{4}-\d{2}-\d{2})(?:t(?=\d)|(?![\d-]))", _iso),
    (rf"(?:on )?(?:the )?(?P<day>{_NUMBER}\.?) (?:of )?(?P<month>{MONTH}){_YEAR}(?![a-z])", _date),
    (rf"(?:on )?(?P<month>{MONTH}) (?:the )?(?P<day>{_NUMBER}){_YEAR}", _date),
    (r"on the (?P<nth>\d{1,2})(?:st|nd|rd|th)\b", _nth),
    (rf"(?:in the|at(?= night)) {_PART}\b", _part),
    (rf"{_AT}(?P<name>noon|midday|midnight)\b", _named_clock),
    (
        rf"{_AT}(?P<by>half|(?:a )?quarter|\d{{1,2}}(?: minutes?| mins?)?) (?P<way>past|to) "
        rf"{_HOUR}{_HALF}?(?![\d:])",
        _spoken_clock,
    ),
    (rf"{_AT}{_HOUR}[:.](?P<minute>\d{{2}}){_HALF}(?![a-z0-9])", _clock),
    (rf"{_AT}{_HOUR}{_HALF}(?![a-z0-9])", _clock),
    (rf"{_AT}{_HOUR}:(?P<minute>\d{{2}})(?::00)?(?: h| hours| o'clock)?(?![\d:a-z])", _clock),
    (rf"{_AT}{_HOUR} ?o'clock\b", _clock),
    (rf"(?:at |@ ?){_HOUR}(?: (?P<minute>[0-5]\d))?(?![\d:./%a-z-]){_NO_UNIT}", _clock),
)
_READERS = tuple((re.compile(pattern), read) for pattern, read in _SPECS)

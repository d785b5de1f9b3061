"""Reads dates and times in English, as a whole or not at all: a question costs a line, a wrong reminder costs trust.

What needs a locale ("5/6"), a guess ("next Friday", "tomorrow at 3", "end of the month") or a rule that cron does not
have ("every other day") is not read, nor is what lies in the past or beyond five years.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from cleo.models.basic.time_resolution import Clock, Schedule, TimeParts, Unsure, local, resolve

_ONES = "zero one two three four five six seven eight nine ten eleven twelve"
_TEENS = "thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_TENS = re.findall(r"\w+", "ten twenty thirty forty fifty sixty seventy eighty ninety")
_NUMBERS = {word: n for n, word in enumerate(re.findall(r"\w+", f"{_ONES} {_TEENS}"))}
_NUMBERS.update({word: 10 * n for n, word in enumerate(_TENS, 1)})
_NUMBER_WORD = re.compile(rf"\b(?:{'|'.join(_NUMBERS)})\b")

DAYS = re.findall(r"\w+", "monday tuesday wednesday thursday friday saturday sunday")
_MONTHS = re.findall(r"\w+", "jan feb mar apr may jun jul aug sep oct nov dec")
DAY = rf"(?:{'|'.join(DAYS)})"
MONTH = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\.?)"
)
_SECONDS = {"s": 1, "m": 60, "h": 3600}


def read_time(phrase: str, now: datetime) -> Schedule | None:
    """Return what a whole time phrase means in the zone of `now`; None when that is unsure."""
    try:
        parts = parse(phrase, now)
        return resolve(parts, now) if parts else None
    except (Unsure, OverflowError, ValueError):
        return None


def parse(phrase: str, now: datetime) -> TimeParts | None:
    """Take a time phrase apart; None when it is not one. Raises `Unsure` or `ValueError` when it means nothing."""
    text = fold(phrase)
    parts = TimeParts()
    place = 0
    while place < len(text):
        for pattern, read in _GRAMMAR:
            if found := pattern.match(text, place):
                parts.add(read(found, now))
                place = found.end()
                break
        else:
            return None
    return parts if text else None


def fold(text: str) -> str:
    """Return the text in lower case, with single spaces and digits, without marks at its ends."""
    return spell_digits(" ".join(text.casefold().strip(" .!?,;:").split()))


def spell_digits(text: str) -> str:
    """Write small numbers in digits: "twelve" becomes "12"."""
    return _NUMBER_WORD.sub(lambda found: str(_NUMBERS[found[0]]), text)


_Said = dict[str, object]
"""What a part of a phrase says: fields of `TimeParts`."""


def _delay(found: re.Match[str], now: datetime) -> _Said:
    days, seconds = 0, 0.0
    for amount, unit in re.findall(_AMOUNT, found["delay"]):
        number = {"a": 1.0, "an": 1.0, "half an": 0.5}.get(amount) or float(amount)
        if unit[0] in _SECONDS:
            seconds += number * _SECONDS[unit[0]]
        elif number == int(number):
            days += int(number) * {"d": 1, "w": 7}[unit[0]]
        else:
            raise Unsure
    moment = local(now.date() + timedelta(days=days), now.time(), now).astimezone(UTC)
    return {"at": (moment + timedelta(seconds=seconds)).astimezone(now.tzinfo)}


def _every_named_day(found: re.Match[str], now: datetime) -> _Said:
    numbers = sorted({(DAYS.index(name) + 1) % 7 for name in re.findall(DAY, found["names"])})
    return {"repeat": f"{{clock}} * * {','.join(map(str, numbers))}"}


def _every_month(found: re.Match[str], now: datetime) -> _Said:
    return {"repeat": f"{{clock}} {found['nth']} * *"}


def _weekday(found: re.Match[str], now: datetime) -> _Said:
    ahead = (DAYS.index(found["name"]) - now.weekday()) % 7
    if ahead == 0:
        raise Unsure  # today, or in a week?
    return {"day": now.date() + timedelta(days=ahead)}


def _date(found: re.Match[str], now: datetime) -> _Said:
    month, year = _MONTHS.index(found["month"][:3]) + 1, int(found["year"] or now.year)
    named = date(year, month, int(found["day"]))
    return {"day": named if found["year"] or named >= now.date() else named.replace(year=year + 1)}


def _clock(found: re.Match[str], now: datetime) -> _Said:
    hour, minute, half = int(found["hour"]), int(found["minute"] or 0), found["half"]
    if not (found["at"] or found["minute"] or half) or (half and not 1 <= hour <= 12):
        raise Unsure
    exact = bool(half) or hour > 12 or found["hour"].startswith("0")
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    time(hour, minute)  # raises ValueError when there is no such time
    return {"clock": Clock(hour, minute, exact)}


_AMOUNT = (
    r"(\d{1,6}(?:\.\d{1,6})?|half an(?= )|an?(?= )) ?"
    r"(seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|[smhdw])(?![a-z0-9])"
)
_PART = r"(?P<part>morning|afternoon|evening|night)"
_NTH = r"(?:st|nd|rd|th)?"
_DAY_OF_MONTH = rf"(?:the )?(?P<day>\d{{1,2}}){_NTH}"
_YEAR = r"(?:,? (?P<year>\d{4}))?"
_END = r"(?![\w:/%.-])[, ]*"

_SPECS: tuple[tuple[str, Callable[[re.Match[str], datetime], _Said]], ...] = (
    (rf"in (?P<delay>{_AMOUNT}(?:(?: and|,)? {_AMOUNT}){{0,3}})", _delay),
    (r"every day|daily", lambda found, now: {"repeat": "{clock} * * *"}),
    (r"every weekday|on weekdays", lambda found, now: {"repeat": "{clock} * * 1-5"}),
    (rf"(?:every|on(?= {DAY}s)) (?P<names>{DAY}s?(?:(?:,| and) {DAY}s?){{0,6}})", _every_named_day),
    (rf"on the (?P<nth>[1-9]|1\d|2[0-8]){_NTH} of every month", _every_month),
    (r"today", lambda found, now: {"day": now.date()}),
    (r"tomorrow", lambda found, now: {"day": now.date() + timedelta(days=1)}),
    (r"(?:the )?day after tomorrow", lambda found, now: {"day": now.date() + timedelta(days=2)}),
    (r"tonight", lambda found, now: {"day": now.date(), "part": "night"}),
    (rf"this {_PART}", lambda found, now: {"day": now.date(), "part": found["part"]}),
    (rf"(?:in the |at |(?<=tomorrow )|(?<=day )){_PART}", lambda found, now: {"part": found["part"]}),
    (rf"(?:on )?(?P<name>{DAY})", _weekday),
    (r"(?:on )?(?P<iso>\d{4}-\d{2}-\d{2})", lambda found, now: {"day": date.fromisoformat(found["iso"])}),
    (rf"(?:on )?{_DAY_OF_MONTH} (?:of )?(?P<month>{MONTH}){_YEAR}", _date),
    (rf"(?:on )?(?P<month>{MONTH}) {_DAY_OF_MONTH}{_YEAR}", _date),
    (r"(?:at )?noon", lambda found, now: {"clock": Clock(12, 0, exact=True)}),
    (r"(?P<at>at )?(?P<hour>\d{1,2})(?::(?P<minute>\d{2}))?(?: ?(?P<half>[ap])\.?m\b\.?)?", _clock),
)
_GRAMMAR = tuple((re.compile(f"(?:{pattern}){_END}"), read) for pattern, read in _SPECS)

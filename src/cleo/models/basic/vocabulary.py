"""The English words of time, shared by the grammar of dates and by the search for time in a text."""

import re

from cleo.models.basic.numbers import digits


def _numbered(names: str, start: int) -> dict[str, int]:
    """Number the words of each comma-separated group alike."""
    return {name: number for number, group in enumerate(names.split(","), start) for name in group.split()}


DAYS = _numbered(
    "mon monday, tue tues tuesday, wed weds wednesday, thu thur thurs thursday, fri friday, sat saturday, "
    "sun sunday",
    0,
)
"""Weekdays from Monday = 0."""
MONTHS = _numbered(
    "jan january, feb february, mar march, apr april, may, jun june, jul july, aug august, sep sept september, "
    "oct october, nov november, dec december",
    1,
)
SHORT_UNITS = {
    "s": "second",
    "sec": "second",
    "m": "minute",
    "min": "minute",
    "h": "hour",
    "hr": "hour",
    "d": "day",
    "w": "week",
    "wk": "week",
    "yr": "year",
}

DAY = rf"(?:{'|'.join(sorted(DAYS, key=len, reverse=True))})"
LONG_DAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
MONTH = rf"(?:{'|'.join(sorted(MONTHS, key=len, reverse=True))})\.?"
NTH = r"\d{1,2}(?:st|nd|rd|th)"
ONE_DURATION = (
    r"(?<![a-z0-9.])(?P<amount>half an?(?= )|(?:a )?quarter of an(?= )|\d+ and a half(?= )|\d+(?:\.\d+)?|an?(?= )) ?"
    r"(?P<unit>seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|wks?|w|months?|years?|yrs?)"
    r"(?P<half> and a half)?(?![a-z0-9])"
)
DURATION = f"(?:{re.sub('[?]P<[a-z]+>', '?:', ONE_DURATION)})"
DURATIONS = rf"{DURATION}(?:(?:,? and |, ?| ){DURATION})*"


def fold(text: str) -> str:
    """Lower case, plain quotes, single spaces, digits for number words; nothing at the ends that is only a mark."""
    plain = text.casefold().replace("’", "'").replace("–", "-").strip(" .!?")
    return digits(" ".join(plain.split()))

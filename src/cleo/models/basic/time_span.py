"""Finds the time phrase in a text, and notices when something else in the text speaks of time."""

import re
from dataclasses import dataclass
from datetime import datetime

from cleo.models.basic.dates import DAY, MONTH, fold, parse, read_time
from cleo.models.basic.time_resolution import Schedule, Unsure

_LONGEST = 12
"""Words of a time phrase at one end of a text."""
_UNIT = r"(?:second|sec|minute|min|hour|hr|day|week|month|year)s?"
_TIME = re.compile(
    r"\b(?:yesterday|today|tomorrow|tonight|ago|every|each|(?:dai|hour|(?:bi)?week|month|year|annual)ly|weekdays?"
    rf"|weekends?|noon|midday|midnight|o'clock|{DAY}s?|mon|tues?|wed|thu(?:rs?)?|fri|sat|sun|end of|half past"
    r"|(?:next|last|this) (?:week|month|year|morning|afternoon|evening|night)|in the (?:morning|evening)"
    rf"|and a half|(?:quarter|\d+) (?:past|to) \d+|\d+ ?{_UNIT}|(?:an?|of|few) {_UNIT}|\d+(?:st|nd|rd|th)"
    rf"|\d+ (?:of )?{MONTH}|{MONTH} \d+|at \d+|\d+:\d\d|\d+ ?[ap]\.?m|\d+/\d+|on \d+\.\d+|\d{{4}}-\d+-\d+)(?!\w)"
)
"""Words about time that may be left in a text: also those that `dates` does not read."""
_BORDER = (
    r"(?:or|not|and|between|before|after|until|till|from|since|except|but|around|last|next|past|other|every|half"
    r"|quarter|by|within|during|only|almost|than|per|twice|once|when|if|at|never|utc|gmt|cet|est|pst)"
)
_UNSURE = re.compile(rf"\A(?:(?:{_BORDER}|{_UNIT})\b|\d|.*\b(?:{_BORDER}|about|of|for|to|the|an?|my|this)$)")
"""Words beside a time phrase that change what it means: "at 5 to 9", "at 9 or 10", "at 30 minutes", "until at 9"."""
_OPENING = re.compile(r"^(?:to|that|about|of|for) ", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """A text and the time phrase that was in it. No `when`, but `mentions_time`: the time is unsure."""

    text: str
    when: Schedule | None
    mentions_time: bool


def split_time(text: str, now: datetime) -> TimeSpan:
    """Take the time phrase off the front, the end, or both ends of a text."""
    words = text.removeprefix("for ").split()
    counts = range(min(_LONGEST, len(words)))
    fronts = [n for n in counts if _is_time(words[:n], now)]
    backs = [n for n in counts if _is_time(words[len(words) - n :], now)]
    ends = [(front, back) for front in fronts for back in backs if 0 < front + back < len(words)]
    for front, back in sorted(ends, key=sum, reverse=True):
        end = len(words) - back
        if when := read_time(" ".join(words[:front] + words[end:]), now):
            rest = " ".join(words[front:end]).strip(" ,:;–-")
            body = _OPENING.sub("", rest)
            unsure = has_time(body) or _UNSURE.match(fold(body))
            return TimeSpan(body, None if unsure else when, mentions_time=True)
    return TimeSpan(text, None, mentions_time=has_time(text))


def has_time(text: str) -> bool:
    """Return whether anything in a text speaks of time."""
    return _TIME.search(fold(text)) is not None


def _is_time(words: list[str], now: datetime) -> bool:
    try:
        return not words or parse(" ".join(words), now) is not None
    except (Unsure, OverflowError, ValueError):
        return False

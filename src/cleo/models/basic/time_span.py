"""Finds the time phrase in a text, and says when something else about time is left over."""

import re
from dataclasses import dataclass
from datetime import datetime

from cleo.models.basic.dates import read_when
from cleo.models.basic.time_resolution import When
from cleo.models.basic.vocabulary import DAY, DURATION, LONG_DAY, MONTH, NTH, SHORT_UNITS, fold

_LONGEST = 14
"""Words of a time phrase at one end of a text."""
_UNITS = r"(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?)"
_WORDS = re.findall(
    r"\S+",
    "at @ on in after the of and from now past to half quarter a an is this for every each single day daily weekday "
    "weekdays workday workdays working weekly week monthly month yearly year annually hourly today tonight tomorrow "
    "morning mornings afternoon evening evenings night noon midday midnight o'clock seconds minutes hours days weeks "
    "months years second minute hour secs mins hrs am pm a.m p.m -",
)
_MARKS = re.compile(
    rf"(?:{DURATION}|{LONG_DAY}s?|{DAY}s?|{MONTH}|{NTH}|\d{{4}}-\d{{2}}-\d{{2}}(?:t\d{{1,2}}:\d{{2}})?|"
    rf"\d{{1,2}}[:.]\d{{2}}|\d+\.?|\d+[a-z]{{1,7}}|\d{{1,2}}[:.]?\d{{0,2}}[ap]\.?m\.?)"
)
_LEFT = re.compile(
    rf"\b(?:yesterday|today|tomorrow|tonight|ago|every|each|daily|noon|midday|midnight|o'clock|{LONG_DAY}s?|"
    rf"(?:next|last|this|other) (?:week|weekend|month|year|day|morning|afternoon|evening|night|{DAY})|"
    rf"(?:on|every|each|last|next|until|by) {DAY}|(?:\d+|an?|half an?|couple of|few) ?{_UNITS}|"
    rf"\d{{1,2}}:\d{{2}}|\d{{1,2}} ?[ap]\.?m|at \d{{1,2}}(?!\w)|\d{{1,2}}(?:st|nd|rd|th)? (?:of )?{MONTH}|"
    rf"{MONTH} \d{{1,2}}|on the {NTH}|in the (?:morning|evening)|half past|quarter (?:past|to)|weekdays?|weekends?)"
    r"(?![a-z0-9])"
)
_BORDER = re.findall(
    r"\w+",
    "or not and between before after until till from since except but about around approximately last next "
    "past other "
    "each every half quarter by within during for only roughly nearly almost than of per twice once when if",
)
_ARTICLES = ("the", "a", "an", "my", "your", "our", "his", "her", "their")
_LEAD = re.compile(r"^(?:to|that|about|of|for|:|-|–)\s+|[,;:\s]+$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A text without its time phrase. `timed` and no `when`: there is something about time, but it is unsure."""

    body: str
    when: When | None = None
    timed: bool = False


def split_when(text: str, now: datetime) -> Split:
    """Take the time phrase off the front, the end, or both ends of a text."""
    words = text.split()
    front, back = _time_words(words), _time_words(words[::-1])
    ends = [(i, j) for i in range(front + 1) for j in range(len(words) - back, len(words) + 1) if i < j]
    for i, j in sorted(ends, key=lambda end: end[1] - end[0]):
        if j < len(words) and words[j - 1].casefold() in _ARTICLES:
            continue  # "about the sun at 9" is not about Sunday
        phrase = " ".join(word.rstrip(",;:") for word in [*words[:i], *words[j:]])
        if phrase and (when := read_when(phrase, now)) is not None:
            body = _between(text, i, j)
            return Split(body=body, when=None if _unsure(body) else when, timed=True)
    return Split(body=text.strip(), timed=has_time(text))


def has_time(text: str) -> bool:
    """Whether anything in a text speaks of time."""
    return _LEFT.search(fold(text)) is not None


def _time_words(words: list[str]) -> int:
    """How many words at the front could belong to a time phrase."""
    return next(
        (i for i, word in enumerate(words[:_LONGEST]) if not _may_be_time(word)), min(len(words), _LONGEST)
    )


def _may_be_time(word: str) -> bool:
    text = fold(word.rstrip(",;:"))
    return not text or text in _WORDS or text in SHORT_UNITS or _MARKS.fullmatch(text) is not None


def _between(text: str, start: int, stop: int) -> str:
    """The words from `start` to `stop` with the spacing that they had."""
    spans = [found.span() for found in re.finditer(r"\S+", text)]
    body = text[spans[start][0] : spans[stop - 1][1]]
    return _LEAD.sub("", body.strip(" ,:;–-")).strip()


def _unsure(body: str) -> bool:
    words = fold(body).split()
    return has_time(body) or (bool(words) and (words[-1] in _BORDER or words[0] in _BORDER))

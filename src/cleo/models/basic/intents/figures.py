"""Figures: arithmetic, units, and what time it is elsewhere."""

import re

from cleo.models.basic.numbers import large_digits
from cleo.models.basic.request import Asked, Do, Plan, Say

_QUESTION = (
    r"(?:what(?:'s| is| are)|whats|how much (?:is|are|does)|how many is|calculate|compute|work out|"
    r"solve|evaluate|tell me|give me)?"
)
_WORDS = (
    (r"\bplus\b|\badded to\b", "+"),
    (r"\bminus\b|\bless\b", "-"),
    (r"\bmultiplied by\b|\btimes\b", "*"),
    (r"\bdivided by\b|\bover\b", "/"),
    (r"\bto the power of\b|\bto the power\b", "^"),
    (r"\bsquared\b", "^2"),
    (r"\bcubed\b", "^3"),
    (r"\b(?:the )?square root of\b|\broot of\b", "sqrt "),
    (r" ?\b(?:percent|per cent)\b", "%"),
    (r"%\s*(?:tip|tax|vat) (?:on|of|for)\b", "% of"),
    (r"\bhalf of\b", "50% of "),
    (r"\b(?:a |one )?quarter of\b", "25% of "),
    (r"\ba third of\b", "1/3*"),
    (r"\bdouble\b|\btwice\b", "2*"),
    (r"(?<=\d) ?[x×] ?(?=\d)", "*"),
)  # fmt: skip
_VERBS = (
    (r"divide (\S+) by (\S+)", r"\1 / \2"),
    (r"multiply (\S+) (?:by|with|and) (\S+)", r"\1 * \2"),
    (r"(?:add|sum) (\S+) (?:and|to) (\S+)", r"\1 + \2"),
    (r"subtract (\S+) from (\S+)", r"\2 - \1"),
)
_ARITHMETIC = re.compile(
    r"(?=.*\d)(?=.*(?:[-+*/^%√²³]|sqrt|ln|log|exp|abs|round|sin|cos|tan))"
    r"(?:\d+(?:[.,]\d+)*|[-+*/^%().,√²³π÷−]|\s|\b(?:of|pi|e|sqrt|ln|log|exp|abs|round|floor|ceil|sin|cos|tan)\b)+"
)
_NOT_ARITHMETIC = re.compile(
    r"\+?\d[\d\s().-]{6,}|\d{4}-\d{1,2}-\d{1,2}|\d{1,2}/\d{1,2}(?:/\d{2,4})?|\d{1,2}\.\d{1,2}\.\d{2,4}"
)
_NUMBER = r"(?P<value>[-−]?\d+(?:[.,]\d+)*|an?|half an?)"
_UNIT = r"(?:[a-zµ°$€£²³/\"]+(?: [a-z²³]+){0,2}?)"
_CONVERT = (
    rf"(?:convert|change|turn|translate|express) {_NUMBER} ?(?P<one>{_UNIT}) (?:to|in|into|as) (?P<other>{_UNIT})",
    rf"(?:{_QUESTION} )?{_NUMBER} ?(?P<one>{_UNIT}) (?:to|in|into|as|equals how many) (?P<other>{_UNIT})",
    rf"how many (?P<other>{_UNIT}) (?:are |is )?(?:there )?(?:in|make|per|to) {_NUMBER} ?(?P<one>{_UNIT})",
    rf"how many (?P<other>{_UNIT}) (?:is|are) {_NUMBER} ?(?P<one>{_UNIT})",
    rf"(?:how|so how) (?:tall|long|far|heavy|hot|warm|cold|much|big|fast|high|wide|deep|large|old|short) (?:is|are) "
    rf"{_NUMBER} ?(?P<one>{_UNIT}) in (?P<other>{_UNIT})",
    rf"{_NUMBER} ?(?P<one>{_UNIT}) (?:is|are|=) how many (?P<other>{_UNIT})",
)
_MONEY = re.compile(r"([$€£])\s?(\d+(?:[.,]\d+)*)")
_PLACE = (
    r"(?P<place>(?!(?:words|english|german|french|spanish|the (?:morning|evening|afternoon)|advance|"
    r"general)\b)[a-zà-ž/_ .'-]+?)"
)
_TIME = (
    rf"(?:(?:what|which)(?:'s| is)?(?: the)?|tell me the|the|current|what's the current|show me the)?(?: "
    rf"local| current| exact)? ?time"
    rf"(?: is it| it is)?(?: now| right now| currently| there)?(?: (?:in|at|for) {_PLACE})?(?: now| right "
    rf"now| at the moment| currently)?",
    rf"(?:how late|what hour) is it(?: now| right now)?(?: in {_PLACE})?",
    rf"(?:do you know|can you tell me|tell me) what time it is(?: now| right now)?(?: in {_PLACE})?",
    rf"what(?:'s| is) (?:today's date|the date(?: today| now)?|the day(?: today)?|today)(?: in {_PLACE})?",
    r"what (?:day|date|weekday)(?: of the week)? is (?:it|today)(?: today| now)?",
    r"(?:today's |current |the )?date(?: today)?|which day is (?:it|today)(?: today)?|what (?:month|year) "
    r"is it(?: now)?",
)
_CLOCK = r"(?P<time>\d{1,2}(?::\d{2})?(?: ?[ap]\.?m\.?)?|noon|midday|midnight)(?: o'clock)?"
_FROM = r"(?P<one>[a-zà-ž/_ .'-]+?)(?: time)?"
_TO = r"(?P<other>[a-zà-ž/_ .'-]+?)(?: time)?"
_CONVERT_TIME = (
    rf"(?:convert |what(?:'s| is) |what time is )?{_CLOCK} (?:in |from )?{_FROM} (?:in|to|for) {_TO}",
    rf"(?:when|if) it(?:'s| is) {_CLOCK} in {_FROM},? what(?:'s| is)? (?:the )?time(?: is it)? in {_TO}",
    rf"what time is it in {_TO} (?:when|if) it(?:'s| is) {_CLOCK} in {_FROM}",
    rf"what time is {_CLOCK} in {_TO}",
)
_NOON = {"noon": "12:00", "midday": "12:00", "midnight": "00:00"}


def calculate(asked: Asked) -> Plan | None:
    """Work out arithmetic, in signs or in words."""
    text = re.sub(rf"^{_QUESTION}\s*:?\s*", "", asked.text.replace("’", "'"), flags=re.IGNORECASE)
    asked_for = len(text) < len(asked.text)
    expression = large_digits(text.casefold())
    for pattern, sign in (*_VERBS, *_WORDS):
        expression = re.sub(pattern, sign, expression)
    expression = re.sub(r"\s+", " ", expression).strip(" =?")
    if not _ARITHMETIC.fullmatch(expression) or (not asked_for and _NOT_ARITHMETIC.fullmatch(expression)):
        return None
    return Do(tool="calculate", args={"expression": expression})


def convert(asked: Asked) -> Plan | None:
    """Convert units."""
    text = _MONEY.sub(r"\2 \1", asked.text)
    worded = Asked(text=large_digits(text.casefold()), now=asked.now, tools=asked.tools)
    for pattern in _CONVERT:
        found = worded.match(pattern)
        if found:
            value = _value(found["value"])
            one, other = found["one"].strip(), found["other"].strip()
            if value is None or _is_clock(one):
                return None
            return Do(tool="convert", args={"value": value, "from_unit": one, "to_unit": other})
    if re.fullmatch(r"convert .*", text, re.IGNORECASE):
        return Say(text='I need a number and two units, for example "convert 5 miles to km".')
    return None


def current_time(asked: Asked) -> Plan | None:
    """Tell the time, here or elsewhere."""
    for pattern in _TIME:
        found = asked.match(pattern)
        if found:
            place = (found.groupdict().get("place") or "").strip()
            return Do(tool="current_time", args={"place": place} if place else {})
    return None


def convert_time(asked: Asked) -> Plan | None:
    """Tell what a clock time is elsewhere."""
    for pattern in _CONVERT_TIME:
        found = asked.match(pattern)
        if found:
            time = _NOON.get(found["time"].casefold(), found["time"])
            one = _here(found.groupdict().get("one") or "")
            if time.isdigit() or _not_places(one, found["other"]):
                return None
            return Do(
                tool="convert_time", args={"time": time, "from_place": one, "to_place": _here(found["other"])}
            )
    return None


def _value(text: str) -> float | None:
    if text in ("a", "an"):
        return 1.0
    if text.startswith("half"):
        return 0.5
    plain = re.sub(r",(?=\d{3}(?!\d))", "", text.replace("−", "-"))
    if re.fullmatch(r"-?\d+,\d+", plain):
        plain = plain.replace(",", ".")
    try:
        return float(plain)
    except ValueError:
        return None


def _is_clock(unit: str) -> bool:
    return re.fullmatch(r"[ap]\.?m\.?(?: .*)?", unit) is not None


def _here(place: str) -> str:
    plain = re.sub(r"^(?:the |in )", "", place.strip(), flags=re.IGNORECASE)
    return "" if plain.casefold() in ("here", "my", "local", "our", "my place") else plain


def _not_places(*names: str) -> bool:
    return any(len(name.split()) > 3 or re.search(r"\b(?:to|remind|me|the|a|and)\b", name) for name in names)

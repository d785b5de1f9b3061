"""Figures: sums, units, and what time it is elsewhere."""

import re

from cleo.models.basic.dates import spell_digits
from cleo.models.basic.request import Action, Call, Request, rule

_SIGNS = {"plus": "+", "minus": "-", "times": "*", "multiplied by": "*", "divided by": "/"} | {
    "to the power of": "^", "(?:the )?square root of": "sqrt", "half of": "50% of", "percent": "%", "tip on": "of"
}  # fmt: skip
_WORDS = re.compile(r"\b(?:of|pi|e|sqrt|ln|log|exp|abs|round|floor|ceil|sin|cos|tan)\b")
_SUM = re.compile(r"[\d.,+*/^%()√²³π÷×−\s-]+")
_SIGN = re.compile(r"[-+*/^%√²³÷×−]|sqrt|ln|log|exp|abs|sin|cos|tan")
_SURELY_A_SUM = re.compile(r"\S ?[+*^%√²³÷×]| [-−/] |[a-z]|^\d{1,3}-\d{1,3}$")
"""Unlike phone numbers and dates."""

_NUMBER = r"(?P<value>-?\d{1,15}(?:\.\d{1,15})?)"
_WORD = r"[a-zµ°²³/]{1,20}"
_FROM = rf"(?P<from_unit>(?![ap]m\b){_WORD}(?: {_WORD}){{0,2}}?)"
_TO = rf"(?P<to_unit>{_WORD}(?: {_WORD}){{0,2}}?)"
_NAME = r"[^\W\d_][\w.'/-]{1,20}(?: [\w.'/-]{1,20}){0,2}"
_IN_PLACE = rf"(?: in (?P<place>{_NAME}))?"
_CLOCK = r"(?P<time>\d{1,2}:\d{2}(?: ?[ap]m)?|\d{1,2} ?[ap]m)"


def _calculate(found: re.Match[str], request: Request) -> Action | None:
    expression = spell_digits(found["expression"].casefold())
    for words, sign in _SIGNS.items():
        expression = re.sub(rf"\b{words}\b", sign, expression)
    expression = re.sub(r"(?<=\d) ?x ?(?=\d)", " * ", expression).replace(" %", "%").strip(" =")
    signs = _WORDS.sub("", expression)
    is_sum = re.search(r"\d", signs) and _SIGN.search(expression) and _SUM.fullmatch(signs)
    if not is_sum or not (found["question"] or _SURELY_A_SUM.search(expression)):
        return None
    return Call("calculate", {"expression": expression})


def _convert(found: re.Match[str], request: Request) -> Action:
    value = float(found["value"] or 1)
    return Call("convert", {"value": value, "from_unit": found["from_unit"], "to_unit": found["to_unit"]})


RULES = (
    rule(
        "calculate",
        r"(?:(?P<question>what(?:'s| is)|whats|how much is|calculate) )?(?P<expression>.+)",
        read=_calculate,
    ),
    rule(
        "current_time",
        rf"(?:what(?:'s| is) )?(?:the |current )?(?:local )?time(?: right)?(?: now)?{_IN_PLACE}",
        rf"(?:what time|how late) is it(?: now)?{_IN_PLACE}",
        r"(?:what(?:'s| is) )?(?:today's date|the date(?: today)?)|what day is (?:it|today)(?: today)?",
    ),
    rule(
        "convert_time",
        rf"(?:(?:what|what time) is )?{_CLOCK} (?:in )?(?P<from_place>{_NAME}) (?:in|to) (?P<to_place>{_NAME})",
    ),
    rule(
        "convert",
        rf"(?:(?:convert|what(?:'s| is)|how \w{{1,10}} (?:is|are)) )?{_NUMBER} ?{_FROM} (?:to|in|into) {_TO}",
        rf"how many {_TO} (?:are |is )?(?:there )?(?:in )?(?:{_NUMBER} ?|an? ){_FROM}",
        read=_convert,
    ),
)

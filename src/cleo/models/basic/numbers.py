"""Numbers in words, as people write them in English."""

import re

_SMALL = re.findall(
    r"\w+",
    "zero one two three four five six seven eight nine ten eleven twelve "
    "thirteen fourteen fifteen sixteen seventeen eighteen nineteen",
)
_TENS = re.findall(r"\w+", "twenty thirty forty fifty sixty seventy eighty ninety")
_VALUES = {word: value for value, word in enumerate(_SMALL)} | {
    word: value * 10 for value, word in enumerate(_TENS, start=2)
}
_ONES = "|".join(_SMALL[1:10])
_WORDS = re.compile(
    rf"\b(?:(?:{'|'.join(_TENS)})[- ](?:{_ONES})|{'|'.join(sorted(_VALUES, key=len, reverse=True))})\b"
)
_HUNDREDS = re.compile(r"\b(?:(\d{1,2}|a) )?(hundred|thousand|million)\b(?: and (?=\d))?")
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}


def digits(text: str) -> str:
    """Write number words of a folded text in digits: "twenty-five" becomes "25"."""
    return _WORDS.sub(lambda found: str(sum(_VALUES[part] for part in re.split("[- ]", found[0]))), text)


def large_digits(text: str) -> str:
    """The same with "hundred", "thousand" and "million" after a number: "3 thousand" becomes "3000"."""

    def scaled(found: re.Match[str]) -> str:
        many = 1 if found[1] in (None, "a") else int(found[1])
        return str(many * _SCALES[found[2]])

    return _HUNDREDS.sub(scaled, digits(text))

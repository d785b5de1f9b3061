"""What somebody asks for, and what it comes to: the vocabulary between reading, planning and phrasing."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic_ai.tools import ToolDefinition

from cleo.models.basic.numbers import digits

Tools = Mapping[str, ToolDefinition]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request without the courtesies around it. `raw` still has its end, for what is kept word by word."""

    text: str
    raw: str = ""
    now: datetime
    tools: Tools

    def match(self, pattern: str) -> re.Match[str] | None:
        """Match the whole text, whatever its case; groups keep the case."""
        return re.fullmatch(pattern, self.text.replace("’", "'"), re.IGNORECASE | re.DOTALL)

    def match_raw(self, pattern: str) -> re.Match[str] | None:
        """The same with every mark and word at the end."""
        return re.fullmatch(pattern, (self.raw or self.text).replace("’", "'"), re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Do:
    """Call this tool."""

    tool: str
    args: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """Look first, then do it to the one thing that was found, named by its whole line."""

    look: Do
    wanted: str
    """Number or words; empty: the only one there is."""
    then: str
    argument: str
    noun: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Answer without any tool."""

    text: str


Plan = Do | Find | Say
Intent = Callable[[Asked], Plan | list[Plan] | None]

_LEAD = re.compile(
    r"(?:(?:hey|hi|hello|ok|okay|so|also|and|then|well|oh|yo|now|just|please|pls|kindly|good (?:morning|evening))\b"
    r"[,!. ]*|cleo\b[,:!. ]*|"
    r"(?:can|could|would|will) you(?: please| kindly| maybe)?\s+|"
    r"i(?:'d| would) like (?:you )?to\s+|i want (?:you )?to\s+|i need you to\s+|let's\s+)+",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"(?:[,\s]+(?:please|pls|thanks|thank you|thx|cheers|cleo|if you can|for me|ok|okay|right now))+$",
    re.IGNORECASE,
)


def begun(text: str) -> str:
    """Take the courtesies off the front of a request."""
    plain = text.replace("’", "'").strip().strip("\u200e\u200f").strip()
    return _LEAD.sub("", plain, count=1) if _LEAD.match(plain) else plain


def polished(text: str) -> str:
    """Take the courtesies and end marks off a request; what is nothing but courtesy stays as it is."""
    plain = text.strip()
    without = begun(text)
    previous = None
    while previous != without:
        previous = without
        without = _TAIL.sub("", without.rstrip(" .!?")).rstrip()
    return without.strip() or plain


def plain_number(text: str) -> str:
    """Write "number two", "no. 2", "#2" and "the second one" as "2"; other texts stay as they are."""
    folded = digits(text.casefold().strip())
    found = re.fullmatch(r"(?:the )?(?:number|no\.?|nr\.?|#)?\s*(\d+)", folded)
    if found:
        return found[1]
    order = re.fullmatch(r"(?:the )?(first|second|third|fourth|fifth)(?: one)?", folded)
    return str(["first", "second", "third", "fourth", "fifth"].index(order[1]) + 1) if order else text.strip()

"""One request of a person, the actions that it can come to, and the rules that lead from one to the other."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic_ai.tools import ToolDefinition

Tools = Mapping[str, ToolDefinition]

_OPENING = re.compile(
    r"(?:(?:(?:hey|hi|hello)(?: there)?|good (?:morning|evening)|ok|okay|so|also|and|then|now|just|please|pls|cleo)\b"
    r"[,:!. ]*|(?:can|could|would|will) you +|i(?:'d| would) like (?:you )?to +|i want (?:you )?to +)+",
    re.IGNORECASE,
)
_CLOSING = frozenset({"please", "pls", "thanks", "thx", "cleo", "ok", "okay", ""})
_MARKS = " \n.!?,"
LONGEST = 1000
"""Characters of a request. Only a text to keep or to pass on, after "note:" or "tell +49 …:", may be longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody asks for, without courtesies."""

    text: str
    """Without marks at the end, and with single spaces."""
    raw: str
    """With spaces and end as written."""
    now: datetime
    tools: Tools


@dataclass(frozen=True, slots=True)
class Call:
    """Call this tool."""

    tool: str
    args: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Lookup:
    """Call `look`, which lists numbered entries; then call `then` with the whole entry that is meant."""

    look: Call
    wanted: str
    """A number or words; empty: the only one there is."""
    then: str
    noun: str
    """What it is; also the name of the argument."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer without any tool."""

    text: str


Action = Call | Lookup | Reply
Reader = Callable[[re.Match[str], Request], Action | Sequence[Action] | None]
Rule = Callable[[Request], Sequence[Action]]
"""Returns what a request means; nothing when the rule is not about it."""


def rule(tool: str, *patterns: str, read: Reader | None = None, verbatim: bool = False) -> Rule:
    """Make a rule for agents that have the tool ("": for all). It fits one of the patterns to all of `Request.text`.

    Without `read` it calls the tool with the named groups. A `verbatim` one fits `Request.raw`, of any length: its
    patterns end in `(?s:.+)` and repeat nothing else without bounds.
    """
    compiled = [re.compile(pattern, re.IGNORECASE) for pattern in patterns]

    def call_it(found: re.Match[str], request: Request) -> Action:
        return Call(tool, {name: bare(value) for name, value in found.groupdict().items() if value})

    def apply(request: Request) -> Sequence[Action]:
        if (tool and tool not in request.tools) or (len(request.text) > LONGEST and not verbatim):
            return ()
        for pattern in compiled:
            found = pattern.fullmatch(request.raw if verbatim else request.text)
            if found and (action := (read or call_it)(found, request)):
                return action if isinstance(action, Sequence) else [action]
        return ()

    return apply


def call(tool: str, **args: object) -> Reader:
    """Make a reader that calls a tool, whatever was found."""
    return lambda found, request: Call(tool, args)


def reply(text: str) -> Reader:
    """Make a reader that answers, whatever was found."""
    return lambda found, request: Reply(text)


def lookup(look: str, then: str, noun: str, *, argument: str = "") -> Reader:
    """Make a reader that looks first for what the group `wanted` names; `argument` of `look` takes it, if any."""

    def read(found: re.Match[str], request: Request) -> Action:
        wanted = bare(found["wanted"] or "")
        return Lookup(Call(look, {argument: wanted} if argument else {}), wanted, then, noun)

    return read


def make_request(text: str, now: datetime, tools: Tools) -> Request:
    """Take the courtesies off a text. A text that is nothing else stays as it is."""
    raw = text.replace("’", "'").strip(" \n\t\u200e\u200f")
    if opening := _OPENING.match(raw):
        raw = raw[opening.end() :] or raw
    plain = "\n".join(" ".join(line.split()) for line in raw.splitlines())
    words = plain.split(" ")
    while len(words) > 1 and words[-1].strip(_MARKS).casefold() in _CLOSING:
        words.pop()
    return Request(text=" ".join(words).rstrip(_MARKS) or plain, raw=raw, now=now, tools=tools)


def bare(text: str) -> str:
    """Return a name or number without the quotation marks, article or "number" around it."""
    plain = re.sub(r"^(?:the|my|about) ", "", text.strip(" \n\"'“”"), flags=re.IGNORECASE)
    return re.sub(r"^(?:number |no\.? ?|#)(?=\d+$)", "", plain, flags=re.IGNORECASE)

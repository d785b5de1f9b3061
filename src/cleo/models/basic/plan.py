"""What to do next: from the newest prompt and what came of it, to tool calls or the text of an answer."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from cleo.models.basic.by_tool_name import example, read_command
from cleo.models.basic.intents import RULES
from cleo.models.basic.intents.small_talk import ABOUT, UNDERSTOOD
from cleo.models.basic.prompt import Attachment, Called, Prompt
from cleo.models.basic.request import LONGEST, Action, Call, Lookup, Reply, Tools, make_request
from cleo.models.basic.results import WAITING, describe

_MOST = 10
"""Calls at once, requests in a message, and entries to choose from."""
_PIECES = re.compile(r"(?<=[.!?])\s+(?=[A-Za-z/])|\n|; ")
_ENTRY = re.compile(r"\A\d+\. ")
_FILLER = re.compile(r"\b(?:the|an?|my|to|about|for|of|at|on|in|with)\b")
_CANNOT_READ = frozenset({"image", "sticker", "video", "audio", "voice", "document", "file"})


def next_step(prompt: Prompt, tools: Tools) -> Sequence[Call] | str:
    """Return the next calls; or, when nothing is left to do, the text that says what came of everything."""
    actions = [action for text in prompt.texts for action in understand(text, prompt.now, tools)]
    first = [one.look if isinstance(one, Lookup) else one for one in actions if not isinstance(one, Reply)]
    made = [called.call.tool_name for called in prompt.calls]
    if (
        made[: len(first)] != [one.tool for one in first][: len(made)]
    ):  # a text may read otherwise at a later time
        return _answer(prompt, map(_outcome, prompt.calls))
    if left := first[len(made) :]:
        return left[:_MOST]
    called = iter(prompt.calls)
    outcomes = [one.text if isinstance(one, Reply) else _follow(one, next(called)) for one in actions]
    second = [one for one in outcomes if isinstance(one, Call)]
    if left := second[len(made) - len(first) :]:
        return left[:_MOST]
    if len(made) > len(first) + len(second):
        return _answer(prompt, map(_outcome, prompt.calls))
    return _answer(prompt, [_outcome(next(called)) if isinstance(one, Call) else one for one in outcomes])


def understand(text: str, now: datetime, tools: Tools) -> Sequence[Action]:
    """Read one message: as a whole; else piece by piece, if every piece is understood."""
    if whole := _read(text, now, tools):
        return whole
    pieces = [piece for piece in _PIECES.split(text[:LONGEST]) if piece.strip(" .!?,")]
    if len(text) <= LONGEST and 1 < len(pieces) <= _MOST:
        read = [_read(piece, now, tools) for piece in pieces]
        if all(read):
            return [action for actions in read for action in actions]
    return [Reply(_not_understood(text, tools))]


def _read(text: str, now: datetime, tools: Tools) -> Sequence[Action]:
    request = make_request(text, now, tools)
    if command := read_command(request.raw, tools):
        return [command]
    return next((actions for rule in RULES if (actions := rule(request))), ())


def _follow(action: Call | Lookup, called: Called) -> Call | str:
    """Return what to say of a call; or, after looking, the call for the one entry that is meant."""
    if isinstance(action, Call) or called.result is None or called.result.outcome != "success":
        return _outcome(called)
    noun, wanted = action.noun, action.wanted
    found = [entry for entry in _entries(str(called.result.content)) if _is_meant(entry, action)]
    if len(found) == 1:
        return Call(action.then, {noun: found[0]})
    if not found:
        return f"There is no {noun} “{wanted}”." if wanted else f"There is no {noun}."
    several = "\n".join(found[:_MOST])
    return f"Which {noun}? Write its number: “delete {noun} {found[0].partition('.')[0]}”.\n{several}"


def _entries(text: str) -> list[str]:
    """Return the numbered entries of a list, each with all of its lines."""
    entries: list[list[str]] = []
    for line in text.split("\n"):
        if _ENTRY.match(line):
            entries.append([])
        if entries:
            entries[-1].append(line)
    return ["\n".join(lines) for lines in entries]


def _is_meant(entry: str, lookup: Lookup) -> bool:
    if lookup.wanted.isdigit():
        return entry.startswith(f"{lookup.wanted}. ")
    if lookup.look.args:
        return True  # it has searched
    return all(word in entry.casefold() for word in _FILLER.sub("", lookup.wanted.casefold()).split())


def _answer(prompt: Prompt, outcomes: Iterable[str]) -> str:
    """Return everything there is to say, in the order in which it was asked, each thing once."""
    earlier = [describe(result) for result in prompt.earlier if WAITING not in str(result.content)]
    texts = [*earlier, *outcomes, *map(_about, prompt.attachments)]
    said = "\n\n".join(dict.fromkeys(filter(None, texts)))
    return said or f"I can read nothing in your message. {ABOUT}"


def _outcome(called: Called) -> str:
    return describe(called.result) if called.result else ""


def _about(attachment: Attachment) -> str:
    kind, name = attachment.kind, f" “{attachment.name}”" if attachment.name else ""
    if attachment.problem:
        return f"I could not get your {kind}{name}: {attachment.problem}."
    if kind not in _CANNOT_READ:
        return f"I got your {kind}{name}, but no AI model is connected, so I can do nothing with it."
    back = f"send me file {attachment.name}" if attachment.name else "send me the last file"
    cannot = f"I cannot read {kind}s (no AI model is connected)"
    return f"I got your {kind}{name}. {cannot}, but I keep it: write “{back}” to get it back."


def _not_understood(text: str, tools: Tools) -> str:
    if len(text) > LONGEST:
        return f"That is too long for me: {LONGEST:,} characters at most. {ABOUT}"
    said = set(re.findall(r"[^\W_]+", text.casefold()))
    meant = [tool for name, tool in tools.items() if said.issuperset(name.split("_"))]
    how = f"For {meant[0].name} write “{example(meant[0])}”." if meant else 'Write "help" for examples.'
    short = text if len(text) <= 80 else f"{text[:77]}…"
    return f"I did not understand “{short}”. {ABOUT} They are about {UNDERSTOOD}. {how}"

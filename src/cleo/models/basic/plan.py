"""What to do next: from the newest prompt and what came of it, to calls of the tools there are, or words."""

import re
from collections.abc import Callable, Sequence

from pydantic_ai.messages import ToolReturnPart

from cleo.models.basic.by_tool_name import by_name, by_slash
from cleo.models.basic.intents import ABOUT, INTENTS, talk
from cleo.models.basic.phrases import phrase
from cleo.models.basic.prompt import Called, Received, Turn
from cleo.models.basic.request import Asked, Do, Find, Plan, Say, Tools, begun, polished

_MOST_CALLS = 10
_WHY = "no AI model is connected"
_BLIND = {
    "image": "I cannot read images",
    "sticker": "I cannot read images",
    "video": "I cannot watch videos",
    "audio": "I cannot hear recordings",
    "voice": "I cannot hear recordings",
    "document": "I cannot read documents",
    "file": "I cannot read files",
}
_FILLER = ("the", "a", "an", "my", "to", "about", "for", "of", "at", "on", "in", "with")
_SAID_BY = re.compile(r"[^:\n]{1,60}: (?=\S)")
_ENTRY = re.compile(r"^(?P<number>\d+)\. (?P<text>.*)$")
_SENTENCES = re.compile(r"(?<=[.!?])\s+(?=[A-Za-z/])|\s*\n+\s*|\s*;\s+")
_JOINTS = re.compile(r",?\s+and (?:then |also )?|,?\s+then |,\s+also |\s*,\s+")


def plan(turn: Turn, tools: Tools) -> list[Do] | str:
    """Name the next calls; or, when nothing is left to do, say what came of everything."""
    plans = [one for text in turn.texts for one in understand(text, turn, tools)]
    first = [one.look if isinstance(one, Find) else one for one in plans if not isinstance(one, Say)]
    if left := first[len(turn.calls) :]:
        return left[:_MOST_CALLS]
    looked = _match(plans, turn.calls)
    follow = {
        index: _follow(one, looked[index].result)
        for index, one in enumerate(plans)
        if _looked(one, index, looked)
    }
    made = {called.call.tool_name for called in turn.calls}
    calls = [one for one in follow.values() if isinstance(one, Do) and one.tool not in made]
    return calls or _words(
        turn, plans, {index: one.text for index, one in follow.items() if isinstance(one, Say)}
    )


def understand(text: str, turn: Turn, tools: Tools) -> list[Plan]:
    """Read one message: as a whole; else piece by piece, if every piece is understood."""
    whole = _read(text, turn, tools)
    if whole is not None:
        return whole
    name = _SAID_BY.match(text)  # in groups the name of the sender comes first
    if name and (whole := _read(text[name.end() :], turn, tools)):
        return whole
    for cut in (_SENTENCES.split, _cut_in_two(turn, tools)):
        pieces = [piece for piece in cut(text) if piece.strip(" .!?,")]
        if len(pieces) > 1:
            plans = [_read(piece, turn, tools) for piece in pieces]
            if all(plans):
                return [one for piece in plans if piece for one in piece]
    return [Say(text=_not_understood(text, turn))]


def _read(text: str, turn: Turn, tools: Tools) -> list[Plan] | None:
    slash = by_slash(text.strip(), tools)
    if slash is not None:
        return [slash]
    asked = Asked(text=polished(text), raw=begun(text), now=turn.now, tools=tools)
    found = talk(asked)
    for tool, intent in INTENTS:
        found = found or (intent(asked) if tool in tools else None)
    found = found or by_name(asked)
    return found if isinstance(found, list) or found is None else [found]


def _cut_in_two(turn: Turn, tools: Tools) -> Callable[[str], list[str]]:
    """Cut at the first "and" or comma that has something understood before and after it."""

    def cut(text: str) -> list[str]:
        for joint in _JOINTS.finditer(text):
            before, after = text[: joint.start()], text[joint.end() :]
            if _read(before, turn, tools) and (_read(after, turn, tools) or len(cut(after)) > 1):
                return [before, *(cut(after) if not _read(after, turn, tools) else [after])]
        return [text]

    return cut


# ── after the first calls ─────────────────────────────────────────────────────────────────────────────


def _match(plans: Sequence[Plan], calls: Sequence[Called]) -> dict[int, Called]:
    """Which call belongs to which plan: both are in the same order."""
    wanted = [(index, one.look if isinstance(one, Find) else one) for index, one in enumerate(plans)]
    doing = [(index, one) for index, one in wanted if isinstance(one, Do)]
    return {
        index: called
        for (index, one), called in zip(doing, calls, strict=False)
        if called.call.tool_name == one.tool
    }


def _looked(one: Plan, index: int, looked: dict[int, Called]) -> bool:
    return isinstance(one, Find) and index in looked and looked[index].result is not None


def _follow(one: Plan, result: ToolReturnPart | None) -> Do | Say | None:
    """What follows from looking: do it to the one that was found, or say why not."""
    if not isinstance(one, Find) or result is None or result.outcome != "success":
        return None
    entries = _entries(str(result.content))
    found = [entry for entry in entries if _fits(entry, one)] if one.wanted else entries
    if len(found) == 1:
        return Do(tool=one.then, args={one.argument: found[0]})
    if not found:
        return Say(
            text=f"There is no {one.noun} “{one.wanted}”." if one.wanted else f"There is no {one.noun}."
        )
    several = "\n".join(found[:10])
    return Say(
        text=f"Which {one.noun}? Write its number: “delete {one.noun} {found[0].partition('.')[0]}”.\n{several}"
    )


def _entries(text: str) -> list[str]:
    """The numbered entries of a list, each with all of its lines."""
    entries: list[str] = []
    for line in text.split("\n"):
        if _ENTRY.match(line):
            entries.append(line)
        elif entries:
            entries[-1] += f"\n{line}"
    return entries


def _fits(entry: str, find: Find) -> bool:
    if find.wanted.isdigit():
        return entry.startswith(f"{find.wanted}. ")
    words = [word for word in find.wanted.casefold().split() if word not in _FILLER]
    return bool(find.look.args) or all(
        word in entry.casefold() for word in words
    )  # with arguments it has searched


# ── words ─────────────────────────────────────────────────────────────────────────────────────────────


def _words(turn: Turn, plans: Sequence[Plan], instead: dict[int, str]) -> str:
    """Everything there is to say, in the order in which it was asked."""
    said = [phrase(result) for result in turn.earlier if "NOT RUN YET" not in str(result.content)]
    matched = _match(plans, turn.calls)
    spoken: list[Called] = []
    for index, one in enumerate(plans):
        called = matched.get(index)
        if isinstance(one, Say):
            said.append(one.text)
        elif index in instead:
            said.append(instead[index])
        elif called and called.result and not isinstance(one, Find):
            said.append(phrase(called.result))
        if called and (isinstance(one, Do) or index in instead or _succeeded(called)):
            spoken.append(called)
    said += [phrase(called.result) for called in turn.calls if called.result and called not in spoken]
    said += [_about(received) for received in turn.received]
    return "\n\n".join(dict.fromkeys(said)) or _nothing(turn)


def _succeeded(called: Called) -> bool:
    return called.result is not None and called.result.outcome == "success"


def _about(received: Received) -> str:
    name = f" “{received.name}”" if received.name else ""
    if received.problem:
        return f"I could not get your {received.kind}{name}: {received.problem}."
    if received.kind == "location":
        return f"I got your location{name}."
    if received.kind not in _BLIND:
        return f"I got your {received.kind}, but I cannot do anything with it ({_WHY})."
    back = f"send me file {received.name}" if received.name else "send me the last file"
    return (
        f"I got your {received.kind}{name}. {_BLIND[received.kind]} ({_WHY}), but I keep it: "
        f"write “{back}” to get it back."
    )


def _not_understood(text: str, turn: Turn) -> str:
    short = text if len(text) <= 80 else f"{text[:77]}…"
    if turn.received:
        return f"I did not understand “{short}”. I cannot read images or files: no AI model is connected."
    return f"I did not understand “{short}”. {ABOUT} Write “help” for what I can do."


def _nothing(turn: Turn) -> str:
    if turn.facts:
        return "\n".join(fact.strip("[]") for fact in turn.facts)
    return f"There was nothing in your message that I can read. {ABOUT}"

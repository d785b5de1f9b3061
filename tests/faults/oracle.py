"""The verdict, from the outside alone: nothing lost, nothing twice, nothing out of order, no effect unasked."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tests.faults.numbered_model import PARTS
from tests.faults.seen import Effect, Shown, Told
from tests.faults.workload import Wish

GAVE_UP = "I tried several times"
_ANSWER = re.compile(r"\bok (m\d{5})")
_OUTCOME = re.compile(r"\b(done|denied|waiting|unknown|failed) (m\d{5})")
_PART = re.compile(r"\bpart (\d+) of (m\d{5})")
_RANG = re.compile(r"⏰ rang (m\d{5})")


@dataclass
class Verdict:
    """`wrong` are the broken promises, in sentences; `counts` is what else happened."""

    wrong: list[str] = field(default_factory=list[str])
    counts: Counter[str] = field(default_factory=Counter[str])


@dataclass(frozen=True)
class View:
    """One chat as one phone shows it."""

    phone: str
    chat: str
    bubbles: Sequence[Shown]

    @property
    def text(self) -> str:
        return "\n".join(bubble.text for bubble in self.bubbles)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything that was seen from the outside."""

    wishes: Sequence[Wish]
    yes: dict[str, set[str]]
    ledger: Sequence[Told]
    views: Sequence[View]
    effects: Sequence[Effect]
    dead: frozenset[str] = frozenset()
    """Ids of messages that the agent keeps as dead letters. They count only where the chat was told."""
    unasked: frozenset[str] = frozenset()
    """Numbers whose run asks something of which nobody knows whether it arrived: they have no answer for as long."""
    overtaken: frozenset[str] = frozenset()
    """Numbers that WhatsApp itself handed over later than it was their turn."""


def judge(evidence: Evidence) -> Verdict:
    """Compare what was asked with what was seen."""
    verdict = Verdict()
    verdict.wrong += [
        *_unreceipted(evidence),
        *(line for view in evidence.views for line in _of_view(view, evidence)),
        *_effects(evidence),
    ]
    _count(evidence, verdict.counts)
    return verdict


def _unreceipted(evidence: Evidence) -> Iterator[str]:
    for told in evidence.ledger:
        if told.state != "receipted":
            yield f"WhatsApp still has {told.id} of {told.chat}: {told.state}"


def _of_view(view: View, evidence: Evidence) -> Iterator[str]:
    """Look at one chat: every message answered once, in the order in which WhatsApp had them."""
    who = f"+{view.phone}" if view.phone == view.chat else f"+{view.phone} in {view.chat}"
    place = {told.id: told.seq for told in evidence.ledger}
    told_of_giving_up = GAVE_UP in view.text
    wishes = {w.number: w for w in evidence.wishes if w.chat == view.chat}
    excused = {w.number for w in wishes.values() if told_of_giving_up and w.id in evidence.dead}
    excused |= evidence.unasked
    answers = Counter(_ANSWER.findall(view.text))
    yield from (f"{who} got {count} answers to {number}" for number, count in answers.items() if count > 1)
    yield from (
        f"{who} got an answer to {number} of another chat" for number in answers.keys() - wishes.keys()
    )
    yield from (f"{who} got no answer to {number}" for number in wishes.keys() - answers.keys() - excused)
    any_turn = excused | evidence.overtaken
    order = [(n, place.get(wishes[n].id, 0)) for n in answers if n in wishes and n not in any_turn]
    yield from (
        f"{who}: the answers are out of order near {number}"
        for (number, here), (_, next) in pairwise(order)
        if here > next
    )
    yield from _parts(who, view.text, {n for n in answers if n in wishes and wishes[n].wish == "long"})
    yield from _reminders(who, view, wishes)
    yield from _files(who, view, wishes)


def _parts(who: str, text: str, longs: set[str]) -> Iterator[str]:
    """See that a long answer is there as a whole, its parts in order and once."""
    parts: dict[str, list[int]] = {}
    for part, number in _PART.findall(text):
        parts.setdefault(number, []).append(int(part))
    for number in longs:
        if parts.get(number) != list(range(1, PARTS + 1)):
            yield f"{who} got the parts {parts.get(number)} of the answer to {number}"


def _reminders(who: str, view: View, wishes: dict[str, Wish]) -> Iterator[str]:
    rang = Counter(_RANG.findall(view.text))
    done = {n for outcome, n in _OUTCOME.findall(view.text) if outcome == "done"}
    for number in {n for n, wish in wishes.items() if wish.wish == "remind"}:
        if rang[number] > 1:
            yield f"{who} was reminded {rang[number]} times of {number}"
        if number in done and not rang[number]:
            yield f"{who} was never reminded of {number}"


def _files(who: str, view: View, wishes: dict[str, Wish]) -> Iterator[str]:
    """See that a file came back once, when Cleo says so, and that Cleo says it once."""
    said = Counter(re.findall(r"\bdone (m\d{5})", view.text))
    yield from (f"{who} was told {count} times that {n} is done" for n, count in said.items() if count > 1)
    files = Counter(bubble.media.filename for bubble in view.bubbles if bubble.media)
    for number in {n for n, wish in wishes.items() if wish.wish == "file"}:
        came = files[f"{number}.png"]
        if came > 1 or (number in said and not came):
            yield f"{who} got the file of {number} {came} times"


def _effects(evidence: Evidence) -> Iterator[str]:
    """No effect twice for one call or one yes, none without a yes, and none that is only said."""
    for key, count in Counter(effect.key for effect in evidence.effects).items():
        if count > 1:
            yield f"a tool ran {count} times for the call {key}"
    for number, count in Counter(e.number for e in evidence.effects if e.tool == "mark").items():
        if count > 1:
            yield f"{number} was marked {count} times"
    for effect in evidence.effects:
        refs = evidence.yes.get(effect.number, set())
        if effect.tool == "press" and effect.key.removeprefix("confirmed:") not in refs:
            yield f"{effect.number} was pressed without a yes ({effect.key})"
    yield from _only_said(evidence)


def _only_said(evidence: Evidence) -> Iterator[str]:
    happened = {effect.number for effect in evidence.effects}
    tried = {wish.number for wish in evidence.wishes if wish.wish in ("mark", "press")}
    said = {n: o for view in evidence.views for o, n in _OUTCOME.findall(view.text) if n in tried}
    done = {
        n for view in evidence.views for o, n in _OUTCOME.findall(view.text) if n in tried and o == "done"
    }
    yield from (f"{number} was told as done and never happened" for number in done - happened)
    dead = {wish.number for wish in evidence.wishes if wish.id in evidence.dead}
    silent = happened - said.keys() - dead - evidence.unasked
    yield from (f"{number} happened and nobody was told" for number in silent)


def _count(evidence: Evidence, counts: Counter[str]) -> None:
    counts["messages"] = len(evidence.wishes)
    counts["receipted"] = sum(told.state == "receipted" for told in evidence.ledger)
    counts["asked again by WhatsApp"] = sum(told.retries > 0 for told in evidence.ledger)
    counts["yes given"] = sum(len(refs) for refs in evidence.yes.values())
    for effect in evidence.effects:
        counts[f"effects of {effect.tool}"] += 1
    for view in evidence.views:
        counts["bubbles"] += len(view.bubbles)
        counts["re-sends that no phone showed"] += sum(bubble.deliveries - 1 for bubble in view.bubbles)
        counts["bubbles that came unreadable first"] += sum(b.kind == "undecryptable" for b in view.bubbles)
        counts["given up, and told"] += view.text.count(GAVE_UP)
        counts["outcome unknown, and told"] += len(re.findall(r"\bunknown m\d{5}", view.text))
        counts["model trouble, and told"] += view.text.count("The model cannot be reached")

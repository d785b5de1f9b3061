"""The verdict where a send that was cut off cannot be repeated safely: at most one doubtful repeat, marked."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tests.faults.cloud_harness import Books, Row
from tests.faults.oracle import Evidence, Verdict, View, judge
from tests.faults.seen import Shown

AGAIN = "#2"
"""What a second attempt has behind its key at the Cloud API."""

_RARE = 5
"""For so many cuts, one message may stay in doubt for good: two cuts must fall on it, and a restart begins with just
what was cut off before."""


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """What is known beside the evidence; `cuts` is how often a send may have been cut off."""

    cuts: int
    account: str
    books: Books
    outbox: Sequence[Row]
    items: Sequence[str]
    given_up: set[str]
    chats: Mapping[str, str]
    """In which conversation each message to Cleo belongs, by its id."""
    unasked: frozenset[str] = frozenset()
    """Ids of messages whose run asks something of which nobody knows whether it arrived."""

    @property
    def shown(self) -> set[str]:
        """Keys of what the Graph server took."""
        return {line.ref.removesuffix(AGAIN) for line in self.books.all("accepted")}

    @property
    def lost(self) -> list[Row]:
        """What nobody knows of, and what indeed never arrived."""
        return [row for row in self.outbox if row.state == "unknown" and row.key not in self.shown]


def judge_in_doubt(evidence: Evidence, doubt: Doubt) -> Verdict:
    """Judge as strictly as always what is left when marked repeats are taken out, and what is in doubt put in."""
    views = [_restored(view, evidence, doubt) for view in evidence.views]
    unasked = frozenset(wish.number for wish in evidence.wishes if wish.id in doubt.unasked)
    verdict = judge(replace(evidence, views=views, unasked=unasked))
    verdict.wrong += [*_repeats(evidence.views, doubt), *_unknown(doubt), *_webhooks(doubt)]
    again = [key for key, refs in _accepted(doubt).items() if key + AGAIN in refs]
    verdict.counts["there twice, and marked"] = len(_doubles(doubt))
    verdict.counts["sent once more, and there once"] = len(again) - len(_doubles(doubt))
    verdict.counts["nobody knows, and told"] = len(doubt.lost)
    verdict.counts["of these, not sent once more"] = sum(row.attempt == 1 for row in doubt.lost)
    verdict.counts["sends that may have been cut off"] = doubt.cuts
    verdict.counts["webhook items"] = len(doubt.books.posted)
    return verdict


def _once(bubbles: Sequence[Shown]) -> list[Shown]:
    """Leave the marked repeats of what is there already out."""
    known: set[str | None] = set()
    kept: list[Shown] = []
    for bubble in bubbles:
        key = bubble.ref and bubble.ref.removesuffix(AGAIN)
        if bubble.ref == key or key not in known:
            kept.append(bubble)
        known.add(key)
    return kept


def _restored(view: View, evidence: Evidence, doubt: Doubt) -> View:
    """Put in, at its place, what nobody knows of."""
    bubbles = _once(view.bubbles)
    rows = {row.key: row for row in doubt.outbox}
    here = [rows[key] for bubble in bubbles if (key := (bubble.ref or "").removesuffix(AGAIN)) in rows]
    places = {doubt.chats.get(wish.id) for wish in evidence.wishes if wish.chat == view.chat}
    for row in doubt.lost:
        if row.conversation in places:
            before = sum(each.seq < row.seq for each in here)
            bubbles.insert(before, _imagined(row))
            here.insert(before, row)
    return replace(view, bubbles=bubbles)


def _imagined(row: Row) -> Shown:
    media = {"filename": row.filename} if row.filename else None
    fields = {"seq": 0, "id": row.key, "from": "", "kind": "text", "text": row.text, "ref": row.key}
    return Shown.model_validate({**fields, "media": media})


def _accepted(doubt: Doubt) -> Mapping[str, Counter[str]]:
    """How often the Graph server took each message, by its key, and under which names."""
    found: dict[str, Counter[str]] = {}
    for line in doubt.books.all("accepted"):
        found.setdefault(line.ref.removesuffix(AGAIN), Counter())[line.ref] += 1
    return found


def _doubles(doubt: Doubt) -> list[str]:
    return [key for key, refs in _accepted(doubt).items() if len(refs) > 1]


def _repeats(views: Sequence[View], doubt: Doubt) -> Iterator[str]:
    """See that nothing was repeated without a mark, and no more than was cut off."""
    for key, refs in _accepted(doubt).items():
        yield from (f"{ref} was sent {count} times, unmarked" for ref, count in refs.items() if count > 1)
        if not key:
            yield "something was sent without a key"
    for view in views:
        for ref, count in Counter(bubble.ref for bubble in view.bubbles).items():
            if count > 1:
                yield f"+{view.phone} shows {ref} {count} times"
    if len(doubles := _doubles(doubt)) > doubt.cuts:
        yield f"{len(doubles)} messages are there twice after {doubt.cuts} cuts"


def _unknown(doubt: Doubt) -> Iterator[str]:
    """See that every message came to an end, that what is in doubt is told, and that doubt is rare."""
    for row in doubt.outbox:
        here = row.key in doubt.shown
        if here and row.state not in {"delivered", "read"}:
            yield f"{row.key} arrived, and the agent takes it for {row.state}"
        if not here and row.state != "unknown":
            yield f"{row.key} never arrived, and the agent takes it for {row.state}"
        if not here and row.key not in doubt.given_up:
            yield f"{row.key} is in doubt, and nobody is told"
    if len(doubt.lost) > 1 + doubt.cuts / _RARE:
        yield f"{len(doubt.lost)} messages stay in doubt after {doubt.cuts} cuts"


def _webhooks(doubt: Doubt) -> Iterator[str]:
    """See that all that was told was taken in the end, and is kept once."""
    for item, answers in doubt.books.posted.items():
        if 200 not in answers:
            yield f"the webhook item {item} was never taken, only answered {answers}"
    expected = {_key(doubt.account, item) for item in doubt.books.posted}
    kept = Counter(doubt.items)
    yield from (f"the webhook item {key} is kept {kept[key]} times" for key in expected if kept[key] != 1)
    yield from (f"the webhook item {key} was never told" for key in kept.keys() - expected)


def _key(account: str, item: str) -> str:
    what, _, id = item.partition(":")
    return f"{account}/message/{id}" if what == "message" else f"{account}/status/{id}/{what}"

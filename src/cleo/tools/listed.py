"""Numbered things that people list, and name by number or by words."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cleo.domain.errors import ToolError
from cleo.ports import Record, ToolContext, Transaction

_COUNTER = "counter"
_NUMBERED = re.compile(
    r"\A(?:no\.?|number|#)?\s*(\d{1,9})(?:\s*[.):]\s*(?P<text>.+))?", re.IGNORECASE | re.DOTALL
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One line of a list. The number belongs to it for good: it is never given to another thing."""

    id: str
    number: int
    text: str

    def __str__(self) -> str:
        return f"{self.number}. {self.text}"

    @property
    def resolved(self) -> str:
        """The line with a mark of the thing itself: no other one, however alike, has the same."""
        return f"{self} #{hashlib.sha256(self.id.encode()).hexdigest()[:8]}"


def show(listed: Sequence[Listed], title: str, empty: str) -> str:
    """Write a list for people, or say that there is nothing."""
    return "\n".join([title, *map(str, listed)]) if listed else empty


def matching(listed: Sequence[Listed], wanted: str) -> list[Listed]:
    """Those that `wanted` can mean: a number, a whole line, the whole text, or words that the text contains."""
    numbered = _NUMBERED.fullmatch(wanted.strip())
    if numbered:
        by_number = [one for one in listed if one.number == int(numbered[1])]
        text = numbered["text"]
        found = [one for one in by_number if text is None or same(one.text, text)]
        if found or text is not None:
            return found
    exact = [one for one in listed if same(one.text, wanted)]
    words = re.compile(rf"(?<!\w){re.escape(_fold(wanted))}(?!\w)")
    return exact or [one for one in listed if wanted.strip() and words.search(_fold(one.text))]


def pick(listed: Sequence[Listed], wanted: str, noun: str) -> Listed:
    """Find the one that is meant. Raises `ToolError` when it is none, or could be several."""
    found = [one for one in listed if one.resolved == wanted] or matching(listed, wanted)
    if len(found) == 1:
        return found[0]
    if not found:
        raise ToolError(f"There is no {noun} {wanted.strip()!r}. Nothing was done.")
    several = "\n".join(map(str, found[:10]))
    raise ToolError(f"{wanted.strip()!r} fits {len(found)} {noun}s; say which:\n{several}")


def same(one: str, other: str) -> bool:
    """Whether two texts differ only in case and spaces."""
    return _fold(one) == _fold(other)


def next_number(tx: Transaction, ctx: ToolContext, of: str) -> int:
    """Give out the next number of this conversation for a kind of thing, from 1."""
    for record in tx.records.of(ctx.conversation, _COUNTER, of):
        number = int(record.body) + 1
        tx.records.update(record.id, str(number))
        return number
    tx.records.add(
        Record(
            id=f"{_COUNTER}/{ctx.conversation}/{of}",
            conversation=ctx.conversation,
            kind=_COUNTER,
            name=of,
            body="1",
            at=ctx.clock.now(),
        )
    )
    return 1


def _fold(text: str) -> str:
    return " ".join(text.casefold().split())

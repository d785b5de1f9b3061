"""Answers to a confirmation: what people type, tap and react with, read by rules and never by the model."""

import unicodedata
from dataclasses import dataclass
from typing import Literal

from cleo.domain.confirmation import is_ref

Verdict = Literal["yes", "no"]

_YES_EMOJI = frozenset({"👍", "✅"})
_NO_EMOJI = frozenset({"👎", "❌", "🚫"})
_IGNORED_MARKS = frozenset({*range(0x1F3FB, 0x1F400), 0xFE0E, 0xFE0F, 0x200D})

_YES = frozenset(
    {
        "yes",
        "y",
        "yep",
        "yeah",
        "do it",
        "yes please",
        "ja",
        "jo",
        "ja bitte",
        "mach es",
        "si",
        "sí",
        "oui",
        "sim",
    }
)
_NO = frozenset(
    {"no", "n", "nope", "don't", "dont", "no thanks", "nein", "ne", "nein danke", "non", "não", "nao"}
)
_YES_IN_REPLY = _YES | {"ok", "okay", "sure", "klar", "gern", "go ahead"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A yes or no that somebody typed. No `refs` and not `everything`: the one that is open, or was quoted."""

    verdict: Verdict
    refs: tuple[str, ...] = ()
    everything: bool = False
    reason: str = ""


def verdict_of_emoji(emoji: str) -> Verdict | None:
    """Read a reaction: 👍 ✅ say yes, 👎 ❌ 🚫 say no, everything else (❤, 👌, …) is no answer."""
    bare = "".join(mark for mark in emoji if ord(mark) not in _IGNORED_MARKS)
    if bare in _YES_EMOJI:
        return "yes"
    return "no" if bare in _NO_EMOJI else None


def tap_id(verdict: Verdict, ref: str) -> str:
    """Name a button under a question."""
    return f"{verdict}:{ref}"


def read_tap(id: str) -> Answer | None:
    """Read the name of a button that was tapped; None: it is of no question."""
    verdict, _, ref = id.partition(":")
    if not is_ref(ref):
        return None
    return Answer(verdict="yes", refs=(ref,)) if verdict == "yes" else _no_to(verdict, ref)


def _no_to(verdict: str, ref: str) -> Answer | None:
    return Answer(verdict="no", refs=(ref,)) if verdict == "no" else None


def read_answer(text: str, *, in_reply: bool) -> Answer | None:
    """Read a typed answer, or tell that it is none.

    Accepted: a yes or no word alone; `yes K7Q4`, `no K7Q4 R2MX`, `no all` (`yes all` does not exist); in a
    reply to the question also `no, because …`, whose rest is the reason.
    """
    words = _fold(text)
    if not words or len(words) > 400:
        return None
    return _with_refs(words) or _bare(words, in_reply=in_reply) or (_no_because(text) if in_reply else None)


def _fold(text: str) -> str:
    return _plain(text).casefold()


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).replace("’", "'").split()).strip(" .!,")


def _bare(words: str, *, in_reply: bool) -> Answer | None:
    if words in (_YES_IN_REPLY if in_reply else _YES):
        return Answer(verdict="yes")
    if words in _NO:
        return Answer(verdict="no")
    return _bare_emoji(words)


def _bare_emoji(words: str) -> Answer | None:
    verdict = verdict_of_emoji(words)
    return Answer(verdict=verdict) if verdict else None


def _with_refs(words: str) -> Answer | None:
    head, _, tail = words.partition(" ")
    verdict: Verdict | None = "yes" if head in _YES else "no" if head in _NO else None
    if verdict is None or not tail:
        return None
    if tail == "all":
        return Answer(verdict="no", everything=True) if verdict == "no" else None
    refs = tuple(ref.upper() for ref in tail.replace(",", " ").split())
    return Answer(verdict=verdict, refs=refs) if all(is_ref(ref) for ref in refs) else None


def _no_because(text: str) -> Answer | None:
    """The reason stays as it was written: it may hold names and addresses."""
    words = _plain(text)
    for separator in (",", ":", " -", " –", " because", "."):
        place = words.casefold().find(separator)
        tail = words[place + len(separator) :]
        if place > 0 and _fold(words[:place]) in _NO and tail.strip():
            why = separator.strip(" ,:-–.")
            return Answer(verdict="no", reason=f"{why} {tail.strip()}".strip())
    return None

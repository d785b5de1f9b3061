"""Confirmation: the rules of asking before a tool changes something, and of reading the answers.

    pending ──yes, in time──▶ approved ──claim──▶ executing ──▶ succeeded
       ▲                        │                   ├────────▶ failed    the tool says: nothing was done
       └────👍 taken back───────┤                   └────────▶ unknown   timeout, crash, any other error
    pending ──clock──▶ expired ◀┘ a grant nobody used in time
    pending|approved ──no──▶ denied    ──another wish in reply──▶ superseded
    pending|approved ──cannot ask; bytes, tool or approver changed──▶ cancelled

Two flags stand beside the state: `detached` (the model was answered "not run yet", the question lives on alone)
and `reported` (the model's history holds the outcome).
"""

import secrets
import unicodedata
from dataclasses import dataclass
from typing import Literal

from cleo.domain.conversation import ConversationId
from cleo.domain.identity import PersonId

State = Literal[
    "pending",
    "approved",
    "executing",
    "succeeded",
    "failed",
    "unknown",
    "denied",
    "expired",
    "superseded",
    "cancelled",
]
Verdict = Literal["yes", "no"]

OPEN: frozenset[State] = frozenset({"pending", "approved"})
FINAL: frozenset[State] = frozenset(
    {"succeeded", "failed", "unknown", "denied", "expired", "superseded", "cancelled"}
)

MOVES: dict[State, frozenset[State]] = {
    "pending": frozenset({"approved", "denied", "expired", "superseded", "cancelled"}),
    "approved": frozenset({"pending", "executing", "denied", "expired", "superseded", "cancelled"}),
    "executing": frozenset({"succeeded", "failed", "unknown"}),
}
"""Every legal arrow; a state that is missing is final."""

EXPIRY = 30 * 60.0
"""Seconds from the prompt's delivery to WhatsApp until nobody can say yes any more."""
GRANT_AGE = 15 * 60.0
"""Seconds that a yes stays good when the tool could not run at once."""
UNDELIVERED = 24 * 3600.0
"""Seconds after which a question that could not be delivered is cancelled."""
HOLD = 20.0
"""Seconds that a half-answered batch waits for the rest before it goes on without."""
MAX_OPEN = 5
"""Open questions in one conversation."""

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
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
class Confirmation:
    """One question about one frozen call. Times are Unix seconds; `plan` is the exact JSON that was shown."""

    ref: str
    conversation: ConversationId
    batch: int
    call_id: str
    tool: str
    tool_hash: str
    plan: str
    digest: str
    asked_by: PersonId
    created_at: float
    state: State = "pending"
    detached: bool = False
    reported: bool = False
    asked_at: float | None = None
    expires_at: float | None = None
    decided_by: PersonId | None = None
    decided_via: str = ""
    decided_at: float | None = None
    reason: str = ""
    retry_of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A yes or no that somebody typed. No `refs` and not `everything`: the one that is open, or was quoted."""

    verdict: Verdict
    refs: tuple[str, ...] = ()
    everything: bool = False
    reason: str = ""


def new_ref() -> str:
    """Make a short code that people can type: 4 characters without 0, O, 1, I and L."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(4))


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
    if not _is_ref(ref):
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
    return Answer(verdict=verdict, refs=refs) if all(_is_ref(ref) for ref in refs) else None


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


def _is_ref(word: str) -> bool:
    return len(word) == 4 and all(mark in _ALPHABET for mark in word)

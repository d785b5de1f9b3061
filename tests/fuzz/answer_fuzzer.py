"""Answers to questions by chance: a yes is only read from a word of yes, alone or with refs."""

import re
import unicodedata

from hypothesis import strategies as st
from tests.fuzz.play import play

from cleo.domain.answer import read_answer, read_tap, verdict_of_emoji
from cleo.domain.confirmation import is_ref

YES = {
    *(
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
    ),
    *("ok", "okay", "sure", "klar", "gern", "go ahead"),
}
"""Every word of yes, courtesy included."""
SIGNS = {"👍", "✅"}
_UNSEEN = re.compile("[\U0001f3fb-\U0001f3ff\ufe0e\ufe0f\u200d]")

words = st.sampled_from(
    [*sorted(YES), "YES", "ｙｅｓ", "уes", "no", "No", "nein", "don't", "all", "maybe", "and", "not"]
)
refs = st.sampled_from(["K7Q4", "k7q4", "R2MX", "r2mx", "K7Q", "K7Q45", "K0Q4", "Ｋ７Ｑ４"])
marks = st.sampled_from(
    [*" .,!?:;-–'’\n\t\u00a0\u200b\u200d\ufe0f\u202e\0", "👍", "👍🏽", "✅", "👎", "❤️", "👌", "🏻", "\ud83d"]
)
texts = st.lists(words | words | refs | marks | marks | st.text(max_size=4), max_size=7).map(
    "".join
) | st.lists(words | refs, min_size=1, max_size=5).map(" ".join)


def check_answer(text: str) -> None:
    """Read a text as an answer of its own and as one in reply."""
    alone, reply = read_answer(text, in_reply=False), read_answer(text, in_reply=True)
    if alone and alone.verdict == "yes":
        assert reply == alone
    for answer in (alone, reply):
        if answer:
            assert not (answer.refs and answer.everything)
            assert all(is_ref(ref) for ref in answer.refs)
        if answer and answer.verdict == "yes":
            assert not answer.everything and not answer.reason
            assert _said(text) in {(word, answer.refs) for word in YES} | {(sign, ()) for sign in SIGNS}
    assert (verdict_of_emoji(text) == "yes") == (_UNSEEN.sub("", text) in SIGNS)
    tapped = read_tap(text)
    assert tapped is None or text == f"{tapped.verdict}:{tapped.refs[0]}"


def _said(text: str) -> tuple[str, tuple[str, ...]]:
    """Divide a text into what it says and the refs at its end, by another way than ours."""
    plain = unicodedata.normalize("NFKC", text).replace("’", "'").casefold()
    if (bare := _UNSEEN.sub("", "".join(plain.split())).strip(".!,")) in SIGNS:
        return bare, ()
    said = [word for word in re.split(r"[\s,.!]+", plain) if word]
    named: list[str] = []
    while len(said) > 1 and " ".join(said) not in YES and is_ref(said[-1].upper()):
        named.insert(0, said.pop().upper())
    return " ".join(said), tuple(named)


def fuzz_answers(*, examples: int, seed: int) -> None:
    """Read so many texts."""
    play(texts, check_answer, count=examples, seed=seed)

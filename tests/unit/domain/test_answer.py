"""How answers to questions are read: what is a yes, what is a no, and what is neither."""

import pytest

from cleo.domain.answer import Answer, Verdict, read_answer, read_tap, tap_id, verdict_of_emoji
from cleo.domain.confirmation import new_ref

YES, NO = Answer(verdict="yes"), Answer(verdict="no")


def no(reason: str) -> Answer:
    return Answer(verdict="no", reason=reason)


@pytest.mark.parametrize(
    ("emoji", "verdict"),
    [
        *(
            (yes, "yes")
            for yes in (
                "👍",
                "✅",
                "👍🏻",
                "👍🏼",
                "👍🏽",
                "👍🏾",
                "👍🏿",
                "👍\ufe0f",
                "✅\ufe0e",
                "👍\u200d",
            )
        ),
        *((no, "no") for no in ("👎", "❌", "🚫", "👎🏿", "❌\ufe0f")),
        *((other, None) for other in ("", "❤️", "👌", "🙏", "💯", "😂", "👍👍", "👍👎", "ok", "🏻", "👍🎿")),
    ],
)
def test_few_emoji_answer_in_any_skin_colour(emoji: str, verdict: Verdict | None) -> None:
    assert verdict_of_emoji(emoji) == verdict
    assert (
        read_answer(emoji, in_reply=False) == (Answer(verdict=verdict) if verdict else None) or emoji == "👍 "
    )


@pytest.mark.parametrize("in_reply", [False, True])
@pytest.mark.parametrize(
    ("text", "answer"),
    [
        *(
            (text, YES)
            for text in ("yes", "Yes", "YES!", " yes. ", "y", "yep", "do it", "Do  it!", "yes please")
        ),
        *(
            (text, YES)
            for text in (
                "ja",
                "Ja bitte!",
                "mach es",
                "sí",
                "si",
                "oui",
                "sim",
                "ｙｅｓ",
                "yes,",
                "👍",
                "✅!",
            )
        ),
        *((text, NO) for text in ("no", "No.", "n", "nope", "don't", "don’t", "DON'T!", "no thanks", "nein")),
        *((text, NO) for text in ("Nein danke", "non", "não", "nao", "n\u0061\u0303o", "👎", "🚫")),
        *(
            (text, None)
            for text in ("", "  ", "...", "maybe", "yes or no", "yes and the tape", "I said yes", "yes?")
        ),
        *((text, None) for text in ("no way", "know", "yesterday", "not yet", "yes no", "XyesX", "👌")),
    ],
)
def test_a_word_alone_answers_however_it_is_written(text: str, answer: Answer | None, in_reply: bool) -> None:
    assert read_answer(text, in_reply=in_reply) == answer


@pytest.mark.parametrize("text", ["ok", "OK!", "okay", "sure", "klar", "gern", "go ahead"])
def test_courtesy_is_a_yes_only_in_a_reply_to_the_question(text: str) -> None:
    assert read_answer(text, in_reply=True) == YES
    assert read_answer(text, in_reply=False) is None


@pytest.mark.parametrize("in_reply", [False, True])
@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("yes K7Q4", Answer(verdict="yes", refs=("K7Q4",))),
        ("Yes k7q4!", Answer(verdict="yes", refs=("K7Q4",))),
        ("ja K7Q4 R2MX", Answer(verdict="yes", refs=("K7Q4", "R2MX"))),
        ("no K7Q4, R2MX,9999", Answer(verdict="no", refs=("K7Q4", "R2MX", "9999"))),
        ("nein k7q4", Answer(verdict="no", refs=("K7Q4",))),
        ("no all", Answer(verdict="no", everything=True)),
        ("No ALL.", Answer(verdict="no", everything=True)),
        ("yes all", None),
        ("ok K7Q4", None),
        ("maybe K7Q4", None),
        ("K7Q4", None),
        ("K7Q4 yes", None),
        ("yes K7Q", None),
        ("yes K7Q44", None),
        ("yes K7Q4 R2M", None),
        ("yes K7QO", None),
        ("yes K0Q4", None),
        ("yes I1LO", None),
        ("no all K7Q4", None),
    ],
)
def test_an_answer_names_the_questions_that_it_is_for(
    text: str, answer: Answer | None, in_reply: bool
) -> None:
    assert read_answer(text, in_reply=in_reply) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("no, because I still need it", no("because I still need it")),
        ("No because I still need it.", no("because I still need it")),
        ("no: Anna needs it", no("Anna needs it")),
        ("nein – Anna braucht sie noch", no("Anna braucht sie noch")),
        ("nein - Anna braucht sie noch", no("Anna braucht sie noch")),
        ("No. Ask Anna@example.com first!", no("Ask Anna@example.com first")),
        ("nope,tomorrow", no("tomorrow")),
        ("n, tomorrow", no("tomorrow")),
        ("no thanks, keep  it", no("keep it")),
        ("don’t. It is Anna's", no("It is Anna's")),
        ("no, not now: later, perhaps", no("not now: later, perhaps")),
        ("no because", None),
        ("no, ", NO),
        ("no wait", None),
        ("well, no", None),
        (", no", NO),
        ("yes, but only the tape", None),
        ("not that, the other", None),
    ],
)
def test_a_no_in_reply_may_say_why_in_the_words_it_was_written_in(text: str, answer: Answer | None) -> None:
    assert read_answer(text, in_reply=True) == answer
    if answer is None or answer.reason:
        assert read_answer(text, in_reply=False) is None


def test_a_long_text_is_no_answer() -> None:
    longest = f"no, {'x' * 396}"
    assert len(longest) == 400
    assert read_answer(longest, in_reply=True) == no("x" * 396)
    assert read_answer(f"{longest}x", in_reply=True) is None


@pytest.mark.parametrize("verdict", ["yes", "no"])
def test_a_button_answers_the_question_that_made_it(verdict: Verdict) -> None:
    assert tap_id(verdict, "K7Q4") == f"{verdict}:K7Q4"
    assert read_tap(tap_id(verdict, "K7Q4")) == Answer(verdict=verdict, refs=("K7Q4",))


@pytest.mark.parametrize(
    "id",
    [
        "",
        "yes",
        "yes:",
        "yes:K7Q",
        "yes:K7QO",
        "yes:k7q4",
        "perhaps:K7Q4",
        "YES:K7Q4",
        ":K7Q4",
        "yes:no:K7Q4",
        "K7Q4",
    ],
)
def test_any_other_button_is_of_no_question(id: str) -> None:
    assert read_tap(id) is None


def test_a_ref_can_be_typed_back_without_mistaking_a_letter() -> None:
    refs = {new_ref() for _ in range(300)}
    assert len(refs) > 250
    assert {len(ref) for ref in refs} == {4}
    letters = set("".join(refs))
    assert not letters & set("01OIL")
    assert len(letters) > 28
    for ref in refs:
        assert read_answer(f"yes {ref.lower()}", in_reply=False) == Answer(verdict="yes", refs=(ref,))

"""The words of a question, to the letter: what it shows, what it shortens, and what comes before it in full."""

import json

import pytest

from cleo.agent.approval.prompt_text import QUESTION_MAX, question, visible


def asked(**arguments: object) -> tuple[str, str]:
    return question("wipe a disk", "K7Q4", json.dumps({"tool": "wipe", "args": arguments}))


def lines(**arguments: object) -> list[str]:
    """The lines of a question that stand for its arguments."""
    text, whole = asked(**arguments)
    assert whole == ""
    head, *shown, answers, good_for = text.split("\n")
    assert head == "⏳ *Confirm: wipe a disk* · K7Q4"
    assert answers == "👍 do it   👎 don't   – or reply to this message"
    assert good_for == "Good for 30 min."
    return shown


def test_every_argument_has_a_line_in_the_order_of_the_plan() -> None:
    assert lines(name="disk", count=3, hard=False) == ["name: `disk`", "count: 3", "hard: false"]
    assert lines() == []


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("", "(empty)"),
        (" ", "`[U+0020 SPACE]`"),
        ("x" * 160, f"`{'x' * 160}`"),
        (0, "0"),
        (-12.5, "-12.5"),
        (None, "null"),
        (True, "true"),
        ("3", "`3`"),
        ([], "`[]`"),
        (["a", "ü"], '`["a", "ü"]`'),
        ({"to": "b`c"}, '`{"to": "b[U+0060 GRAVE ACCENT]c"}`'),
        (12345678901234567890, "12345678901234567890"),
        (123456789012345678901, "`123456789012345678901`"),
    ],
)
def test_a_value_is_shown_so_that_words_and_numbers_cannot_be_mistaken(value: object, shown: str) -> None:
    assert lines(value=value) == [f"value: {shown}"]


@pytest.mark.parametrize(
    ("seconds", "minutes"),
    [(1800.0, 30), (60.0, 1), (1.0, 1), (0.0, 1), (89.0, 1), (91.0, 2), (86400.0, 1440)],
)
def test_a_question_says_for_how_long_it_is_good(seconds: float, minutes: int) -> None:
    text, _ = question("wipe a disk", "K7Q4", '{"args": {}}', seconds)
    assert text.endswith(f"\nGood for {minutes} min.")


def test_a_long_value_is_shown_by_its_ends_and_whole_in_front() -> None:
    text = f"\n{'first ' * 20}\nmiddle\n{' last' * 20}\n"
    short, whole = asked(name="disk", note=text)
    first, last = f"{'first ' * 20}"[:59], f"{' last' * 20}"[-59:]
    assert short.split("\n")[1:3] == [
        "name: `disk`",
        f"note: `{first}` … `{last}` – {len(text)} characters (whole text above)",
    ]
    assert whole == "\n".join(
        ["*wipe a disk* · K7Q4, in full:", "name: `disk`", f"note: `{text.replace(chr(10), '⏎')}`"]
    )


def test_the_length_of_a_very_long_value_is_easy_to_read() -> None:
    short, _ = asked(note="x" * 12345)
    assert f"`{'x' * 60}` … `{'x' * 60}` – 12,345 characters (whole text above)" in short


def test_a_long_value_of_nothing_but_space_is_shown_too() -> None:
    short, whole = asked(note=" " * 161)
    assert "note: `[U+0020 SPACE × 60]` … `[U+0020 SPACE × 60]` – 161 characters" in short
    assert whole.endswith("note: `[U+0020 SPACE × 161]`")


def test_a_long_list_is_shortened_like_a_text() -> None:
    short, whole = asked(names=["anna"] * 40)
    assert 'names: `["anna", "anna"' in short
    assert "– 320 characters (whole text above)" in short
    assert whole.count("anna") == 40


def test_very_many_values_are_only_counted_and_whole_in_front() -> None:
    many = {f"value_{number}": "x" * 100 for number in range(12)}
    short, whole = asked(**many)
    assert short.split("\n")[:-2] == ["⏳ *Confirm: wipe a disk* · K7Q4", "12 values (whole text above)"]
    assert whole.split("\n")[1:] == [f"{name}: `{'x' * 100}`" for name in many]


def test_a_question_is_shown_as_it_is_up_to_its_limit() -> None:
    five = dict.fromkeys("abcde", "x" * 150)
    left = QUESTION_MAX - len(asked(**five, f="x")[0])
    fits = {**five, "f": "x" * (1 + left)}
    short, whole = asked(**fits)
    assert (len(short), whole) == (QUESTION_MAX, "")
    short, whole = asked(**five, f="x" * (2 + left))
    assert "6 values (whole text above)" in short
    assert whole


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb", "a⏎b"),
        ("a\r\nb", "a[U+000D control]⏎b"),
        ("a\tb", "a[U+0009 control]b"),
        ("`", "[U+0060 GRAVE ACCENT]"),
        ("\ud83d", "[U+D83D half a mark]"),
        ("Grüße, 你好 👍🏽", "Grüße, 你好 👍🏽"),
        ("https://example.com/ü", "https://example.com/ü"),
        ("x.аb", "x.xn--b-7sb (⚠️ foreign letters)"),
    ],
)
def test_every_mark_is_seen(text: str, shown: str) -> None:
    assert visible(text) == shown

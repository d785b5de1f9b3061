"""What people get to see of a value, mark by mark."""

import pytest

from cleo.agent.approval.visible import name_of, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u20ddb", "a[U+20DD COMBINING ENCLOSING CIRCLE]b"),
        ("x\u0336y", "x[U+0336 COMBINING LONG STROKE OVERLAY]y"),
        ("\u0301x", "[U+0301 COMBINING ACUTE ACCENT]x"),
        ("1\u0301", "1[U+0301 COMBINING ACUTE ACCENT]"),
        ("a\u0301\u0302", "a\u0301\u0302"),
        *(
            (f"{letter}\u0301\u0302\u0303", f"{letter}\u0301\u0302[U+0303 COMBINING TILDE]")
            for letter in "aλя"
        ),
        ("क्षि", "क्षि"),
        ("кофе", "кофе"),
        ("cоffee", "c[U+043E CYRILLIC SMALL LETTER O]ffee"),
        ("дom", "[U+0434 CYRILLIC SMALL LETTER DE]om"),
        ("日本go", "日本go"),
        ("café", "café"),
        ("иван@mail.ru", "".join(map(name_of, "иван")) + "@mail.ru"),
        ("tom@pаypal.com", "tom@xn--pypal-4ve.com (⚠️ foreign letters)"),
        ("user@почта.рф", "user@xn--80a1acny.xn--p1ai (⚠️ foreign letters)"),
    ],
)
def test_a_value_is_shown_as_what_it_is(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("mark", "name"),
    [
        ("\n", "[U+000A control]"),
        ("\ue000", "[U+E000 private use]"),
        ("\udc80", "[U+DC80 half a mark]"),
        ("\U000e0fff", "[U+E0FFF unassigned]"),
        ("\u200b", "[U+200B ZERO WIDTH SPACE]"),
    ],
)
def test_a_mark_has_its_number_and_a_name(mark: str, name: str) -> None:
    assert name_of(mark) == name

"""Markdown on WhatsApp: how it looks, and that nothing visible is ever lost."""

import unicodedata
from collections import Counter

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cleo.channels.whatsapp.text.graphemes import cut_before
from cleo.channels.whatsapp.text.render import parts

APART = "\u200b"


def one(markdown: str) -> str:
    [part] = parts(markdown, 4000)
    return part


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("Hello", "Hello"),
        ("a **bold** word", "a *bold* word"),
        ("an *italic* and _italic_ word", "an _italic_ and _italic_ word"),
        ("~~gone~~", "~gone~"),
        ("***both***", "*_both_*"),
        ("**bold _and italic_ words**", "*bold _and italic_ words*"),
        ("*italic **and bold** words*", "_italic *and bold* words_"),
        ("`code * here`", "`code * here`"),
        ("``a ` tick``", "a ` tick"),
        ("# Title", "*Title*"),
        ("## Title with **bold**", "*Title with bold*"),
        ("**two\nlines**", "*two*\n*lines*"),
        ("one\ntwo  \nthree", "one\ntwo\nthree"),
        ("one\n\ntwo", "one\n\ntwo"),
        ("[site](https://x.y/z)", "site (https://x.y/z)"),
        ("[https://x.y](https://x.y)", "https://x.y"),
        ("<https://x.y/a_b_c>", "https://x.y/a_b_c"),
        ("**<https://x.y>**", "https://x.y"),
        ("**see [it](https://x.y) now**", "*see it (https://x.y) now*"),
        ("<ann@x.y>", "ann@x.y"),
        ("![a cat](https://x.y/c.png)", "a cat (https://x.y/c.png)"),
        ("- a\n- b", "- a\n- b"),
        ("* a\n  * b\n    c", "- a\n  - b\n    c"),
        ("3. a\n4. b", "3. a\n4. b"),
        ("1. a\n\n   more\n2. b", "1. a\n  more\n2. b"),
        ("> quoted\n> words", "> quoted\n> words"),
        ("> quoted\n> > deeper", "> quoted\n> deeper"),
        ("> - a\n> - b", "> - a\n> - b"),
        ("- > a", "- > a"),
        ("```python\nx = 1\n\ny = '*'\n```", "```\nx = 1\n\ny = '*'\n```"),
        ("    indented", "```\nindented\n```"),
        ("---", "———"),
        ("| a | b |\n|---|---|\n| 1 | **2** |\n| 3 | |", "- a: 1 · b: *2*\n- a: 3 · b: –"),
        ("| only | head |\n|---|---|", "- only · head"),
        ("<b>html</b> &amp; &lt;", "<b>html</b> & <"),
        ("1\\. no list", "1. no list"),
        ("- ", "-"),
        ("\u0000", "\ufffd"),
        ("\ud800", "\ufffd"),
    ],
)
def test_markdown_in_whatsapps_marks(markdown: str, shown: str) -> None:
    assert one(markdown).replace(APART, "") == shown


@pytest.mark.parametrize(
    "literal", ["snake_case_name", "2*3*4", "5 * 3", "a ~ b", "file_*.txt", "~/notes", "a__b__c", "x*y"]
)
def test_marks_in_words_survive(literal: str) -> None:
    assert one(literal).replace(APART, "") == literal


@pytest.mark.parametrize("literal", ["*no bold*", "_no italic_", "~not struck~", "`no code`"])
def test_marks_that_were_meant_as_characters_are_kept_apart(literal: str) -> None:
    escaped = "".join("\\" + mark if mark in "*_~`" else mark for mark in literal)
    mark, words = literal[0], literal[1:-1]
    assert one(escaped) == f"{mark}{APART}{words}{APART}{mark}"


def test_words_that_look_like_a_list_or_quote_stay_words() -> None:
    assert one("\\- no item") == f"{APART}- no item"
    assert one("\\> no quote") == f"{APART}> no quote"


def test_a_style_within_a_word_is_left_out_for_whatsapp_cannot_show_it() -> None:
    assert one("un**believ**able") == "unbelievable"


def test_a_fence_within_code_does_not_end_it() -> None:
    shown = one("~~~\na ``` b\n~~~")
    assert shown.count("```") == 2
    assert shown.replace(APART, "") == "```\na ``` b\n```"


@pytest.mark.parametrize("blank", ["", " ", "\n\n", "\u200b", "&nbsp;", "&#8203;", "[](  )"])
def test_what_shows_nothing_makes_no_message(blank: str) -> None:
    assert parts(blank, 4000) == []


def test_long_texts_are_cut_between_paragraphs() -> None:
    paragraphs = ["word " * 30 for _ in range(5)]
    shown = parts("\n\n".join(paragraphs), 320)
    assert [part.count("word") for part in shown] == [60, 60, 30]


def test_a_long_list_is_cut_between_items() -> None:
    shown = parts("\n".join(f"- item {number}" for number in range(40)), 100)
    assert all(line.startswith("- item ") for part in shown for line in part.split("\n"))
    assert sum(part.count("item") for part in shown) == 40


def test_a_long_paragraph_is_cut_between_words_and_keeps_its_style() -> None:
    shown = parts("**" + "word " * 50 + "end**", 64)
    assert all(part.startswith("*word") and part.endswith("*") and len(part) <= 64 for part in shown)
    assert " ".join(part.strip("*") for part in shown) == "word " * 50 + "end"


def test_parts_are_full_also_where_there_are_more_marks_than_words() -> None:
    shown = parts("**w** " * 4000, 4000)
    assert "".join(shown).count("w") == 4000
    assert all(len(part) > 3900 for part in shown[:-1])


def test_a_long_item_goes_on_indented() -> None:
    shown = parts("- " + "word " * 30, 64)
    assert shown[0].startswith("- word")
    assert all(part.startswith("  word") for part in shown[1:])


def test_long_code_goes_on_in_fences_of_its_own() -> None:
    code = "\n".join(f"line_{number} = '```'" for number in range(60))
    shown = parts(f"Look:\n\n~~~\n{code}\n~~~\n\nDone.", 200)
    assert all(part.count("```") % 2 == 0 for part in shown)
    assert [
        line for part in shown for line in part.replace(APART, "").split("\n") if "line_" in line
    ] == code.split("\n")


CLUSTERS = {
    "family": "👨\u200d👩\u200d👧\u200d👦",
    "flag": "🇩🇪",
    "skin": "👍\U0001f3fd",
    "accents": "e\u0301\u0302",
    "tags": "🏴\U000e0067\U000e0062\U000e007f",
    "hangul": "가\u11a8",
}


@pytest.mark.parametrize("cluster", CLUSTERS.values(), ids=CLUSTERS)
def test_no_character_is_split(cluster: str) -> None:
    shown = parts(cluster * 200, 64)
    assert "".join(shown) == cluster * 200
    assert all(len(part) % len(cluster) == 0 for part in shown)


@pytest.mark.parametrize("cluster", CLUSTERS.values(), ids=CLUSTERS)
def test_no_place_within_a_character_is_a_cut(cluster: str) -> None:
    text = cluster * 3
    cuts = {cut_before(text, place) for place in range(len(cluster), len(text) + 1)}
    assert cuts == {len(cluster), 2 * len(cluster), 3 * len(cluster)}


def test_a_character_longer_than_a_message_is_cut_all_the_same() -> None:
    monster = "a" + "\u0301" * 500
    assert "".join(parts(monster, 64)) == monster
    assert cut_before(monster, 64) == 64


def test_a_limit_must_have_room() -> None:
    with pytest.raises(ValueError, match="32"):
        parts("x", 31)


# Markdown as models write it, and as they should not.
words = st.text(st.sampled_from("ab Z1.*_~`[]()>#-\\!|\n\té😀👍🏽\u0301\u200d🇩"), min_size=1, max_size=40)
pieces = st.one_of(
    words,
    st.just("\n\n"),
    words.map(lambda text: f"**{text}**"),
    words.map(lambda text: f"*{text}*"),
    words.map(lambda text: f"- {text}\n"),
    words.map(lambda text: f"> {text}\n"),
    words.map(lambda text: f"\n```py\n{text}\n```\n"),
    words.map(lambda text: f"[{text}](https://x.y/{len(text)})"),
    words.map(lambda text: f"\n| a | b |\n|--|--|\n| {text} | c |\n\n"),
    st.integers(50, 400).map(lambda count: "long" * count),
    st.integers(10, 80).map(lambda count: "many words " * count),
)
documents = st.lists(pieces, max_size=12).map("".join) | st.text(max_size=300)


def visible(text: str) -> Counter[str]:
    return Counter(mark for mark in text if mark.isalnum() or unicodedata.category(mark) in {"So", "Sk"})


def written(markdown: str) -> Counter[str]:
    """What a Markdown reader shows of a document, by another way than ours: words, code and names of pictures."""
    found: Counter[str] = Counter()
    tokens = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).parse(markdown)
    for token in tokens:
        leaves = token.children if token.children is not None else [token]
        for leaf in leaves:
            if leaf.type in {"text", "code_inline", "fence", "code_block", "image", "text_special"}:
                found += visible(leaf.content)
    return found


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(markdown=documents, limit=st.integers(32, 300) | st.just(4000))
@example(markdown="**" + "a" * 100 + "**", limit=32)
@example(markdown="- " * 30 + "x", limit=32)
@example(markdown="> " * 30 + "x", limit=32)
@example(markdown="100000000. " * 20 + "x " * 60, limit=32)
def test_nothing_visible_is_lost_and_every_part_fits(markdown: str, limit: int) -> None:
    shown = parts(markdown, limit)
    assert not written(markdown.replace("\ud800", "\ufffd")) - visible("".join(shown))
    for part in shown:
        assert len(part) <= limit
        assert part.replace(APART, "").strip()
        assert part.count("```") % 2 == 0
        part.encode()


@settings(max_examples=200, deadline=None)
@given(
    text=st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=600), limit=st.integers(32, 100)
)
def test_plain_words_come_out_as_they_went_in(text: str, limit: int) -> None:
    assert "".join(parts(text, limit)) == text

"""Markdown on WhatsApp: how it looks, and that nothing visible is ever lost."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fuzz.markdown_fuzzer import check_markdown, fuzz_markdown

from cleo.channels.whatsapp.text.render import render_markdown


def one(markdown: str) -> str:
    [message] = render_markdown(markdown, 4000)
    return message


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
        ("\\- no item", "- no item"),
        ("\\> no quote", "> no quote"),
        (">=1.2", ">=1.2"),
        ("3. Oktober\n24. Dezember", "3. Oktober\n24. Dezember"),
        ("1. a\n1. b\n1. c", "1. a\n2. b\n3. c"),
        ("1) a\n2) b", "1) a\n2) b"),
        ("```npm install x\nmore\n```", "```\nnpm install x\nmore\n```"),
        ("```\n\nx\n\n```", "```\n\nx\n\n```"),
        ("~~~\na ``` b\n~~~", "a ``` b"),
        ("| a | b |\n|---|---|\n| 1 | 2 | 3 |", "- a: 1 · b: 2 | 3"),
        ("| a | b |\n|---|---|\n| `x|y` | 2 |", "- a: `x|y` · b: 2"),
        ("| a | b | c |\n|--|--|--|\n| `x | y | z` | 2 |", "- a: `x | y | z` · b: 2 · c: –"),
        ("[1]: https://x.y/a", "[1]: https://x.y/a"),
        ("- ", "-"),
        ("\u0000", "\ufffd"),
        ("\ud800", "\ufffd"),
    ],
)
def test_markdown_in_whatsapps_marks(markdown: str, shown: str) -> None:
    assert one(markdown) == shown


def test_a_style_within_a_word_is_left_out_for_whatsapp_cannot_show_it() -> None:
    assert one("un**believ**able") == "unbelievable"


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("**注意：**今天", "注意：今天"),
        ("**Note: **text", "*Note:* text"),
        ("- **Price: **5 €\n- **When: ** now", "- *Price:* 5 €\n- *When:*  now"),
        ("__Note: __text", "*Note:* text"),
        ("see: **this** and: **that**", "see: *this* and: *that*"),
        ("**注意： **今天", "*注意：* 今天"),
        ("**left **open", "**left **open"),
        ("rm -- **: **x", "rm -- **: **x"),
        ("**Total:**5 €", "Total:5 €"),
        ("**Total:** 5 €", "*Total:* 5 €"),
        ("今天**注意**明天", "今天注意明天"),
        ("今天*注意*明天", "今天注意明天"),
        ("_注意_今天", "注意今天"),
        ("x_注_y and 变量_名", "x_注_y and 变量_名"),
        ("__注意：__今天", "注意：今天"),
        ("***注意：***今天", "注意：今天"),
        ("~~旧~~新", "旧新"),
        ("「**重要**」です", "「*重要*」です"),
        ("**你好**，世界", "*你好*，世界"),
        ("**项目：** 内容", "*项目：* 内容"),
        ("- **项目：**内容", "- 项目：内容"),
        ("**“你好”**他说", "“你好”他说"),
        ("**한국어**는", "한국어는"),
        ("**한국어:** 테스트", "*한국어:* 테스트"),
        ("คำ**สำคัญ**มาก", "คำสำคัญมาก"),
        ("**हिन्दी:**शब्द", "हिन्दी:शब्द"),
        ("**مرحبا:**بك", "مرحبا:بك"),
        ("**مرحبا:** بك", "*مرحبا:* بك"),
        ("هذا**مهم**جدا", "هذامهمجدا"),
        ("**مهم**، جدا", "*مهم*، جدا"),
        ("**שלום:**עולם", "שלום:עולם"),
        ("ב-**ירושלים**, היום", "ב-*ירושלים*, היום"),
        ("ה**מחיר**ים", "המחירים"),
        ("**\u200fשלום:** עולם", "*\u200fשלום:* עולם"),
        ("**A:**1，**B：**2", "A:1，B：2"),
        ("**😀** text", "*😀* text"),
        ("2*3*4 and a**2", "2*3*4 and a**2"),
    ],
)
def test_marks_stand_only_where_whatsapp_shows_a_style_in_every_script(markdown: str, shown: str) -> None:
    assert one(markdown) == shown


def test_what_lies_deeper_than_anybody_can_read_is_still_there() -> None:
    assert "x https://x.y/a_b" in one("- " * 12 + "x https://x.y/a_b\n" + "  " * 12 + "y")
    assert "x https://x.y/a_b" in one("> " * 25 + "x https://x.y/a_b")
    assert "".join(render_markdown("**a " * 3000 + "b** " * 3000, 4000)).count("a") == 3000


def test_a_table_of_long_heads_says_them_once() -> None:
    heads, rows = "long " * 200, 500
    shown = "".join(render_markdown(f"| {heads} | b |\n|--|--|\n" + "| 1 | 2 |\n" * rows, 4000))
    assert (shown.count("long"), shown.count("1 · 2")) == (200, rows)


@pytest.mark.parametrize("blank", ["", " ", "\n\n", "\u200b", "&nbsp;", "&#8203;", "[](  )"])
def test_what_shows_nothing_makes_no_message(blank: str) -> None:
    assert render_markdown(blank, 4000) == []


def test_long_texts_are_cut_between_paragraphs() -> None:
    paragraphs = ["word " * 30 for _ in range(5)]
    shown = render_markdown("\n\n".join(paragraphs), 320)
    assert [part.count("word") for part in shown] == [60, 60, 30]


def test_a_long_list_is_cut_between_items() -> None:
    shown = render_markdown("\n".join(f"- item {number}" for number in range(40)), 100)
    assert all(line.startswith("- item ") for part in shown for line in part.split("\n"))
    assert sum(part.count("item") for part in shown) == 40


def test_a_long_paragraph_is_cut_between_words_and_keeps_its_style() -> None:
    shown = render_markdown("**" + "word " * 50 + "end**", 64)
    assert all(part.startswith("*word") and part.endswith("*") and len(part) <= 64 for part in shown)
    assert " ".join(part.strip("*") for part in shown) == "word " * 50 + "end"


def test_parts_are_full_also_where_there_are_more_marks_than_words() -> None:
    shown = render_markdown("**w** " * 4000, 4000)
    assert "".join(shown).count("w") == 4000
    assert all(len(part) > 3900 for part in shown[:-1])


def test_a_long_item_goes_on_indented() -> None:
    shown = render_markdown("- " + "word " * 30, 64)
    assert shown[0].startswith("- word")
    assert all(part.startswith("  word") for part in shown[1:])


def test_long_code_goes_on_in_fences_of_its_own() -> None:
    code = "\n".join(f"line_{number} = '*`*'" for number in range(60))
    shown = render_markdown(f"Look:\n\n~~~\n{code}\n~~~\n\nDone.", 200)
    assert len(shown) > 5
    assert all(part.count("```") == 2 for part in shown[1:-1])
    assert [line for part in shown for line in part.split("\n") if "line_" in line] == code.split("\n")


def test_a_limit_must_have_room() -> None:
    with pytest.raises(ValueError, match="32"):
        render_markdown("x", 31)


@pytest.mark.parametrize("limit", [32, 4000])
@pytest.mark.parametrize(
    "markdown",
    ["**" + "a" * 100 + "**", "- " * 30 + "x", "> " * 30 + "x", "100000000. " * 20 + "x " * 60],
)
def test_marks_without_end_lose_nothing(markdown: str, limit: int) -> None:
    check_markdown((markdown, limit))


def test_nothing_visible_is_lost_and_every_part_fits() -> None:
    fuzz_markdown(examples=300, seed=random.randrange(10**6))


@settings(max_examples=200, deadline=None)
@given(
    text=st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=600), limit=st.integers(32, 100)
)
def test_plain_words_come_out_as_they_went_in(text: str, limit: int) -> None:
    assert "".join(render_markdown(text, limit)) == text

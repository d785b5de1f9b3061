"""Where long texts are cut: after a sentence or a word, and within no character and no address."""

import subprocess
import sys
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleo.channels.whatsapp.text.choices import cut
from cleo.channels.whatsapp.text.render import render_markdown, render_plain
from cleo.channels.whatsapp.text.split import cut_at, cut_between_characters

CLUSTERS = {
    "family": "👨\u200d👩\u200d👧\u200d👦",
    "flag": "🇩🇪",
    "skin": "👍\U0001f3fd",
    "accents": "e\u0301\u0302",
    "tags": "🏴\U000e0067\U000e0062\U000e007f",
    "hangul": "가\u11a8",
    "jamo": "\u1112\u1161\u11ab",
    "devanagari": "\u0915\u094d\u0937\u093f",
    "keycap": "1\ufe0f\u20e3",
    "kana": "か\u3099",
    "variant": "葛\U000e0100",
}


@pytest.mark.parametrize("cluster", CLUSTERS.values(), ids=CLUSTERS)
def test_no_character_is_split(cluster: str) -> None:
    for messages in (render_markdown(cluster * 200, 64), render_plain(cluster * 200, 64)):
        assert "".join(messages) == cluster * 200
        assert all(len(message) % len(cluster) == 0 for message in messages)
        assert all(len(message) > 64 - len(cluster) for message in messages[:-1])


@pytest.mark.parametrize("cluster", CLUSTERS.values(), ids=CLUSTERS)
def test_no_place_within_a_character_is_a_cut(cluster: str) -> None:
    text = cluster * 3
    cuts = {cut_between_characters(text, place) for place in range(len(cluster), len(text) + 1)}
    assert cuts == {len(cluster), 2 * len(cluster), 3 * len(cluster)}
    assert cut(f"Title {text}", 7 + len(cluster)) == f"Title {cluster}…"


def test_a_character_longer_than_a_message_is_cut_all_the_same() -> None:
    monster = "a" + "\u0301" * 500
    assert "".join(render_markdown(monster, 64)) == monster
    assert "".join(render_plain(monster, 64)) == monster
    assert cut_between_characters(monster, 64) == 64


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("One is here.\n\nTwo is. Three\nis a word", "One is here."),
        ("One is here.\nTwo is. Three is", "One is here."),
        ("One is. Two is here. Three is", "One is. Two is here."),
        ("One is „here.“ Two is", "One is „here.“"),
        ("Version 1.2345678901234 is", "Version"),
        ("Oneisaveryverylongwordthatdoesnotend", "Oneisaveryverylongwo"),
        ("A https://example.com/a_b", "A"),
        ("今天天气很好，我们去公园吧。然后去吃饭吧", "今天天气很好，我们去公园吧。"),
        ("今天天气很好我们去公园吧然后去、吃饭", "今天天气很好我们去公园吧然后去、"),
        ("看https://x.y/东京_大阪的一切都在这里", "看"),
    ],
)
def test_a_cut_is_where_it_reads_best(text: str, first: str) -> None:
    assert render_plain(text.ljust(60, "x"), 32) != [text]
    end = cut_at(text, min(20, len(text) - 2), [(text.find("http"), len(text))] if "http" in text else [])
    assert text[:end] == first


@pytest.mark.parametrize("render", [render_markdown, render_plain])
@pytest.mark.parametrize("limit", [64, 100, 150])
def test_an_address_is_never_cut_unless_it_is_longer_than_a_message(
    render: Callable[[str, int], list[str]], limit: int
) -> None:
    address = "https://example.com/a_(b)/~anna/*x*?q=_1_"
    for before in range(40, 140, 7):
        for words in ("word " * (before // 5), "字" * before):
            messages = render(f"{words}{address} and more words than fit", limit)
            assert [message for message in messages if address in message], messages
    long = "https://example.com/" + "a" * 300
    assert "".join(render(f"see {long}", limit)).replace("see", "") == long


def test_a_long_line_of_code_loses_nothing_and_keeps_its_addresses_whole() -> None:
    address = "https://example.com/a_(b)/~anna/*x*?q=_1_"
    line = f"  curl  --a {address} " * 12
    messages = render_markdown(f"~~~\n{line}\n~~~", 100)
    bodies = [message.removeprefix("```\n").removesuffix("\n```") for message in messages]
    assert "".join(bodies).rstrip() == line.rstrip()
    assert sum(body.count(address) for body in bodies) == 12


def test_a_reply_is_cut_after_a_sentence() -> None:
    sentence = "This is a sentence of some words, and it ends here."
    messages = render_markdown(" ".join([sentence] * 20), 200)
    assert all(message.endswith("here.") for message in messages)
    assert " ".join(messages) == " ".join([sentence] * 20)


def test_plain_text_keeps_its_lines_and_spaces() -> None:
    lines = [f"  {number}.\t*x* `y` __z__  [a](b)" for number in range(50)]
    messages = render_plain("\n".join(lines), 200)
    assert [line for message in messages for line in message.split("\n")] == lines
    assert render_plain(" \n\n", 200) == []


@settings(max_examples=200, deadline=None)
@given(text=st.text(st.sampled_from("ab .\n漢。é👍🏽\u0301*_`"), max_size=400), limit=st.integers(32, 100))
def test_plain_text_loses_nothing_but_spaces_at_its_cuts(text: str, limit: int) -> None:
    messages = render_plain(text, limit)
    assert "".join("".join(messages).split()) == "".join(text.split())
    assert all(len(message) <= limit for message in messages)
    place = 0
    for message in messages:
        found = text.index(message, place)
        assert not text[place:found].strip()
        place = found + len(message)


def test_the_library_that_knows_characters_is_loaded_only_to_cut_within_a_word() -> None:
    program = (
        "import sys; from cleo.channels.whatsapp.text.render import render_markdown, render_plain;"
        "render_markdown('**a** ' * 4000, 4000); render_plain('a b\\n' * 4000, 4000);"
        "assert 'regex' not in sys.modules; render_plain('\U0001f600' * 4001, 4000); assert 'regex' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)

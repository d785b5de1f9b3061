"""Markdown by chance: nothing visible is lost on its way to WhatsApp, and every message fits."""

import unicodedata
from collections import Counter

from hypothesis import strategies as st
from markdown_it import MarkdownIt
from tests.fuzz.play import play

from cleo.channels.whatsapp.text.render import render_markdown, render_plain

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
"""Markdown as models write it, and as they should not."""
limits = st.integers(32, 300) | st.just(4000)


def visible(text: str) -> Counter[str]:
    return Counter(
        mark
        for mark in text
        if mark != "`" and (mark.isalnum() or unicodedata.category(mark) in {"So", "Sk"})
    )


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


def check_markdown(example: tuple[str, int]) -> None:
    """Write a document as messages of at most so many characters."""
    document, limit = example
    markdown = document.replace("\ud800", "\ufffd")
    shown, plain = render_markdown(document, limit), render_plain(document, limit)
    assert not written(markdown) - visible("".join(shown))
    assert visible("".join(plain)) == visible(markdown.replace("\0", "\ufffd"))
    for part in (*shown, *plain):
        assert len(part) <= limit
        assert part.strip()
        part.encode()


def fuzz_markdown(*, examples: int, seed: int) -> None:
    """Write so many documents."""
    play(st.tuples(documents, limits), check_markdown, count=examples, seed=seed)

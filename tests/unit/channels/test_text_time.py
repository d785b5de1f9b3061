"""Rendering takes time in proportion to the text, whatever stands in it, and writes a few times as much at most."""

import gc
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

import pytest

from cleo.channels.whatsapp.text.render import render_markdown, render_plain

SHAPES = [
    *[
        "\n",
        " ",
        "\t",
        "\r",
        "\0",
        "\u00a0",
        "\u200b",
        "a",
        "漢",
        "。",
        "e\u0301",
        "\u0301",
        "🇩",
        "👩\u200d",
        "1",
    ],
    *[
        "*",
        "_",
        "~",
        "`",
        "[",
        "]",
        "(",
        ")",
        "](",
        "[](",
        "![",
        "!",
        "<",
        ">",
        "> ",
        "&",
        "\\",
        "|",
        "#",
        "-",
        "+",
    ],
    *[
        "-a",
        "a*",
        "*a ",
        "**a",
        "a**b**c ",
        "*a*",
        "**a** ",
        "_a",
        "a_*b",
        "*_",
        "_*x_*",
        "***x",
        "~~a",
        "a~~",
        "*a\n",
    ],
    *[
        "注意：**",
        "**注意：**今",
        '"a*',
        "'a",
        '"',
        "«a*",
        "“",
        "`a",
        "``a`",
        "`a` ",
        "&amp;",
        "&a",
        "<a ",
        "<a@b>",
        "<!--",
    ],
    *[
        "<http://a>",
        "[a](b",
        "[a](<b",
        "[a](b) ",
        "![a](b) ",
        "[[a]](b)",
        "*[a*](b)",
        "[*a](b)*",
        "[a]: b\n",
        "[a]\n",
    ],
    *[
        "http://",
        "https://x.y/(",
        "https://x.y/)",
        "https://x.y/* ",
        "www.",
        "a@",
        "a@a.",
        "/a",
        "a/",
        "a/*",
        "a.",
    ],
    *[
        "C:\\a",
        "C:\\a b",
        "\\a",
        "\\\\a",
        "\\\\a\\b c ",
        "\\.",
        "{{",
        "{%",
        "${",
        "$a",
        "%(",
        "%s",
        "__a",
        "__a__",
        "*.p",
    ],
    *[
        "**/",
        "*1",
        "#1",
        "¯",
        "^a",
        "a$",
        "- ",
        "- x\n",
        "* a\n",
        "1. ",
        "1)\n",
        "-\n",
        "- - ",
        "> - ",
        ">> ",
        "> x\n",
    ],
    *[
        "a\n",
        "x\n\n",
        "a\n=\n",
        "    a\n",
        "```\n",
        "~~~\n",
        "|-",
        "a|",
        "|a|b|\n",
        "|a|b|\n|-|-|\n",
        "a. ",
        "a。",
        "a\u2028",
    ],
]
NESTED = [
    ("[", "](b)"),
    ("![", "](b)"),
    ("**a ", "b** "),
    ("*a ", "b* "),
    ("_a ", "b_ "),
    ("(", ")"),
    ("`", "`"),
    ("{", "}"),
]


def cpu(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


@contextmanager
def without_collections() -> Generator[None]:
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def both(text: str) -> None:
    render_markdown(text, 200)
    render_plain(text, 200)


def growth(render: Callable[[str], None], make: Callable[[int], str], size: int) -> float:
    """Return how many times longer twice the text takes; the least of some tries, for others use the machine too."""
    least = float("inf")
    for _ in range(6):
        with without_collections():
            once, twice = (cpu(lambda size=size: render(make(size))) for size in (size, 2 * size))
        least = min(least, twice / max(once, 0.002))
        if least <= 2.5:
            break
    return least


@pytest.mark.parametrize("shape", SHAPES, ids=ascii)
def test_twice_the_text_takes_twice_the_time(shape: str) -> None:
    def make(size: int) -> str:
        return shape * (size // len(shape))

    assert growth(both, make, 5_000) <= 2.5


@pytest.mark.parametrize(("opening", "closing"), NESTED)
def test_twice_the_depth_takes_twice_the_time(opening: str, closing: str) -> None:
    def make(size: int) -> str:
        return opening * (size // 4) + "x" + closing * (size // 4)

    assert growth(both, make, 8_000) <= 2.5


@pytest.mark.parametrize(
    "shape", ["**a** ", "a\n", "a. ", "漢", "\u0301", "https://x.y/a ", "`a` ", "x\n\n"], ids=ascii
)
def test_twice_as_many_short_messages_take_twice_the_time(shape: str) -> None:
    def short(text: str) -> None:
        render_markdown(text, 32)
        render_plain(text, 32)

    assert growth(short, lambda size: shape * (size // len(shape)), 40_000) <= 2.5


@pytest.mark.parametrize("shape", ["\n", " ", "*", "_", "`", "[", "](", "-a", ">", "| a ", "- "])
def test_a_very_long_text_takes_seconds_at_most(shape: str) -> None:
    text = shape * 40_000
    assert cpu(lambda: render_markdown(text, 4000)) < 5
    assert cpu(lambda: render_plain(text, 4000)) < 1


TABLE = "head|" * 100 + "\n" + "-|" * 100 + "\n" + "|\n" * 500


@pytest.mark.parametrize("shape", [*SHAPES, "- " * 9 + "x\ny\n"], ids=ascii)
def test_what_is_written_is_no_more_than_a_few_times_the_text(shape: str) -> None:
    text = shape * (12_000 // len(shape) + 1)
    assert sum(map(len, render_markdown(text, 4000))) <= 12 * len(text) + 4000
    assert sum(map(len, render_plain(text, 4000))) <= len(text)


def test_a_wide_table_of_empty_rows_is_no_more_than_a_few_times_its_text() -> None:
    assert sum(map(len, render_markdown(TABLE, 4000))) <= 12 * len(TABLE)

"""Replies put together by chance: every literal in them comes out byte for byte, and nothing invisible is added."""

import unicodedata
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cleo.channels.whatsapp.text.literals import find_literals
from cleo.channels.whatsapp.text.render import render_markdown

NAME = st.text("abXZ019_~*.-", min_size=1, max_size=8).map(lambda text: f"{text}k")
HOSTS = st.sampled_from(["x.y", "example.com", "127.0.0.1:8080", "my-host.de"])
SEGMENTS = NAME | st.sampled_from(["Mercury_(planet)", "~anna", "_x_", "__y__", "*z*", "~~q~~", "a_(b)_c"])
URLS = st.builds(
    "{}://{}/{}{}".format,
    st.sampled_from(["https", "http", "ftp"]),
    HOSTS,
    st.lists(SEGMENTS, min_size=1, max_size=4).map("/".join),
    st.sampled_from(["", "/", "?a=_b_&c=*d*", "#_e_f", "_(g)"]),
)
MAILS = st.builds(
    "{}@{}".format,
    st.sampled_from(["ann", "first_last", "_ann_", "__d__", "a*b*c", "x+tag"]),
    st.sampled_from(["x.y", "sub.example.com"]),
)
FOLDERS = st.lists(st.sampled_from(["_data", "__x__", "a_b_", "*y*", "My", "_lib_"]), min_size=1, max_size=4)
PATHS = st.one_of(
    FOLDERS.map(lambda names: "C:\\" + "\\".join(names) + "\\k.txt"),
    FOLDERS.map(lambda names: "\\\\server\\" + "\\".join(names) + "\\k"),
    FOLDERS.map(lambda names: "~/" + "/".join(names) + "/k"),
    FOLDERS.map(lambda names: "/" + "/".join(names) + "/k"),
)
PATTERNS = st.sampled_from(
    [r"\d+\.\d+", r"^\w+@\w+\.\w{2,}$", r"\b_\w+_\b", r"(\+49)?\d{3}\-\d*", r".*\.py$", r"\*\d\*", r"\\d+"]
)
CODE = st.sampled_from(["a*b*c", "_x_", "**y**", r"\d+", "https://x.y/_a_", "{{z}}", "~~s~~"])
OTHERS = st.sampled_from(
    [
        "{{name}}",
        "$_VAR_",
        "${_A_}",
        "%(_n_)s",
        "snake_case_name",
        "__init__",
        "*.py",
        "**/*.ts",
        "file_*.txt",
        "x**2",
    ]
) | st.sampled_from(["~1.2", "2*3*4", "*#06#"])
LITERALS = URLS | MAILS | PATHS | PATTERNS | OTHERS
WORDS = st.sampled_from(
    [
        "word",
        "straße",
        "今天",
        "注意：",
        "مرحبا",
        "שלום",
        "हिन्दी",
        "😀",
        "👨\u200d👩\u200d👧",
        "e\u0301",
        "don't",
        "(so)",
        "–",
    ]
)
PHRASES = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)
STYLED = st.builds("{0}{1}{0}".format, st.sampled_from(["**", "*", "_", "~~"]), PHRASES)
WRAPPERS = st.sampled_from(
    ["{}", "{}", "{}", "({})", "{},", "{}.", "**see {}**", "**{}** so", "_{}_", "[so](https://x.y/a_b) {}"]
)


def wrapped(wrapper: str, literal: str) -> tuple[str, str]:
    return wrapper.format(literal), literal


FRAGMENTS = st.one_of(
    st.builds(wrapped, WRAPPERS, LITERALS),
    CODE.map(lambda code: (f"`{code}`", code)),
    URLS.map(lambda url: (f"[text]({url})", url)),
    (WORDS | STYLED).map(lambda text: (text, "")),
    st.sampled_from(["\n", "\n\n", "\n- ", "\n# ", "\n> ", "\n1. "]).map(lambda text: (f"x{text}x", "")),
)


def invisible(text: str) -> list[str]:
    return [mark for mark in text if unicodedata.category(mark) in {"Cf", "Cc"} and mark not in "\n\u200d"]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(fragments=st.lists(FRAGMENTS, min_size=1, max_size=8), limit=st.sampled_from([4000, 150]))
def test_every_literal_of_a_reply_is_in_it_byte_for_byte(
    fragments: list[tuple[str, str]], limit: int
) -> None:
    messages = render_markdown(" ".join(text for text, _ in fragments), limit)
    assert [literal for _, literal in fragments if literal not in "\n".join(messages)] == []
    assert invisible("".join(messages)) == []
    assert all(len(message) <= limit for message in messages)


@settings(max_examples=200, deadline=None)
@given(words=st.lists(WORDS | URLS | st.sampled_from(["\n", "\n\n", ".", "5"]), min_size=1, max_size=20))
def test_rendering_what_was_rendered_changes_nothing(words: list[str]) -> None:
    shown = "\n\n".join(render_markdown(" ".join(words), 4000))
    assert "\n\n".join(render_markdown(shown, 4000)) == shown


@settings(max_examples=200, deadline=None)
@given(text=st.text("ab *_~`\\[](){}<>\"'@/.:$%#|&;-+\n漢。「」«»", max_size=80))
def test_literals_are_found_in_order_and_apart(text: str) -> None:
    places = find_literals(text)
    assert all(0 <= start < end <= len(text) for start, end in places)
    assert all(end <= start for (_, end), (start, _) in pairwise(places))

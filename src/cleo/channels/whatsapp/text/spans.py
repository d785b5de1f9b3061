"""What stands in a paragraph, as words in styles."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from markdown_it.token import Token

from cleo.channels.whatsapp.text.parser import PARSER

BOLD, ITALIC, STRIKE, CODE = "*_~`"
"""Styles, named by WhatsApp's marks for them."""

_STYLES = {"strong": BOLD, "em": ITALIC, "s": STRIKE}


@dataclass(frozen=True, slots=True)
class Span:
    """Words in one style. `whole` words are copied or opened: a message does not end in them."""

    text: str
    styles: frozenset[str] = frozenset()
    whole: bool = False


def read_spans(markdown: str, styles: frozenset[str] = frozenset()) -> list[list[Span]]:
    """Read a paragraph, a heading or a cell as lines of spans, all of them in the given styles."""
    lines: list[list[Span]] = [[]]
    for span in _spans(PARSER.inline.parse(markdown, PARSER, {}, []), styles):
        if span is None:
            lines.append([])
        else:
            lines[-1].append(span)
    return lines


def _spans(tokens: Iterable[Token], outer: frozenset[str]) -> list[Span | None]:
    """Read what stands in a paragraph; None is the end of a line. Styles may lie in one another without an end."""
    found: list[Span | None] = []
    depth = Counter[str]()
    styles = outer
    link, link_start = "", 0
    for token in tokens:
        kind, _, edge = token.type.partition("_")
        if kind in _STYLES:
            depth[_STYLES[kind]] += token.nesting
            styles = outer.union(+depth)
        elif token.type == "link_open":
            link, link_start = str(token.attrs.get("href", "")), len(found)
        elif token.type == "link_close":
            found[link_start:] = _with_url(found[link_start:], link, styles)
        elif token.type == "image":
            inside = _spans(token.children or (), styles)
            found += _with_url(inside, str(token.attrs.get("src", "")), styles)
        elif edge == "inline":
            found.append(Span(token.content, styles | {CODE}))
        else:
            found.append(_leaf(token, styles))
    return found


def _leaf(token: Token, styles: frozenset[str]) -> Span | None:
    if token.type in {"softbreak", "hardbreak"}:
        return None
    return Span(token.content, styles, whole=token.type == "literal")


def _with_url(said: list[Span | None], url: str, styles: frozenset[str]) -> list[Span | None]:
    """Write a link as `text (url)`, or as the URL alone when the text says nothing else."""
    text = "".join(span.text for span in said if span)
    if not text or text in {url, url.removeprefix("mailto:")}:
        return [Span(text or url, styles, whole=True)]
    return [*said, Span(" (", styles), Span(url, styles, whole=True), Span(")", styles)] if url else said

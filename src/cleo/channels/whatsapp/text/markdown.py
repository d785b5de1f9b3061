"""Markdown as lines: what is left of a document when there are only lines, styles and blocks of code."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from cleo.channels.whatsapp.text.parser import PARSER
from cleo.channels.whatsapp.text.spans import BOLD, Span, read_spans


@dataclass(frozen=True, slots=True)
class Line:
    """Spans on one line. `prefix` stands before them, `rest` before what does not fit on it any more."""

    spans: tuple[Span, ...]
    prefix: str = ""
    rest: str = ""

    @property
    def size(self) -> int:
        """How many characters stand on it, without marks."""
        return len(self.prefix) + sum(len(span.text) for span in self.spans)


@dataclass(frozen=True, slots=True)
class Code:
    """A block of code."""

    body: str


Block = list[Line | Code]
"""What belongs together: a paragraph, a list, a table."""

_LANGUAGE = re.compile(r"[\w+#.-]*")
_DEEPEST = 12
"""How far lines of nested lists are indented, in characters."""
_HEADS = 2000
"""How many characters the heads of a table may repeat in its rows, beside four times what the rows say."""


def read(markdown: str) -> Iterator[Block]:
    """Read a document as blocks of lines. Tables become lists, HTML stays as it was typed."""
    block: list[Token] = []
    for token in PARSER.parse(markdown):
        block.append(token)
        if token.level == 0 and token.nesting <= 0:
            (node,) = SyntaxTreeNode(block).children
            yield list(_block(node, "", ""))
            block = []


def _block(node: SyntaxTreeNode, prefix: str, rest: str) -> Iterator[Line | Code]:
    match node.type:
        case "paragraph" | "heading":
            yield from _paragraph(node, prefix, rest)
        case "fence" | "code_block":
            if prefix.strip() and prefix != rest:
                yield Line((), prefix)
            yield Code(_title(node.info) + node.content.removesuffix("\n"))
        case "bullet_list" | "ordered_list":
            yield from _list(node, prefix, rest)
        case "table":
            yield from _table(node, rest)
        case "hr":
            yield Line((Span("———"),), prefix, rest)
        case "blockquote":
            mark = "" if ">" in rest else "> "  # a phone shows one level
            yield from _children(node, prefix + mark, rest + mark)
        case _:
            yield from _children(node, prefix, rest)


def _paragraph(node: SyntaxTreeNode, prefix: str, rest: str) -> Iterator[Line]:
    styles = frozenset({BOLD}) if node.type == "heading" else frozenset[str]()
    for place, spans in enumerate(read_spans(node.children[0].content, styles)):
        yield Line(tuple(spans), rest if place else prefix, rest)


def _title(info: str) -> str:
    """Return what stands on the first line of a fence, unless it names a language: code, in a fence of one line."""
    return "" if _LANGUAGE.fullmatch(info.strip()) else info.strip() + "\n"


def _children(node: SyntaxTreeNode, prefix: str, rest: str) -> Iterator[Line | Code]:
    """Read what stands in an item or a quote; its first line has the prefix. An empty one is the prefix alone."""
    for place, child in enumerate(node.children):
        yield from _block(child, rest if place else prefix, rest)
    if not node.children and prefix.strip():
        yield Line((), prefix)


def _list(node: SyntaxTreeNode, prefix: str, rest: str) -> Iterator[Line | Code]:
    numbers = [item.info for item in node.children]
    if len(set(numbers)) == 1:  # "1." at every item is how many number a list
        numbers = [str(int(numbers[0] or 0) + place) for place in range(len(numbers))]
    for place, (item, number) in enumerate(zip(node.children, numbers, strict=True)):
        marker = f"{number}{item.markup} " if node.type == "ordered_list" else "- "
        yield from _children(item, (rest if place else prefix) + marker, rest + "  " * (len(rest) < _DEEPEST))


def _table(node: SyntaxTreeNode, rest: str) -> Iterator[Line | Code]:
    """Make one item of each row: `- head: cell · head: cell`; without the heads where they would be most of it."""
    head, *body = [[_cell(cell) for cell in row.children] for part in node.children for row in part.children]
    size = len(body) * sum(len(span.text) + 5 for name in head for span in name)
    named = size <= _HEADS + 4 * sum(len(span.text) for row in body for cell in row for span in cell)
    for row in body if body and named else [head, *body]:
        cells = [_named(name, cell) if body and named else cell for name, cell in zip(head, row, strict=True)]
        spans = [span for cell in filter(None, cells) for span in (Span(" · "), *cell)]
        yield Line(tuple(spans[1:]), rest + "- ", rest + "  ")


def _cell(cell: SyntaxTreeNode) -> tuple[Span, ...]:
    return tuple(span for line in read_spans(cell.children[0].content) for span in line)


def _named(name: tuple[Span, ...], cell: tuple[Span, ...]) -> tuple[Span, ...]:
    return (*name, Span(": "), *(cell or (Span("–"),))) if name else cell

"""Markdown as lines: what is left of a document when there are only lines, styles and blocks of code."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

BOLD, ITALIC, STRIKE, CODE = "*_~`"
"""Styles, named by WhatsApp's marks for them."""

_STYLES = {"strong": BOLD, "em": ITALIC, "s": STRIKE}


@dataclass(frozen=True, slots=True)
class Span:
    """Words in one style."""

    text: str
    styles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Line:
    """Spans on one line. `prefix` stands before them, `rest` before what does not fit on it any more."""

    spans: tuple[Span, ...]
    prefix: str = ""
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    """A block of code."""

    body: str


Block = list[Line | Code]
"""What belongs together: a paragraph, a list, a table."""

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def read(markdown: str) -> list[Block]:
    """Read a document as blocks of lines. Tables become lists, HTML stays as it was typed."""
    root = SyntaxTreeNode(_MARKDOWN.parse(markdown))
    return [list(_block(node, "", "")) for node in root.children]


def _block(node: SyntaxTreeNode, prefix: str, rest: str) -> Iterator[Line | Code]:
    match node.type:
        case "paragraph" | "heading":
            styles = frozenset({BOLD}) if node.type == "heading" else frozenset[str]()
            yield from _prefixed(_lines(node.children, styles), prefix, rest)
        case "fence" | "code_block":
            if prefix.strip() and prefix != rest:
                yield Line((), prefix)
            yield Code(node.content.rstrip("\n"))
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


def _children(node: SyntaxTreeNode, prefix: str, rest: str) -> Iterator[Line | Code]:
    """Read what stands in an item or a quote; its first line has the prefix. An empty one is the prefix alone."""
    for place, child in enumerate(node.children):
        yield from _block(child, rest if place else prefix, rest)
    if not node.children and prefix.strip():
        yield Line((), prefix)


def _list(node: SyntaxTreeNode, prefix: str, rest: str) -> Iterator[Line | Code]:
    number = int(node.attrs.get("start", 1))
    for place, item in enumerate(node.children):
        marker = f"{number + place}. " if node.type == "ordered_list" else "- "
        yield from _children(item, (rest if place else prefix) + marker, rest + "  ")


def _table(node: SyntaxTreeNode, rest: str) -> Iterator[Line | Code]:
    """Make one item of each row: `- head: cell · head: cell`."""
    rows = [[_cell(cell) for cell in row.children] for part in node.children for row in part.children]
    head, *body = rows
    for row in body or [head]:
        cells = [_named(name if body else (), cell) for name, cell in zip(head, row, strict=False)]
        spans = [span for cell in filter(None, cells) for span in (Span(" · "), *cell)]
        yield Line(tuple(spans[1:]), rest + "- ", rest + "  ")


def _cell(cell: SyntaxTreeNode) -> tuple[Span, ...]:
    lines = _lines(cell.children, frozenset())
    return tuple(span for line in lines for span in line)


def _named(name: tuple[Span, ...], cell: tuple[Span, ...]) -> tuple[Span, ...]:
    return (*name, Span(": "), *(cell or (Span("–"),))) if name else cell


def _prefixed(lines: Iterable[list[Span]], prefix: str, rest: str) -> Iterator[Line]:
    for place, spans in enumerate(lines):
        yield Line(tuple(spans), rest if place else prefix, rest)


def _lines(nodes: Iterable[SyntaxTreeNode], styles: frozenset[str]) -> list[list[Span]]:
    lines: list[list[Span]] = [[]]
    for span in _spans(nodes, styles):
        if span is None:
            lines.append([])
        else:
            lines[-1].append(span)
    return lines


def _spans(nodes: Iterable[SyntaxTreeNode], styles: frozenset[str]) -> Iterator[Span | None]:
    """Read inline nodes; None is the end of a line."""
    for node in nodes:
        match node.type:
            case "softbreak" | "hardbreak":
                yield None
            case "text" | "text_special":
                yield Span(node.content, styles)
            case "code_inline":
                yield Span(node.content, styles | {CODE})
            case "image":
                yield from _with_address(node, str(node.attrs.get("src", "")), styles)
            case "link":
                yield from _with_address(node, str(node.attrs.get("href", "")), styles)
            case "em" if _within_a_word(node):
                yield Span(node.markup, styles)  # 2*3*4 is no emphasis to anybody but a Markdown reader
                yield from _spans(node.children, styles)
                yield Span(node.markup, styles)
            case kind:
                yield from _spans(node.children, styles | {_STYLES[kind]} if kind in _STYLES else styles)


def _within_a_word(node: SyntaxTreeNode) -> bool:
    before, after = node.previous_sibling, node.next_sibling
    return bool((before and before.content[-1:].isalnum()) or (after and after.content[:1].isalnum()))


def _with_address(node: SyntaxTreeNode, url: str, styles: frozenset[str]) -> Iterator[Span | None]:
    """Write a link as `text (url)`, or as the text alone when that is the address already."""
    inside = list(_spans(node.children, styles))
    said = "".join(span.text for span in inside if span)
    if not said or said in {url, url.removeprefix("mailto:"), _MARKDOWN.normalizeLinkText(url)}:
        yield Span(said or url)  # without a style, whose mark a phone would take for a part of the address
        return
    yield from inside
    if url:
        yield Span(f" ({url})", styles)

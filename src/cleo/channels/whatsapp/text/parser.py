"""Parse Markdown as models write it, with literals left alone.

CommonMark with tables and `~~struck~~`, except that
- literals (see `literals`) are text before anything else is looked for;
- URLs of links stay as they were written, and lines such as `[1]: https://…` stay text;
- `**` may open after a letter, and close before one, when punctuation is on its other side, as models write it in
  `**注意：**今天` and `**Total:**5 €`;
- a single `*` opens only where a word may begin (`2*3*4`, `f(*a,*b)` and `count(*)` stay), and `**` between operands
  is no mark (`x**2`).
"""

import re
from types import SimpleNamespace

from markdown_it import MarkdownIt, helpers

from cleo.channels.whatsapp.text import block_rules, inline_rules

_SCHEME = re.compile(r"(?:https?|mailto|tel):")


class _Parser(MarkdownIt):
    """Keeps URLs as they were written."""

    def normalizeLink(self, url: str) -> str:
        """Return it unchanged."""
        return url

    def normalizeLinkText(self, link: str) -> str:
        """Return it unchanged."""
        return link


def _destination(text: str, start: int, end: int):
    r"""Read the target of a link. Only in a URL a backslash escapes something: not in `C:\_x`."""
    found = helpers.parseLinkDestination(text, start, end)
    if found.ok and not _SCHEME.match(found.str):
        found.str = text[start : found.pos].removeprefix("<").removesuffix(">")
    return found


def _make_parser() -> MarkdownIt:
    parser = _Parser("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("reference")
    vars(parser)["helpers"] = SimpleNamespace(
        parseLinkLabel=helpers.parseLinkLabel,
        parseLinkTitle=helpers.parseLinkTitle,
        parseLinkDestination=_destination,
    )
    parser.core.ruler.disable(["inline", "text_join"])
    parser.block.ruler.before("table", "deep_text", block_rules.deep_text)
    parser.block.ruler.at("blockquote", block_rules.quote, {"alt": ["paragraph", "blockquote", "list"]})
    parser.block.ruler.at("list", block_rules.listing, {"alt": ["paragraph", "blockquote"]})
    parser.block.ruler.at("table", block_rules.whole_table, {"alt": ["paragraph"]})
    parser.inline.ruler.before("text", "literal", inline_rules.literal)
    parser.inline.ruler.at("text", inline_rules.text)
    parser.inline.ruler.at("link", inline_rules.link)
    parser.inline.ruler.at("emphasis", inline_rules.delimiters)
    parser.inline.ruler.at("strikethrough", inline_rules.delimiters)
    return parser


PARSER = _make_parser()
"""It parses blocks; its `inline` parses what stands in them. Tokens of the type `literal` are text to keep whole."""

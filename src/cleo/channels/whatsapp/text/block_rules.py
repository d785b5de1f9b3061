"""Block rules of the Markdown parser that lose nothing: neither what lies very deep, nor what a row has too much."""

import re

from markdown_it.rules_block import StateBlock, blockquote, list_block, table
from markdown_it.rules_block.table import escapedSplit
from markdown_it.token import Token

_SUM = re.compile(r"\+ \d")
_COMPARISON = re.compile(r">[=\d]")
DEEPEST = 16
"""How many lists (two levels each) and quotes lie in one another; what lies deeper is text."""


def quote(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Take a quote, but not a comparison: `>=1.2`, `>50`."""
    place = state.bMarks[start] + state.tShift[start]
    return not _COMPARISON.match(state.src, place) and blockquote(state, start, end, silent)


def listing(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Take a list, but not a phone number or a sum: `+ 49 151 234`."""
    place = state.bMarks[start] + state.tShift[start]
    return not _SUM.match(state.src, place) and list_block(state, start, end, silent)


def deep_text(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Take all that is nested too deeply as one paragraph; the parser would leave it out."""
    if silent or state.level < DEEPEST:
        return False
    line = start
    while line < end and not state.isEmpty(line) and state.sCount[line] >= state.blkIndent:
        line += 1
    state.push("paragraph_open", "p", 1)
    inline = state.push("inline", "", 0)
    inline.content = state.getLines(start, line, state.blkIndent, False).strip()
    inline.map, inline.children = [start, line], []
    state.push("paragraph_close", "p", -1)
    state.line = line
    return True


def whole_table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Take a table; a row with more cells than columns keeps them all, where the parser would leave some out."""
    before = len(state.tokens)
    if not table(state, start, end, silent):
        return False
    row: list[Token] = []
    for token in state.tokens[before:]:
        if token.type == "inline":
            row.append(token)
        elif token.type == "tr_close":
            _fill(row, _cells(state, row[0]))
            row = []
    return True


def _fill(row: list[Token], cells: list[str]) -> None:
    if len(cells) > len(row):
        cells = _with_code_whole(cells)
        cells[len(row) - 1 :] = ["|".join(cells[len(row) - 1 :])]
        for column, token in enumerate(row):
            token.content = cells[column].strip() if column < len(cells) else ""


def _with_code_whole(cells: list[str]) -> list[str]:
    """Put together what `|` in code has divided."""
    whole = [""]
    for cell in cells:
        if whole[-1].count("`") % 2:
            whole[-1] += "|" + cell
        else:
            whole.append(cell)
    return whole[1:]


def _cells(state: StateBlock, cell: Token) -> list[str]:
    """Return all cells of the row of which this is one."""
    line = cell.map[0] if cell.map else 0
    start = state.bMarks[line] + state.tShift[line]
    cells = escapedSplit(state.src[start : state.eMarks[line]].strip())
    return cells[not cells[0] : len(cells) - (not cells[-1])]

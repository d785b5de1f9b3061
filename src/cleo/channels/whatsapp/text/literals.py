r"""Find what people copy, open or run: no Markdown is read in it, no mark is put beside it, no message ends in it.

URLs, e-mail addresses, paths of Unix and Windows, regular expressions, file patterns, template placeholders,
`__dunder__` names, dial codes, and words in quotation marks. They are found in the source, before Markdown is read.
What Markdown leaves alone by itself (`snake_case`, `2 * 3`, `~1.2`) needs no mention here.

A kind is told by a sign that Markdown has no use for: a scheme, a slash at the start, a backslash before a letter or
digit. Where both readings are possible (`\_` in `snake\_case`), it is Markdown. Bold, italic or struck words around a
literal keep their marks: in `**C:\temp**` the literal is the path.
"""

import re
from collections.abc import Iterator

_CJK_MARKS = "\u3000-\u3004\u3008-\u3020\u3030\uff01-\uff0f\uff1a-\uff20\uff3b-\uff3d\uff5b-\uff65"
_QUOTES = "«»“”„‟‘’‚‹›「」『』"
_WORD = re.compile(rf"(?:[^\s`…{_QUOTES}{_CJK_MARKS}\]]|\](?!\())+")
"""What stands between spaces, code, quotation marks and the two halves of a link."""

_SPECIAL = re.compile(r"[\\/@*_]|www\.|:\S")
_LEAD = re.compile(r"(?:[*_\"'(\[{<]|~~)*")
_TAIL = ".,;:!?)]}>\"'*_~"
_OPENED = re.compile(r"(?:(?<!\*)\*+|(?<!_)_+|~~)\Z")
_CLOSING = re.compile(r"\*\*|__|~~")
_CLOSING_BEFORE_OTHERS = re.compile(r"(?:\*\*|~~)(?=[^\x00-\x7f])")

_URL = re.compile(
    r"(?<![A-Za-z0-9])(?:[A-Za-z][A-Za-z0-9+.-]{1,30}://|www\.|(?:mailto|tel|sms|geo|magnet|xmpp):)(?=[^\s*_~])"
)
_AFTER_URL = re.compile(r'["<>]')
_MAIL = re.compile(r"\S@[\w-]+(?:\.[\w-]+)+")
_DOMAIN = re.compile(r"\A[\w-]+(?:\.[\w-]+)+/")
_PATH = re.compile(
    r"""
      \\[^\W_]                                     # \\server, C:\x, \d: a backslash that escapes nothing
    | ^(?:[A-Za-z]:|\.{1,2}|\w*%\w+%)\\            # C:\_x, ..\_x, %TEMP%\_x
    | ^(?:~|\.{1,2}|[A-Za-z]:)?/.                  # /x, ~/x, ./x, C:/x
    | ^[\w.@+~\#=%-]+(?:/[\w.@+~\#=%&?:-]*)+$      # a/b_c, wa.me/x
    | /\*{1,2}[/.]|^[\w./-]+\*[\w./-]*\.\w{1,5}$    # src/**/x, file_*.txt
    """,
    re.VERBOSE,
)
_PATTERN = re.compile(r"\.[*+?]|\[\^|[\])][*+?{]|\(\?|^\(?\^|^[sy]/|\$\)?$|\\[^\w\s][*+?{]|\{\d+,?\d*\}")
"""A sign of a regular expression, in a word that has a backslash."""

_GLOB = re.compile(
    r"""
      \*\.(?:[A-Za-z{\[]|\*(?=\*\*$|[^*]|$))         # *.py, *.*
    | \*\*/(?:[^*]*\*(?!\*)|(?:[^*]*/)?\*\*(?:\*\*)?$)   # **/*.py, **/build/**
    | \*_\w+\.\w                                   # *_test.py
    | (?<![\w./-])\w[\w./-]*_\*(?!\*)                          # test_*
    """,
    re.VERBOSE,
)

_BOLD_GLOB = re.compile(r"(?:[^/]|\*\*)\*\*\Z")
"""What a file pattern ends in when two asterisks after it end a bold part."""

_PHRASES = re.compile(
    r"""
      \{\{[^{}\n]{0,200}\}\} | \{%[^%\n]{0,200}%\} | \$?\{[\w.:!*\[\]-]{0,99}\}     # {{x}}, {% x %}, ${x}, {x}
    | \$[A-Za-z_]\w* | %\(\w{1,64}\)[a-z] | %[A-Za-z_]\w*%                         # $x, %(x)s, %x%
    | (?<!\w)__(?:[a-z][a-z0-9_]*|[A-Z][A-Z0-9_]*)__(?!\w)                         # __init__, __FILE__
    | ¯\S{1,16}¯ | (?<![\w*])\*[-_.~^]{1,3}\*(?![\w*])                             # ¯\_(x)_/¯, *_*
    | (?<![\w*])[*\#]{1,2}\d[\d*\#+]{0,40}\#                                       # *#06#
    | (?:(?<![A-Za-z0-9])[A-Za-z]:|\\\\[\w.$-]{1,64})                              # C:\Program Files\_x
      \\(?:[^\\/:*?"<>|`\s]{1,64}(?:[ ][^\\/:*?"<>|`\s]{1,64}){0,4}\\(?=[\w.$-]))+[^\\/:*?"<>|`\s]*
    """,
    re.VERBOSE,
)
_QUOTED = re.compile(
    r"""
      (?<![^\W_])(?:"[^"\n`]{1,300}"|'[^'\n`]{1,300}'|‘[^‘’\n`]{1,300}’)(?![^\W_])
    | [“„][^“”„\n`]{1,300}[“”] | «[^«»\n`]{1,300}» | »[^«»\n`]{1,300}« | 「[^「」\n`]{1,300}」
    """,
    re.VERBOSE,
)
_MARKED = re.compile(r"[*_~\\]")
_MARKDOWN = re.compile(r"\*\*|~~|\]\(|[<&]")


def find_literals(text: str) -> list[tuple[int, int]]:
    """Return the literals of a paragraph as (start, end), in order and apart from each other."""
    found: list[tuple[int, int]] = []
    for start, end in sorted((*_words(text), *_phrases(text))):
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def is_link(literal: str) -> bool:
    """Whether it is something that a phone makes a link of."""
    return bool(_URL.match(literal) or _MAIL.search(literal) or _DOMAIN.match(literal))


def _words(text: str) -> Iterator[tuple[int, int]]:
    for found in _WORD.finditer(text):
        word = found.group()
        if _SPECIAL.search(word) and (place := _in_word(word)):
            yield found.start() + place[0], found.start() + place[1]


def _phrases(text: str) -> Iterator[tuple[int, int]]:
    for found in _PHRASES.finditer(text):
        yield found.span()
    for found in _QUOTED.finditer(text):
        words = found.group()
        if _MARKED.search(words) and not _MARKDOWN.search(words):
            yield found.span()


def _in_word(word: str) -> tuple[int, int] | None:
    if url := _URL.search(word):
        start = url.start()
        if after := _AFTER_URL.search(word, start):
            word = word[: after.start()]
        return start, _with_brackets(word, start, _end(word, start, marks=False))
    start, end = len(word) - len(word.lstrip("\"'([")), len(word.rstrip(".,;:!?)\"'"))
    if _GLOB.match(word, start, end):
        return start, end - 2 * bool(_BOLD_GLOB.search(word, start, end))
    lead = _LEAD.match(word)
    start = lead.end() if lead else 0
    core = word[start : _end(word, start, marks=False)]
    if _PATH.search(core) or _MAIL.search(core) or ("\\" in word and _PATTERN.search(word)):
        return start, _end(word, start, marks=True)
    return None


def _end(word: str, start: int, *, marks: bool) -> int:
    """Return where a literal ends: before the punctuation of the sentence and the marks of a style around it.

    With `marks`, one more mark at its end belongs to it, as in `\\d*`.
    """
    end = max(len(word.rstrip(_TAIL)), start)
    if word.endswith("\\", start, end):
        end = min(end + 1, len(word))
    if others := _CLOSING_BEFORE_OTHERS.search(word, start, end + 3):
        return min(end, others.start())
    tail = word[end:]
    opened = _OPENED.search(word, 0, start)
    if opened and opened.group() in tail:
        return end + _marks_end(tail[: tail.rfind(opened.group())])
    if opened and len(opened.group()) > 1 and (closing := word.find(opened.group(), start, end)) > start:
        return closing
    closing = _CLOSING.search(tail)
    return end + _marks_end(tail[: closing.start()] if closing else tail) if marks else end


def _marks_end(tail: str) -> int:
    return max(tail.rfind(mark) for mark in "*_~") + 1


def _with_brackets(word: str, start: int, end: int) -> int:
    """Take a bracket to a URL that was opened in it: `/Mercury_(planet)`."""
    missing = word.count("(", start, end) - word.count(")", start, end)
    while missing > 0 and word[end : end + 1] == ")":
        end, missing = end + 1, missing - 1
    return end

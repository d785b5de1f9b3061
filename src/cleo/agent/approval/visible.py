"""What people cannot see, or would take for something else, is shown by its name.

What a mark is follows from Unicode: its general category, its script, and what it can be confused with (UTS #39).
There is no list of bad marks that could be incomplete. What this writes in brackets, a text cannot imitate.
"""

import importlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import NamedTuple, cast

_OWN = re.compile(r"[`⏎]|\[(?=U\+)")
"""What this writes itself: a text that has it says so."""
_TYPOGRAPHY = frozenset("‘’ʼʻ“”„‚–—…«»‹›·•′″²³½¼¾ªº™№µ")
"""Look like ASCII, and belong to ordinary writing; not inside an address, though."""
_FULL_STOPS = frozenset("。．｡")
"""Browsers read them as a dot."""
_LATIN = frozenset({"Latin"})
_EAST_ASIAN = frozenset({"Han", "Hiragana", "Katakana", "Hangul", "Bopomofo"})
_MOST_MARKS = 2
"""Accents on one letter of a script that needs no more."""
_MOST_MARKS_ANYWHERE = 8

_NAMELESS = {"Co": "private use", "Cn": "unassigned", "Cs": "half a mark"}

_TOKEN = re.compile(r"[ \n]+|[^ \n]+")
_HOST = re.compile(r"(?<![\w.-])-*(?P<host>(?:[^\W_][\w-]*\.)+[^\W\d_]{2,})")
_WORD = re.compile(r"[^\W_]+")
_UNSEEN = r"[\p{Default_Ignorable_Code_Point}\p{C}\p{Z}]"
_EMOJI = (
    r"[\p{Extended_Pictographic}--\p{Cn}](?:\p{EMod}|\uFE0F)?"
    r"(?:\u200D[\p{Extended_Pictographic}--\p{Cn}](?:\p{EMod}|\uFE0F)?)*|\p{RI}{2}"
)
_BLANK = re.compile(r"\b(?:BLANK|FILLER|INVISIBLE|NULL NOTEHEAD|OBJECT REPLACEMENT)\b")


_Data = dict[str, list[dict[str, str]]]


class _Around(NamedTuple):
    """What one mark stands in."""

    text: str
    place: int
    is_address: bool
    """Whether computers read it: something of it is a host or an e-mail address."""

    @property
    def mark(self) -> str:
        return self.text[self.place]


def visible(text: str) -> str:
    """Show every mark: line ends as ⏎, foreign-script hosts as punycode, what misleads as `[U+… NAME]`."""
    native = _native_scripts(text)
    shown = "".join(_token(token.group(), native) for token in _TOKEN.finditer(text))
    shown = re.sub(r" {4,}", lambda found: f"[U+0020 SPACE × {len(found.group())}]", shown)
    return re.sub(r"^ | $", name_of(" "), shown)


def name_of(mark: str) -> str:
    """Return the number and the name of a mark, in brackets."""
    name = unicodedata.name(mark, "") or _NAMELESS.get(unicodedata.category(mark), "control")
    return f"[U+{ord(mark):04X} {name}]"


def _token(token: str, native: frozenset[str]) -> str:
    if token[0] in " \n":
        return token.replace("\n", "⏎")
    if token.isascii() and token.isprintable():
        return _own_marks(token)
    is_address = "@" in _folded(token) or _HOST.search(token) is not None
    shown: list[str] = []
    end = 0
    for found in _HOST.finditer(token):
        start = found.start("host")
        if found["host"].isascii() or token[end:start].endswith(tuple(_FULL_STOPS)):
            continue
        shown += [_marks(token, end, start, native, is_address=is_address), _punycode(found["host"])]
        end = found.end()
    shown.append(_marks(token, end, len(token), native, is_address=is_address))
    return "".join(shown)


def _own_marks(text: str) -> str:
    """Name the marks that this writes itself."""
    return _OWN.sub(lambda found: name_of(found.group()), text)


def _marks(token: str, start: int, end: int, native: frozenset[str], *, is_address: bool) -> str:
    part = token[start:end]
    foreign = _foreign_letters(part, native, is_mailbox="@" in _folded(token[start:]))
    whole = {
        *_emoji(part),
        *(place for place, mark in enumerate(part) if mark.isascii() and mark.isprintable()),
    }
    own = {found.start() for found in _OWN.finditer(part)}
    shown: list[str] = []
    for place, mark in enumerate(part):
        misleads = place in foreign or (
            place not in whole and _misleads(_Around(token, start + place, is_address), native)
        )
        shown.append(name_of(mark) if misleads or place in own else mark)
    return "".join(shown)


def _misleads(at: _Around, native: frozenset[str]) -> bool:
    mark, category = at.mark, unicodedata.category(at.mark)
    if category[0] in "CZ" or _is_unseen(mark):
        return True
    if category[0] == "M":
        return _is_odd_accent(at)
    if category == "Nd":
        return not native & _scripts(mark) or any(each in "0123456789" for each in at.text)
    if category in ("Lu", "Ll", "Lt", "Lo") and not _is_compatible(mark):
        return False
    return (mark in _FULL_STOPS or _looks_like_ascii(mark)) and not _is_ordinary(at, native)


def _is_ordinary(at: _Around, native: frozenset[str]) -> bool:
    """Whether it stands where people write it: no address can be read out of it."""
    if at.is_address:
        return False
    after = at.text[at.place + 1 : at.place + 2]
    return at.mark in _TYPOGRAPHY or (
        bool(native & _EAST_ASIAN) and not (after.isascii() and after.isalnum())
    )


@lru_cache(4096)
def _is_unseen(mark: str) -> bool:
    ignorable = _unicode(_UNSEEN).match(mark) is not None
    return ignorable or _BLANK.search(unicodedata.name(mark, "")) is not None


def _is_odd_accent(at: _Around) -> bool:
    """Whether a combining mark strikes something out, encloses it, hangs in the air, or is one of a pile."""
    if unicodedata.category(at.mark) == "Me" or unicodedata.combining(at.mark) == 1:
        return True
    base = at.place - 1
    while (
        base >= 0 and base > at.place - _MOST_MARKS_ANYWHERE and unicodedata.category(at.text[base])[0] == "M"
    ):
        base -= 1
    if base < 0 or unicodedata.category(at.text[base])[0] != "L":
        return True
    return at.place - base > _MOST_MARKS and bool(_scripts(at.text[base]) & {"Latin", "Greek", "Cyrillic"})


def _foreign_letters(text: str, native: frozenset[str], *, is_mailbox: bool) -> set[int]:
    """Places of letters that belong to another script than their word, or make it look like another word."""
    places: set[int] = set()
    for word in _WORD.finditer(text):
        letters = [
            place for place in range(*word.span()) if not text[place].isascii() and text[place].isalpha()
        ]
        if is_mailbox:
            places.update(letters)
        elif letters and (_is_mixed(word.group()) or _is_lookalike(word.group(), native)):
            places.update(place for place in letters if _scripts(text[place]) != _LATIN)
            places.update(place for place in letters if _is_odd_latin(text[place]))
    return places


def _is_mixed(word: str) -> bool:
    scripts = [found for mark in word if (found := _scripts(mark))]
    if not scripts or frozenset[str].intersection(*scripts):
        return any(map(_is_odd_latin, word))
    return not all(each & {*_EAST_ASIAN, "Latin"} for each in scripts)


def _is_odd_latin(mark: str) -> bool:
    """Whether it is a Latin letter of phonetics that looks like one of the alphabet."""
    return ord(mark) >= 0x1C0 and _scripts(mark) == _LATIN and _looks_like_ascii(mark)


def _is_lookalike(word: str, native: frozenset[str]) -> bool:
    """Whether a word of another script looks like one in Latin letters, and nothing around it is in that script."""
    scripts = frozenset[str]().union(*map(_scripts, word))
    alike = sum(_looks_like_ascii(mark) for mark in word)
    return not scripts & native and alike > len(word) / 2


def _native_scripts(text: str) -> frozenset[str]:
    """The scripts, besides Latin, in which a text is really written: many of their letters look like no Latin one."""
    if text.isascii():
        return frozenset()
    letters = Counter[tuple[str, bool]]()
    for mark in text:
        if not mark.isascii() and mark.isalpha():
            letters.update((script, _looks_like_ascii(mark)) for script in _scripts(mark))
    return frozenset(
        script
        for script, alike in letters
        if not alike and letters[script, False] * 3 > letters[script, True]
    )


@lru_cache(4096)
def _scripts(mark: str) -> frozenset[str]:
    """The scripts that a mark belongs to; none for what all share."""
    if mark.isascii():
        return frozenset({"Latin"}) if mark.isalpha() else frozenset()
    name = unicodedata.name(mark, "").partition(" ")[0].title()
    known = {"Cjk": "Han", "Fullwidth": "Latin", "Halfwidth": "Katakana"}.get(name, name)
    if unicodedata.category(mark) == "Nd":
        return frozenset({{"Extended": "Arabic"}.get(name.partition("-")[0], name.partition("-")[0])})
    if not mark.isalpha():
        return frozenset()
    for script in (known, *sorted(_EAST_ASIAN), "Latin", "Greek", "Cyrillic"):
        if _in_script(script, mark):
            return frozenset({script})
    return frozenset() if _in_script("Common", mark) else frozenset({known})


def _in_script(script: str, mark: str) -> bool:
    try:
        return _unicode(rf"\p{{Script={script}}}").match(mark) is not None
    except ValueError:  # a word of a name that is no script
        return False


@cache
def _unicode(pattern: str) -> re.Pattern[str]:
    """Compile a pattern that needs Unicode's properties; raises `ValueError` for one that there is not."""
    import regex  # noqa: PLC0415 - most questions are plain, and a start need not wait for it

    try:
        return cast("re.Pattern[str]", regex.compile(pattern, flags=regex.V1))
    except regex.error as error:
        raise ValueError(pattern) from error


def _is_compatible(mark: str) -> bool:
    return unicodedata.normalize("NFKC", mark) != mark


@lru_cache(4096)
def _looks_like_ascii(mark: str) -> bool:
    return any(
        each.isascii() for each in (unicodedata.normalize("NFKC", mark), *_confusables().get(mark, ()))
    )


def _folded(text: str) -> str:
    """The text as it may be read, with dots and signs of ASCII."""
    if text.isascii():
        return text
    return "".join(_as_ascii(mark) for mark in text)


def _as_ascii(mark: str) -> str:
    if mark.isascii() or mark.isalpha():
        return mark
    if mark in _FULL_STOPS:
        return "."
    return next(
        (
            each
            for each in (unicodedata.normalize("NFKC", mark), *_confusables().get(mark, ()))
            if each.isascii()
        ),
        mark,
    )


def _emoji(text: str) -> Iterator[int]:
    """Places of what belongs to whole emoji: their joiners and selectors hide nothing."""
    for found in _unicode(_EMOJI).finditer(text):
        yield from range(*found.span())


@cache
def _confusables() -> dict[str, tuple[str, ...]]:
    """What each mark can be confused with, as Unicode says."""
    library = importlib.import_module(
        "confusable_homoglyphs.confusables"
    )  # it has no annotations, and takes a moment
    known = cast(_Data, library.confusables_data)
    return {mark: tuple(each["c"] for each in found) for mark, found in known.items()}


def _punycode(host: str) -> str:
    try:
        return f"{host.encode('idna').decode()} (⚠️ foreign letters)"
    except UnicodeError:
        return f"{host} (⚠️ foreign letters)"

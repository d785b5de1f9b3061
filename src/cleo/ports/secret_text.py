"""What a shared secret, a token or a key may consist of."""

import re

LONGEST = 4096
_QUOTES = "\"'`“”„‘’«»"
_VISIBLE = re.compile(r"[\x21-\x7e]+")


def flaw_of_secret(text: str, most: int = LONGEST) -> str:
    """Return what is wrong with a secret of at most `most` characters, as half a sentence; empty: a header can carry
    it."""
    if not text.strip():
        return "must not be empty"
    if text[0] in _QUOTES and text[-1] in _QUOTES:
        return "must not stand in quotation marks"
    if re.search(r"\s", text):
        return "must not have spaces or line breaks in it"
    if not _VISIBLE.fullmatch(text):
        return "must be of visible ASCII characters only: letters without accents, digits, punctuation"
    return f"must not be longer than {most} characters" if len(text) > most else ""

"""Read contacts that somebody shares, as fields or as a vCard, in a line each."""

import re
from collections.abc import Iterable, Iterator

from cleo.channels.http.sanitize import label
from cleo.channels.whatsapp.cloud import wire

_FOLDED = re.compile(r"\r?\n[ \t]")
_PROPERTY = re.compile(
    r"^(?:[\w-]+\.)?(FN|NICKNAME|TEL|EMAIL|ORG|TITLE|ROLE|URL|ADR|BDAY|NOTE|IMPP|X-[\w-]*ID)(?:;[^:\r\n]*)?:([^\r\n]+)",
    re.MULTILINE | re.IGNORECASE,
)
_ESCAPED = re.compile(r"\\([\\,;:nN])")
_LONGEST_VCARD = 20_000


def read_card(card: wire.Card) -> str:
    """Return everything that a contact card says; empty when it says nothing."""
    said = [label(each) for each in (*_fields(card), *_properties(card.vcard or ""))]
    return ", ".join(dict.fromkeys(each for each in said if each))


def _fields(card: wire.Card) -> Iterator[str]:
    name = card.name or wire.CardName()
    parts = (name.prefix, name.first_name, name.middle_name, name.last_name, name.suffix)
    yield name.formatted_name or _joined(parts)
    yield from (phone.phone or phone.wa_id or "" for phone in card.phones if phone)
    yield from (email.email or "" for email in card.emails if email)
    if card.org:
        yield _joined((card.org.title, card.org.department, card.org.company), ", ")
    yield from (url.url or "" for url in card.urls if url)
    for place in card.addresses:
        if place:
            yield _joined((place.street, place.zip, place.city, place.state, place.country), ", ")
    yield f"born {card.birthday}" if card.birthday else ""


def _properties(vcard: str) -> Iterator[str]:
    for found in _PROPERTY.finditer(_FOLDED.sub("", vcard[:_LONGEST_VCARD])):
        parts = (_ESCAPED.sub(_unescaped, part).strip() for part in re.split(r"(?<!\\);", found[2]))
        said = ", ".join(filter(None, parts))
        yield f"born {said}" if found[1].upper() == "BDAY" else said


def _unescaped(found: re.Match[str]) -> str:
    return " " if found[1] in "nN" else found[1]


def _joined(parts: Iterable[str | None], between: str = " ") -> str:
    return between.join(part for part in parts if part)

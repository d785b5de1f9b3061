"""Say in words what a message is: for the model, where it reads the message itself or one that refers to it."""

from cleo.domain.content import (
    Choices,
    Chosen,
    Content,
    Edit,
    File,
    Location,
    Other,
    Reaction,
    Template,
    Text,
)

_NAME_MAX = 160


def describe(content: Content, stored: File | str | None = None) -> tuple[str, str]:
    """Return what Cleo notes about it, and the words that people wrote in it; either may be empty.

    `stored` is the file that was fetched, or why it could not be.
    """
    note, words = "", ""
    match content:
        case Text(body=words) | Choices(body=words) | Chosen(title=words) | Edit(body=words):
            pass
        case File(caption=words) as file:
            note = _label(file, stored)
        case Location() as place:
            where = " ".join(filter(None, [place.name, place.address]))
            note = f"location {place.latitude}, {place.longitude} {where}".rstrip()
        case Other(kind=note, body=words):
            pass
        case Reaction(emoji=emoji):
            note = f"reaction {emoji}".rstrip()
        case Template(name=name):
            note = f"template {name}"
        case _:
            pass
    return note, words


def in_words(content: Content) -> str:
    """Return all of it in one text."""
    return " ".join(part for part in describe(content) if part)


def _label(file: File, stored: File | str | None) -> str:
    label = f"{file.kind} {(file.name or '')[:_NAME_MAX]}".strip()
    if isinstance(stored, str):
        return f"{label}: {stored}"
    return f"{label} {stored.stored[:8]}" if stored and stored.stored else label

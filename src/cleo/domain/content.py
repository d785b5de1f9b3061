"""What a message can carry: a closed union, so that a new kind names every place that must learn it."""

import re
from dataclasses import dataclass
from typing import Literal, NewType

MessageId = NewType("MessageId", str)
"""A channel's id of one message; opaque, unique only together with its chat and sender."""

FileId = NewType("FileId", str)
"""Hex SHA-256 of the bytes of a file that Cleo keeps."""

FileKind = Literal["image", "video", "audio", "voice", "document", "sticker"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Words, in the channel's own markup when inbound, in Markdown when outbound."""

    body: str
    type: Literal["text"] = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A picture, recording or document.

    Inbound it has a `url` until Cleo fetched it; from then on, and outbound, it has a `stored` id.
    """

    kind: FileKind
    mimetype: str = "application/octet-stream"
    name: str | None = None
    size: int | None = None
    caption: str = ""
    url: str | None = None
    stored: FileId | None = None
    seconds: int | None = None
    type: Literal["file"] = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """An emoji put on the message `to`; empty when it was taken back."""

    emoji: str
    to: MessageId
    on_own: bool = False
    """Outbound: `to` is a message that Cleo wrote."""
    type: Literal["reaction"] = "reaction"


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A shared place, in degrees."""

    latitude: float
    longitude: float
    name: str = ""
    address: str = ""
    type: Literal["location"] = "location"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """The message `of` now reads `body`."""

    of: MessageId
    body: str
    type: Literal["edit"] = "edit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoke:
    """The message `of` was deleted for everyone."""

    of: MessageId
    type: Literal["revoke"] = "revoke"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One of several answers; `id` comes back with the choice, `title` and `description` are shown."""

    id: str
    title: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """Outbound: words with answers to tap. Where there is nothing to tap, `words` are sent instead."""

    body: str
    options: tuple[Option, ...]
    words: str = ""
    """Empty: the body with a numbered list of the titles."""
    type: Literal["choices"] = "choices"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Inbound: the option that was tapped; which message offered it stands in `Inbound.quoted`."""

    id: str
    title: str
    type: Literal["chosen"] = "chosen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """Outbound: a text that WhatsApp approved beforehand, by its name; the only way to write first."""

    name: str
    language: str
    type: Literal["template"] = "template"


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """A kind that Cleo has no shape for: kept under its name, never dropped."""

    kind: str
    body: str = ""
    type: Literal["other"] = "other"


Content = Text | File | Reaction | Location | Edit | Revoke | Choices | Chosen | Template | Other

_NOTICES = (
    *("group_", "community_", "call_", "individual_", "broadcast_"),
    *("biz_", "e2e_", "notice_", "change_"),
)
"""Begin kinds that WhatsApp itself writes into a chat: who joined, who called."""
_SAID = frozenset({"group_invite", "group_invite_message"})
"""Kinds that begin so, and that a person sends."""
_ABOUT_ANOTHER = frozenset(
    {
        "edit",
        "revoke",
        "reaction",
        "enc_reaction",
        "secret_encrypted",
        "pin",
        "unpin",
        "pin_in_chat",
        "unpin_in_chat",
        "keep_in_chat",
        "undo_keep_in_chat",
        "poll_update",
        "poll_vote",
        "event_response",
        "poll_add_option",
        "ephemeral_setting",
    }
)


def is_about_another(content: Content) -> bool:
    """Return whether it was done to another message or to the chat, so that nobody has said anything."""
    if not isinstance(content, Other):
        return isinstance(content, Reaction | Edit | Revoke)
    is_notice = content.kind.startswith(_NOTICES) and content.kind not in _SAID
    return content.kind in _ABOUT_ANOTHER or is_notice


_MARKS = str.maketrans({"⟦": "[[", "⟧": "]]", "〚": "[[", "〛": "]]"})
_TAGS = re.compile("[\U000e0000-\U000e007f]")

ANNOTATION = re.compile("⟦([^⟦⟧]*)⟧ ?")
"""What Cleo notes beside the words of people, where the model reads both in one text; with the space behind it.

No text of people or tools reaches the model with these brackets in it: whatever stands in them is Cleo's."""


def annotate(words: str) -> str:
    """Write an annotation of one line; `words` may hold what people chose, such as a name."""
    return f"⟦{' '.join(unmarked(words).split())}⟧"


def unmarked(text: str) -> str:
    """Take from a text of somebody else the brackets of annotations, and invisible tags."""
    return _TAGS.sub("", text).translate(_MARKS)

"""What WhatsApp's Cloud API can carry. Source: the tables of Meta's API reference."""

from typing import Final

from cleo.ports import Capabilities, ChoiceLimits, FileLimit, TypingIndicator

_KB = 1024
_MB = 1024 * 1024

_OFFICE = "application/vnd.openxmlformats-officedocument."
_DOCUMENTS = frozenset(
    {
        "text/plain",
        "application/pdf",
        "application/msword",
        "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint",
        f"{_OFFICE}wordprocessingml.document",
        f"{_OFFICE}spreadsheetml.sheet",
        f"{_OFFICE}presentationml.presentation",
    }
)
_AUDIO = frozenset({"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"})

DAY: Final = 86400.0
"""Seconds after a message of the person in which anything may be sent."""
TAPPING: Final = ChoiceLimits()

CLOUD: Final = Capabilities(
    addresses=(frozenset({"phone", "group"}), frozenset({"bsuid"}), frozenset({"parent_bsuid"})),
    text_max=4096,
    caption_max=1024,
    files={
        "image": FileLimit(mimetypes=frozenset({"image/jpeg", "image/png"}), max_bytes=5 * _MB),
        "audio": FileLimit(mimetypes=_AUDIO, max_bytes=16 * _MB),
        "voice": FileLimit(mimetypes=frozenset({"audio/ogg"}), max_bytes=16 * _MB),
        "video": FileLimit(mimetypes=frozenset({"video/mp4", "video/3gpp", "video/3gp"}), max_bytes=16 * _MB),
        "document": FileLimit(mimetypes=_DOCUMENTS, max_bytes=100 * _MB),
        # Still ones may have 100 KB only, which WhatsApp judges itself.
        "sticker": FileLimit(mimetypes=frozenset({"image/webp"}), max_bytes=500 * _KB),
    },
    choice_limits=TAPPING,
    typing=TypingIndicator(seconds=25),
    window=DAY,
    on_repeat="reconciled",
    advice=(
        "Replies are read on a phone in WhatsApp: short paragraphs and lists, no tables. A message has at most 4096 "
        "characters and cannot be edited or deleted; at most 3 buttons or a list of 10 answers can be offered. "
        "WhatsApp takes messages only within 24 hours after the person last wrote."
    ),
)

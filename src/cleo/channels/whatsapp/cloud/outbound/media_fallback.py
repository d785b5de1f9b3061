"""The kind under which WhatsApp accepts a file: its own, or another as a fallback."""

from collections.abc import Mapping
from dataclasses import dataclass
from mimetypes import guess_extension
from typing import Final

from cleo.domain.content import File, FileKind
from cleo.domain.errors import SendRejected
from cleo.ports import Capabilities, FileLimit

_FALLBACKS: Final[Mapping[FileKind, tuple[FileKind, ...]]] = {
    "image": ("document",),
    "video": ("document",),
    "audio": ("document",),
    "voice": ("audio", "document"),
    "sticker": ("image", "document"),
    "document": ("image", "video", "audio"),
}
_NAMES: Final[Mapping[FileKind, str]] = {
    "image": "picture",
    "video": "video",
    "audio": "recording",
    "voice": "voice message",
    "document": "document",
    "sticker": "sticker",
}
_CAPTIONED: Final = frozenset[FileKind]({"image", "video", "document"})
_ALIASES: Final = {
    "image/jpg": "image/jpeg",
    "audio/mp3": "audio/mpeg",
    "audio/m4a": "audio/mp4",
    "audio/x-m4a": "audio/mp4",
}
_NAME_MAX = 240
_MB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class FileToSend:
    """A file as it will be sent; `how` says what differs from what was asked."""

    kind: FileKind
    mimetype: str
    name: str
    caption: str
    how: str = ""


def with_fallback(file: File, size: int, can: Capabilities) -> FileToSend:
    """Choose the kind; raises `SendRejected` when WhatsApp accepts the file under none."""
    if size == 0:
        raise SendRejected("The file is empty, so it was not sent.")
    if len(file.caption) > can.caption_max:
        raise SendRejected(
            f"The caption has {len(file.caption)} characters; WhatsApp takes {can.caption_max}. "
            "Send the file with a shorter one, and the rest as a message."
        )
    for kind in (file.kind, *_FALLBACKS[file.kind]):
        mimetype = _mimetype(file, kind)
        if _accepts(can.files.get(kind), mimetype, size):
            return _file_as(file, kind, mimetype)
    raise SendRejected(_refusal(file, size, can.files[file.kind]))


def _file_as(file: File, kind: FileKind, mimetype: str) -> FileToSend:
    extension = guess_extension(mimetype) or ""
    how = [] if kind == file.kind else [f"The {_NAMES[file.kind]} was sent as a {_NAMES[kind]}."]
    caption = file.caption if kind in _CAPTIONED else ""
    if file.caption and not caption:
        how.append(f"WhatsApp shows no caption with a {_NAMES[kind]}, so it was left out.")
    name = (file.name or f"file{extension}")[-_NAME_MAX:]
    return FileToSend(kind=kind, mimetype=mimetype, name=name, caption=caption, how=" ".join(how))


def _accepts(limit: FileLimit | None, mimetype: str, size: int) -> bool:
    if limit is None:
        return True
    return size <= limit.max_bytes and (not limit.mimetypes or mimetype in limit.mimetypes)


def _mimetype(file: File, kind: FileKind) -> str:
    """Name the type as WhatsApp does, without parameters; all text files are plain text to it."""
    bare = file.mimetype.partition(";")[0].strip().lower()
    if kind == "document" and bare.startswith("text/"):
        return "text/plain"
    return _ALIASES.get(bare, bare)


def _refusal(file: File, size: int, limit: FileLimit) -> str:
    name = _NAMES[file.kind]
    if _mimetype(file, file.kind) in limit.mimetypes:
        most = limit.max_bytes / _MB
        return f"The {name} has {size / _MB:.1f} MB, and WhatsApp takes at most {most:.1f} MB."
    return f"WhatsApp takes no {name} of the type {file.mimetype}, but {', '.join(sorted(limit.mimetypes))}."

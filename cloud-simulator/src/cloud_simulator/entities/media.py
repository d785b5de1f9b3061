"""Files: uploaded by a business or sent from phones, and the short-lived URLs to download them."""

import base64
import hashlib
from dataclasses import dataclass, field

from cloud_simulator.errors import GraphError

MB = 1024 * 1024
UPLOAD_LIVES = 30 * 86400.0
"""Seconds that the id of an uploaded file is valid."""
INBOUND_LIVES = 7 * 86400.0
"""Seconds that the id of a file from a webhook is valid."""
URL_LIVES = 300.0

_OFFICE = "application/vnd.openxmlformats-officedocument."
_DOCUMENTS = (
    "text/plain",
    "application/pdf",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    f"{_OFFICE}wordprocessingml.document",
    f"{_OFFICE}spreadsheetml.sheet",
    f"{_OFFICE}presentationml.presentation",
)
ACCEPTED: dict[str, tuple[str, int]] = {
    **dict.fromkeys(("image/jpeg", "image/png"), ("image", 5 * MB)),
    **{f"audio/{name}": ("audio", 16 * MB) for name in ("aac", "amr", "mpeg", "mp4", "ogg")},
    **{f"video/{name}": ("video", 16 * MB) for name in ("mp4", "3gpp", "3gp")},
    **dict.fromkeys(_DOCUMENTS, ("document", 100 * MB)),
    "image/webp": ("sticker", 500 * 1024),
}
"""Kind and largest size in bytes, by mimetype."""
_STATIC_STICKER = 100 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFile:
    """A stored file; its id is valid `until` then, in Unix seconds."""

    id: str
    number: str
    data: bytes
    mimetype: str
    filename: str
    until: float
    inbound: bool

    @property
    def base(self) -> str:
        """The mimetype without parameters."""
        return self.mimetype.partition(";")[0].strip().lower()

    @property
    def sha256(self) -> str:
        """The hash in hex, as the Graph API returns it."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def sha256_in_webhook(self) -> str:
        """The hash in base64, as webhooks carry it."""
        return base64.b64encode(hashlib.sha256(self.data).digest()).decode()


@dataclass(slots=True)
class MediaStore:
    """All files and all URLs."""

    files: dict[str, MediaFile] = field(default_factory=dict[str, MediaFile])
    urls: dict[str, tuple[str, float]] = field(default_factory=dict[str, tuple[str, float]])
    """Media id and end of validity, by the token in the URL."""

    def find(self, id: str, now: float) -> MediaFile:
        """Return a file whose id is valid; raises `GraphError`."""
        file = self.files.get(id)
        if file is None or file.until < now:
            raise GraphError(100, f"media {id} does not exist or has expired", subcode=33)
        return file

    def find_by_token(self, token: str, now: float) -> MediaFile | None:
        """Return the file of a URL; None when the URL is unknown or has expired."""
        id, until = self.urls.get(token, ("", 0.0))
        return self.files.get(id) if until >= now else None


def check_upload(data: bytes, mimetype: str) -> None:
    """Raise `GraphError` for a file that Meta does not accept."""
    base = mimetype.partition(";")[0].strip().lower()
    if base not in ACCEPTED:
        raise GraphError(100, f"file must be one of: {', '.join(ACCEPTED)}; it is {base or 'nothing'}")
    if base == "audio/ogg" and data[:4] == b"OggS" and b"OpusHead" not in data[:128]:
        raise GraphError(131053, "audio/ogg must contain opus")
    kind, most = ACCEPTED[base]
    if kind == "sticker" and b"ANIM" not in data[:128]:
        most = _STATIC_STICKER
    if not data:
        raise GraphError(100, "the file is empty")
    if len(data) > most:
        raise GraphError(131053, f"{kind} of {len(data)} bytes: at most {most}")


def check_use(file: MediaFile, kind: str, *, voice: bool) -> None:
    """Raise `GraphError` when a file is sent as another kind."""
    accepted = ACCEPTED.get(file.base, ("", 0))[0]
    if accepted != kind:
        raise GraphError(131053, f"{file.mimetype} cannot be sent as {kind}")
    if voice and file.base != "audio/ogg":
        raise GraphError(131053, f"a voice note is ogg with opus, not {file.mimetype}")

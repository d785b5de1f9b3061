"""What a way to reach people can do, as data that decides something: nobody asks which one is in use.

What is done by a method is no data: whether a backend has it says enough.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from cleo.domain.content import FileKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceLimits:
    """How many answers can be offered to tap, and how long they may be, in characters."""

    buttons: int = 3
    rows: int = 10
    body_max: int = 1024
    button_max: int = 20
    row_max: int = 24
    description_max: int = 72
    id_max: int = 200
    in_groups: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TypingIndicator:
    """How the sign that Cleo writes behaves."""

    seconds: float = 10
    """How long it lasts before it must be shown again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLimit:
    """Which files of a kind can be sent: their types (empty: any), and the most bytes."""

    mimetypes: frozenset[str] = frozenset()
    max_bytes: int = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What can be carried, and what becomes of the rest. Lengths in characters, times in seconds."""

    addresses: tuple[frozenset[str], ...] = (frozenset({"phone", "lid", "group"}),)
    """Namespaces of addresses that can be reached, the best first."""
    text_max: int = 4000
    caption_max: int = 1024
    files: Mapping[FileKind, FileLimit] = field(default_factory=dict[FileKind, FileLimit])
    """Kinds that are not named have no limit of their own."""
    choice_limits: ChoiceLimits | None = None
    typing: TypingIndicator | None = None
    window: float | None = None
    """How long after a message of the person Cleo may write freely; None: always."""
    on_repeat: Literal["deduplicated", "reconciled", "duplicated"] = "deduplicated"
    """What a repeated send does. `deduplicated`: nothing, the key makes it the same message. `reconciled`: a second
    message, but later statuses tell by the key whether there was a first. `duplicated`: a second message."""
    advice: str = ""
    """One line for the model's instructions."""

"""What one request of a webhook that batches brings: many items, each on its own."""

from dataclasses import dataclass

from cleo.domain.message import Inbound, Receipt, Rotation


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that was told.

    `key` makes the same thing the same, however often and in whatever company it comes again.
    """

    key: str
    kind: str
    """What it is, by the backend's own name, such as `message/text`, `status/sent`, `echo`."""
    body: str
    """JSON, as it came."""
    event: Inbound | Receipt | Rotation | None = None
    """What it means for the line; None: it is kept, and that is all."""
    problem: str = ""
    """Why it could not be read, or is not ours."""
    starts: bool = True
    """Whether a message may start a run. False for what somebody else answers."""
    opens_window: bool = False
    """Whether it allows Cleo to write freely for a while, and is what typing and read refer to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A request as it came, and what was found in it."""

    channel: str
    raw: bytes
    items: tuple[Item, ...]

"""What one request of a webhook that batches brings: many events, each on its own."""

from dataclasses import dataclass

from cleo.domain.health import AccountNews
from cleo.domain.message import IdentityChange, Inbound, Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEvent:
    """One thing that was told.

    `key` makes the same thing the same, however often and in whatever company it comes again.
    """

    key: str
    kind: str
    """What it is, by the backend's own name, such as `message/text`, `status/sent`, `echo`."""
    body: str
    """JSON, as it came."""
    meaning: Inbound | Receipt | IdentityChange | AccountNews | None = None
    """What it means for the line; None: it is kept, and that is all."""
    problem: str = ""
    """Why it could not be read, or is not ours."""
    starts: bool = True
    """Whether a message may start a run. False for what somebody else answers."""
    opens_window: bool = False
    """Whether it allows Cleo to write freely for a while, and is what typing and read refer to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookBatch:
    """A request as it came, and what was found in it."""

    channel: str
    raw: bytes
    events: tuple[WebhookEvent, ...]

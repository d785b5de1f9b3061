"""Messages on their way in and out."""

from dataclasses import dataclass
from typing import Literal

from cleo.domain.content import Content, MessageId, Template
from cleo.domain.conversation import ConversationId
from cleo.domain.identity import Address, PersonId

InboxState = Literal["new", "taken", "done", "noted", "dead"]
"""`new` waits for a run · `taken` belongs to an open run · `done` was answered · `noted` is kept but starts no
run (a stranger, an echo, a vote, a receipt) · `dead` was given up after several tries."""

OutboxState = Literal[
    "queued",
    "held",
    "sending",
    "uncertain",
    "unknown",
    "accepted",
    "sent",
    "failed",
    "delivered",
    "read",
    "played",
]
"""`held` waits until the person writes again · `uncertain` may have been sent, and it is being found out ·
`unknown` may have been sent, and nobody can tell any more · `accepted` was taken over, and not sent yet."""

ReceiptState = Literal["sent", "delivered", "read", "played", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """The earlier message that somebody replied to."""

    id: MessageId
    sender: Address | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """One event as a channel hands it over. Times are Unix milliseconds and are for display only."""

    channel: str
    chat: Address
    id: MessageId
    sender: Address
    content: Content
    at: int
    aliases: frozenset[Address] = frozenset()
    sender_name: str = ""
    account: str = ""
    is_group: bool = False
    from_me: bool = False
    forwarded: bool = False
    offline: bool = False
    """It waited somewhere before it came here: it is answered, but not as if it were said just now."""
    quoted: Quoted | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxItem:
    """An inbound message on disk; `seq` is its place in arrival order."""

    seq: int
    conversation: ConversationId
    person: PersonId
    message: Inbound
    received_at: float
    """Unix seconds by Cleo's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxItem:
    """A message that must go out, once. `key` makes a repeated send harmless where the backend supports it."""

    key: str
    conversation: ConversationId
    content: Content
    quoted: Quoted | None = None
    seq: int = 0
    state: OutboxState = "queued"
    attempts: int = 0
    next_at: float = 0.0
    """Unix seconds; not to be sent earlier."""
    message_id: MessageId | None = None
    reason: str = ""
    uncertain_since: float | None = None
    """Unix seconds since when nobody knows whether it was sent."""
    repeated: bool = False
    """It was sent once more in doubt, so it may be there twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a channel tells about messages that Cleo sent to `chat`; None: that was not told, only the key."""

    channel: str
    chat: Address | None
    of: tuple[MessageId, ...]
    state: ReceiptState
    at: int
    reason: str = ""
    account: str = ""
    key: str = ""
    """The outbox key of the message, where the backend gives it back: then it is known also by that."""
    held: bool = False
    """With `failed`: it was refused because the person has not written lately, so it can wait for that."""
    reopen_template: Template | None = None
    """With `held`: what may be sent meanwhile, to ask the person to write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityChange:
    """A channel tells that somebody has new addresses; `before` are those that it replaces."""

    before: frozenset[Address]
    now: frozenset[Address]

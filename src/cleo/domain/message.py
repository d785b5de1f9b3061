"""Messages on their way in and out."""

from dataclasses import dataclass, field
from typing import Literal

from cleo.domain.content import Content, MessageId
from cleo.domain.conversation import ConversationId
from cleo.domain.identity import Address, PersonId

InboxState = Literal["new", "taken", "done", "noted", "dead"]
"""`new` waits for a run · `taken` belongs to an open run · `done` was answered · `noted` is kept but starts no
run (a stranger, an echo, a vote, a receipt) · `dead` was given up after several tries."""

OutboxState = Literal["queued", "sending", "sent", "delivered", "read", "uncertain", "failed"]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a channel tells about messages that Cleo sent to `chat`."""

    channel: str
    chat: Address
    of: tuple[MessageId, ...]
    state: Literal["sent", "delivered", "read", "failed"]
    at: int
    reason: str = ""
    account: str = field(default="")

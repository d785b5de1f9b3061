"""Messages on their way in and out."""

from dataclasses import dataclass
from typing import Literal

from cleo.domain.content import Content, MessageId, Template
from cleo.domain.conversation import DEFAULT_ACCOUNT, AccountId, AccountKey, ConversationId
from cleo.domain.identity import Address, PersonId

InboxState = Literal["new", "change", "early", "taken", "done", "noted", "dead"]
"""`new` waits for a run · `change`, an edit or deletion, waits for the next run and starts none · `early` answers a
question whose message id nobody has told yet · `taken` belongs to an open run · `done` was answered · `noted` is kept
but starts no run (a stranger, an echo, a vote, a receipt) · `dead` was given up after several tries."""

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
    """The earlier message that somebody replied to. Without `sender` it is Cleo's own, or nobody knows."""

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
    account: AccountId = DEFAULT_ACCOUNT
    number_id: str = ""
    """The backend's id of Cleo's number that it was sent to; empty where the backend does not tell it."""
    is_group: bool = False
    from_me: bool = False
    forwarded: bool = False
    offline: bool = False
    """It waited somewhere before it came here: it is answered, but not as if it were said just now."""
    quoted: Quoted | None = None
    context: tuple[str, ...] = ()
    """What it came with, in words: the ad or product that it answers, what a choice was described as."""

    @property
    def account_key(self) -> AccountKey:
        """The account that it was sent to."""
        return AccountKey(self.channel, self.account)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxItem:
    """An inbound message on disk; `seq` is its place in arrival order."""

    seq: int
    conversation: ConversationId
    person: PersonId
    message: Inbound
    received_at: float
    """Unix seconds by Cleo's clock."""
    state: InboxState = "new"


Purpose = Literal["reply", "prompt", "plan", "outcome", "notice", "reminder", "tool", "reopen"]
"""`reply` of a run · `prompt` asks for a confirmation · `plan` shows what is too long for its prompt · `outcome` of a
confirmation · `notice` of Cleo itself · `reminder` · `tool`: what a tool says · `reopen`: a template that asks the
person to write, so that what is held can go out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMessage:
    """A message that must go out, once. `key` makes a repeated send harmless where the backend supports it."""

    key: str
    conversation: ConversationId
    content: Content
    purpose: Purpose
    asks: str | None = None
    """The ref of the confirmation that it asks for or shows; None once the question is asked by another message."""
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
    attempt: int = 1
    """2: it was sent once more when nobody could tell whether the first one arrived, so it may be there twice."""
    second_id: MessageId | None = None
    """The id of its other attempt, when both arrived."""

    @property
    def send_key(self) -> "SendKey":
        """What a send of it is known by."""
        return SendKey(self.key, self.attempt)


@dataclass(frozen=True, slots=True)
class SendKey:
    """One attempt at sending a message: a repeated send with the same one is the same send."""

    key: str
    """The message's own."""
    attempt: int = 1
    """2: it is sent once more, as nobody can tell whether the first one arrived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a channel tells about messages that Cleo sent to `chat`; None: that was not told, only the key."""

    channel: str
    chat: Address | None
    of: tuple[MessageId, ...]
    state: ReceiptState
    at: int
    reason: str = ""
    account: AccountId = DEFAULT_ACCOUNT
    number_id: str = ""
    key: str = ""
    """The key of the message, where the backend gives it back: then it is known also by that."""
    attempt: int = 1
    """Which attempt at sending it this is about."""
    held: bool = False
    """With `failed`: it was refused because the person has not written lately, so it can wait for that."""
    reopen_template: Template | None = None
    """With `held`: what may be sent meanwhile, to ask the person to write."""

    @property
    def account_key(self) -> AccountKey:
        """The account that sent them."""
        return AccountKey(self.channel, self.account)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityChange:
    """A channel tells that somebody has new addresses; `before` are those that it replaces."""

    before: frozenset[Address]
    now: frozenset[Address]

"""A messenger, as the agent sees it and as it sees the agent."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from cleo.domain.content import Content, File, MessageId, Template
from cleo.domain.conversation import Conversation
from cleo.domain.health import Health
from cleo.domain.identity import Address
from cleo.domain.message import Inbound, Quoted, Receipt, SendKey
from cleo.domain.webhook_batch import WebhookBatch
from cleo.ports.capabilities import Capabilities

IntakeStatus = Literal["accepted", "duplicate", "ignored"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A message that the channel took over as asked."""

    message_id: MessageId | None
    state: Literal["accepted", "sent"] = "sent"
    """`accepted`: what becomes of it is told later."""
    also: Address | None = None
    """Another address of whom it went to, which the channel told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Degraded(Sent):
    """A message that the channel took over otherwise than asked: `how`, in words."""

    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A message that never will be sent as it is: `reason` in words, `code` is the backend's own number."""

    reason: str
    code: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A message that can be sent once the person has written again; `reopen_template` may be sent to ask for that."""

    reason: str
    reopen_template: Template | None = None


Outcome = Sent | Degraded | Refused | Held
"""What became of a send. That it may work later, or that nobody knows, is raised."""


class Channel(Protocol):
    """A messenger. Sends raise `SendFailed` or `SendUncertain`; fetches `FetchError`."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do now."""
        ...

    async def send(
        self, to: Conversation, content: Content, *, key: SendKey, quoted: Quoted | None
    ) -> Outcome:
        """Send one message; what a repeat with the same key does is told by `Capabilities.on_repeat`."""
        ...

    def message_id(self, key: str) -> MessageId | None:
        """The id that a message sent with this key will have, when that is known beforehand."""
        ...

    def fetch(self, file: File) -> AsyncIterator[bytes]:
        """Read an inbound file from the channel."""
        ...

    async def health(self) -> Health:
        """How the connection is doing."""
        ...


@runtime_checkable
class ShowsTyping(Protocol):
    """A channel that can show that Cleo is writing."""

    async def typing(self, to: Conversation, on: bool) -> None:
        """Start or stop the sign. Never raises: it is decoration."""
        ...


@runtime_checkable
class MarksRead(Protocol):
    """A channel on which Cleo says itself that a message was read."""

    async def read(self, chat: Conversation) -> None:
        """Mark what was heard last as read. Never raises: it is decoration."""
        ...


@runtime_checkable
class KnowsNumber(Protocol):
    """A channel that can tell which number is behind the account, and may get another one."""

    async def number(self) -> str | None:
        """Return the backend's id of the number; None: it is not known now. Never raises."""
        ...


@runtime_checkable
class Renders(Protocol):
    """A channel with a markup and a length limit of its own."""

    def render(self, text: str, *, markdown: bool = True) -> list[str]:
        """Turn Markdown into the texts of the messages that carry it, in order; none when nothing is visible.

        Without `markdown` it is a person's own words, or what a program wrote: it is only divided. The outbox keeps
        these: what `send` gets is final.
        """
        ...


class Receive(Protocol):
    """What a channel calls for everything that it hears. All return only after the commit."""

    async def message(self, inbound: Inbound) -> IntakeStatus:
        """Keep a message, exactly once."""
        ...

    async def receipt(self, receipt: Receipt) -> IntakeStatus:
        """Keep what became of a message that Cleo sent."""
        ...

    async def batch(self, batch: WebhookBatch) -> int:
        """Keep a request and each event in it, exactly once, all in one commit; tells how many were new."""
        ...

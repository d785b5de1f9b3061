"""A messenger, as the agent sees it and as it sees the agent."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from cleo.domain.content import Content, File, MessageId
from cleo.domain.conversation import Conversation
from cleo.domain.health import Health
from cleo.domain.message import Inbound, Quoted, Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A message that the channel took over. `degraded` tells in words what it could not do as asked."""

    message_id: MessageId | None
    degraded: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a channel can carry. Data, so that nobody asks which backend is in use."""

    text_max: int = 4000
    """Characters in one message."""
    caption_max: int = 1024
    advice: str = ""
    """One line for the model's instructions."""


class Channel(Protocol):
    """A messenger. Sends raise `SendRejected`, `SendFailed` or `SendUncertain`; fetches `FetchError`."""

    @property
    def limits(self) -> Limits:
        """What fits into one message."""
        ...

    async def send(self, to: Conversation, content: Content, *, key: str, quoted: Quoted | None) -> Sent:
        """Send one message; a repeat with the same key sends nothing new where the backend can tell."""
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
class Renders(Protocol):
    """A channel with a markup and a length limit of its own."""

    def render(self, markdown: str) -> list[str]:
        """Turn Markdown into the texts of the messages that carry it, in order; none when nothing is visible.

        The outbox keeps these: what `send` gets is final.
        """
        ...


class Receive(Protocol):
    """What a channel calls for everything that it hears. Both return only after the commit."""

    async def message(self, inbound: Inbound) -> Literal["accepted", "duplicate", "ignored"]:
        """Keep a message, exactly once."""
        ...

    async def receipt(self, receipt: Receipt) -> Literal["accepted", "duplicate", "ignored"]:
        """Keep what became of a message that Cleo sent."""
        ...

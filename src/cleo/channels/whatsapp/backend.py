"""What the channel asks of a way to reach WhatsApp: the bridge today, Meta's Cloud API beside it.

Differences between backends are data (`Limits`) or a tiny protocol of their own; what an operation could not do as
asked stands in its `Sent`. Sends raise `SendRejected`, `SendFailed` or `SendUncertain`.
"""

from collections.abc import AsyncIterator
from typing import Protocol, runtime_checkable

from cleo.domain.content import File, MessageId, Reaction
from cleo.domain.health import Health
from cleo.domain.identity import Address
from cleo.domain.message import Quoted
from cleo.ports import Limits, Sent


class Backend(Protocol):
    """A way to reach WhatsApp."""

    @property
    def limits(self) -> Limits:
        """What fits into one message."""
        ...

    async def send_text(self, to: Address, body: str, *, key: str, quoted: Quoted | None) -> Sent:
        """Send words in WhatsApp's markup."""
        ...

    async def send_file(self, to: Address, file: File, *, key: str, quoted: Quoted | None) -> Sent:
        """Send a stored file with its caption."""
        ...

    def fetch(self, file: File) -> AsyncIterator[bytes]:
        """Read an inbound file; raises `FetchError`."""
        ...

    async def health(self) -> Health:
        """How the connection is doing. Never raises."""
        ...


@runtime_checkable
class Reacts(Protocol):
    """A backend that can put an emoji on a message."""

    async def react(self, to: Address, reaction: Reaction, *, key: str, author: Address | None) -> Sent:
        """Set Cleo's reaction, or take it back; `author` wrote the message, when that is known."""
        ...


@runtime_checkable
class Types(Protocol):
    """A backend that can show that Cleo is writing."""

    async def typing(self, to: Address, on: bool) -> None:
        """Start or stop the sign. Never raises."""
        ...


@runtime_checkable
class ForeseesIds(Protocol):
    """A backend whose message ids follow from the key."""

    def message_id(self, key: str) -> MessageId | None:
        """Tell the id that a message with this key will have."""
        ...

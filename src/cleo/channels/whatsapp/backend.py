"""What the channel asks of a backend: the bridge, or Meta's Cloud API.

Differences between backends are data (`Capabilities`) or a tiny protocol of their own; what became of an operation is
its `Outcome`. Sends raise `SendRejected` (which the channel turns into `Refused`), `SendFailed` or `SendUncertain`.
The chat that a message goes to is a `Conversation`, whose `address` is the one to use and whose `last_inbound` is the
newest message of the other side, if the backend tells such things.
"""

from collections.abc import AsyncIterator
from typing import Protocol, runtime_checkable

from cleo.domain.content import Choices, File, Location, MessageId, Reaction, Template
from cleo.domain.conversation import Conversation
from cleo.domain.health import Health
from cleo.domain.identity import Address
from cleo.domain.message import Quoted, SendKey
from cleo.ports import Capabilities, Outcome

CHANNEL = "whatsapp"
"""The channel, whichever backend carries it."""

PATH = "/api/whatsapp/webhook"
"""Where its news come in, whichever backend brings them."""

SECRET_HEADER = "X-Webhook-Secret"  # noqa: S105 - the header's name, not a secret
"""With the secret that Cleo shares with a bridge; its name never changes."""


class Backend(Protocol):
    """A way to send and receive on WhatsApp."""

    @property
    def capabilities(self) -> Capabilities:
        """Return what it can do now."""
        ...

    async def send_text(self, to: Conversation, body: str, *, key: SendKey, quoted: Quoted | None) -> Outcome:
        """Send a text in WhatsApp's markup."""
        ...

    async def send_file(
        self, to: Conversation, file: File, *, key: SendKey, quoted: Quoted | None
    ) -> Outcome:
        """Send a stored file with its caption."""
        ...

    def fetch(self, file: File) -> AsyncIterator[bytes]:
        """Read an inbound file; raises `FetchError`."""
        ...

    async def health(self) -> Health:
        """Return how the connection is doing. Never raises."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...


@runtime_checkable
class Reacts(Protocol):
    """A backend that can put an emoji on a message."""

    async def react(
        self, to: Conversation, reaction: Reaction, *, key: SendKey, author: Address | None
    ) -> Outcome:
        """Set Cleo's reaction, or take it back; `author` wrote the message, when that is known."""
        ...


@runtime_checkable
class SendsChoices(Protocol):
    """A backend with answers to tap, within `Capabilities.choice_limits`."""

    async def send_choices(
        self, to: Conversation, choices: Choices, *, key: SendKey, quoted: Quoted | None
    ) -> Outcome:
        """Send a text with answers to tap."""
        ...


@runtime_checkable
class SendsPlaces(Protocol):
    """A backend that can send a place as a place."""

    async def send_place(
        self, to: Conversation, place: Location, *, key: SendKey, quoted: Quoted | None
    ) -> Outcome:
        """Send a place."""
        ...


@runtime_checkable
class SendsTemplates(Protocol):
    """A backend with templates."""

    async def send_template(self, to: Conversation, template: Template, *, key: SendKey) -> Outcome:
        """Send a template."""
        ...


@runtime_checkable
class Types(Protocol):
    """A backend that can show that Cleo is writing."""

    async def typing(self, to: Conversation, on: bool) -> None:
        """Start or stop the typing indicator. Never raises."""
        ...


@runtime_checkable
class Reads(Protocol):
    """A backend on which Cleo itself marks messages as read."""

    async def read(self, chat: Conversation) -> None:
        """Mark the last inbound message as read. Never raises."""
        ...


@runtime_checkable
class TellsNumber(Protocol):
    """A backend that can be linked with another number while Cleo runs."""

    async def number(self) -> str | None:
        """Return the backend's id of the number that is linked now; None: it is not known. Never raises."""
        ...


@runtime_checkable
class ForeseesIds(Protocol):
    """A backend whose message ids follow from the key."""

    def message_id(self, key: str) -> MessageId | None:
        """Return the id that a message with this key will have; None: it is not known."""
        ...

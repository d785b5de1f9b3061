"""WhatsApp as a channel. It stays as it is whichever backend carries the messages."""

from collections.abc import AsyncIterator
from typing import assert_never

from cleo.channels.whatsapp.backend import Backend, ForeseesIds, Reacts, Types
from cleo.channels.whatsapp.text import parts
from cleo.domain.content import Content, Edit, File, Location, MessageId, Other, Reaction, Revoke, Text
from cleo.domain.conversation import Conversation
from cleo.domain.errors import SendRejected
from cleo.domain.health import Health
from cleo.domain.identity import Address
from cleo.domain.message import Quoted
from cleo.ports import Limits, Sent


class WhatsAppChannel:
    """Implements `ports.Channel`, `ports.ShowsTyping` and `ports.Renders` on a backend."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    @property
    def limits(self) -> Limits:
        """What fits into one message."""
        return self._backend.limits

    async def send(self, to: Conversation, content: Content, *, key: str, quoted: Quoted | None) -> Sent:
        """Send one message; a `Text` is in WhatsApp's own markup already (see `render`)."""
        chat = to.address
        match content:
            case Text():
                return await self._send_text(chat, content.body, key=key, quoted=quoted)
            case File():
                return await self._backend.send_file(chat, content, key=key, quoted=quoted)
            case Reaction():
                return await self._react(chat, content, key=key, quoted=quoted)
            case Location():
                sent = await self._send_text(chat, _in_words(content), key=key, quoted=quoted)
                return Sent(message_id=sent.message_id, degraded="The place was sent as a link.")
            case Edit() | Revoke() | Other():
                raise SendRejected(f"Cleo cannot send a message of the kind {content.type!r} on WhatsApp.")
            case _:
                assert_never(content)

    def message_id(self, key: str) -> MessageId | None:
        """The id that a message with this key will have, when the backend knows it beforehand."""
        return self._backend.message_id(key) if isinstance(self._backend, ForeseesIds) else None

    def fetch(self, file: File) -> AsyncIterator[bytes]:
        """Read an inbound file; raises `FetchError`."""
        return self._backend.fetch(file)

    async def health(self) -> Health:
        """How the connection is doing."""
        return await self._backend.health()

    async def typing(self, to: Conversation, on: bool) -> None:
        """Start or stop the sign that Cleo is writing, where the backend can."""
        if isinstance(self._backend, Types):
            await self._backend.typing(to.address, on)

    def render(self, markdown: str) -> list[str]:
        """Turn Markdown into the texts of as few messages as its length allows."""
        return parts(markdown, self.limits.text_max)

    async def _send_text(self, chat: Address, body: str, *, key: str, quoted: Quoted | None) -> Sent:
        if not body.strip():
            raise SendRejected("The message has no visible text, so it was not sent.")
        return await self._backend.send_text(chat, body, key=key, quoted=quoted)

    async def _react(self, chat: Address, reaction: Reaction, *, key: str, quoted: Quoted | None) -> Sent:
        if not isinstance(self._backend, Reacts):
            return Sent(message_id=None, degraded="This way of reaching WhatsApp has no reactions.")
        author = quoted.sender if quoted and quoted.id == reaction.to else None
        return await self._backend.react(chat, reaction, key=key, author=author)


def _in_words(place: Location) -> str:
    named = (place.name, place.address, f"https://maps.google.com/?q={place.latitude},{place.longitude}")
    return "\n".join(line for line in named if line)

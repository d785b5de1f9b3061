"""The only builder of outgoing messages: their keys, numbers, foreseen ids and, for words, the channel's markup."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cleo.domain.content import Content, Text
from cleo.domain.conversation import AccountKey, Conversation
from cleo.domain.message import OutgoingMessage, Purpose, Quoted
from cleo.ports import Channel, Renders, Transaction

_TEXT_MAX = 4000
"""Characters of one message where this process has no channel to ask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxQueue:
    """Puts messages into the outbox. `channels` may be empty, in a process that sends nothing itself."""

    channels: Mapping[AccountKey, Channel]

    def put(
        self,
        tx: Transaction,
        to: Conversation,
        content: Content,
        *,
        key: str,
        purpose: Purpose,
        asks: str | None = None,
        quoted: Quoted | None = None,
    ) -> None:
        """Queue one message, whose words are final; the same key again changes nothing."""
        channel = self.channels.get(to.account_key)
        tx.outbox.add(
            OutgoingMessage(
                key=key,
                conversation=to.id,
                content=content,
                purpose=purpose,
                asks=asks,
                quoted=quoted,
                message_id=channel.message_id(key) if channel else None,
            )
        )

    def put_all(
        self,
        tx: Transaction,
        to: Conversation,
        contents: Iterable[Content],
        *,
        key: str,
        purpose: Purpose,
        first: int = 0,
        asks: str | None = None,
        quoted: Quoted | None = None,
    ) -> int:
        """Queue several, numbered from `first` behind the key; the first one quotes. Return the next number."""
        number = first
        for content in contents:
            quote = quoted if number == first else None
            self.put(tx, to, content, key=f"{key}:{number}", purpose=purpose, asks=asks, quoted=quote)
            number += 1
        return number

    def render(self, to: Conversation, content: Content, *, markdown: bool = True) -> list[Content]:
        """Turn words, in Markdown or plain, into as many messages as the channel needs; else it stays as it is."""
        channel = self.channels.get(to.account_key)
        if isinstance(content, Text) and isinstance(channel, Renders):
            return [Text(body=part) for part in channel.render(content.body, markdown=markdown)]
        return [content]

    def text_max(self, to: Conversation) -> int:
        """Return how many characters one message to this chat may have."""
        channel = self.channels.get(to.account_key)
        return channel.capabilities.text_max if channel else _TEXT_MAX

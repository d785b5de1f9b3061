"""How a tool says something: a row in the outbox, here or in another chat, under the key of its call."""

from cleo.domain.content import Content, Text
from cleo.domain.conversation import Conversation, conversation_id
from cleo.domain.identity import Address
from cleo.domain.message import OutboxItem
from cleo.ports import Channel, Clock, Engine, Renders, Store, Transaction


class ToolMessages:
    """Implements `ports.Say` for one tool call."""

    def __init__(
        self, *, key: str, here: Conversation, channel: Channel, store: Store, engine: Engine, clock: Clock
    ) -> None:
        self._key = key
        self._here = here
        self._channel = channel
        self._store = store
        self._engine = engine
        self._clock = clock
        self._said = 0

    async def __call__(self, content: Content, *, to: Address | None = None) -> None:
        """Queue it; saying the same under the same key again changes nothing."""
        where = await self._store.write(lambda tx: self._queue(tx, content, to))
        if where.id != self._here.id:
            await self._engine.wake(where.id)

    def _queue(self, tx: Transaction, content: Content, to: Address | None) -> Conversation:
        where = self._direct(tx, to) if to else self._here
        for part in self._parts(content):
            key = f"say:{self._key}:{self._said}"
            self._said += 1
            message_id = self._channel.message_id(key)
            tx.outbox.add(OutboxItem(key=key, conversation=where.id, content=part, message_id=message_id))
        return where

    def _parts(self, content: Content) -> list[Content]:
        if isinstance(content, Text) and isinstance(self._channel, Renders):
            return [Text(body=part) for part in self._channel.render(content.body)]
        return [content]

    def _direct(self, tx: Transaction, address: Address) -> Conversation:
        person = tx.people.resolve(frozenset({address}), "", self._clock.now())
        id_ = conversation_id(self._here.channel, person.id)
        return tx.conversations.open(
            Conversation(id=id_, channel=self._here.channel, address=address, person=person.id)
        )

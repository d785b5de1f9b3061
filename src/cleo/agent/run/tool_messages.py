"""How a tool says something: a row in the outbox, here or in another chat, under the key of its call."""

from cleo.agent.outbox.queue import OutboxQueue
from cleo.domain.content import Content, Text
from cleo.domain.conversation import Conversation, conversation_id
from cleo.domain.identity import Address
from cleo.ports import Clock, Engine, Store, Transaction


class ToolMessages:
    """Implements `ports.Say` for one tool call."""

    def __init__(
        self, *, key: str, here: Conversation, queue: OutboxQueue, store: Store, engine: Engine, clock: Clock
    ) -> None:
        self._key = key
        self._here = here
        self._queue = queue
        self._store = store
        self._engine = engine
        self._clock = clock
        self._said = 0

    async def __call__(self, content: Content, *, to: Address | None = None, rendered: bool = False) -> None:
        """Queue it; saying the same under the same key again changes nothing."""
        parts = self._as_it_is(content) if rendered else self._queue.render(self._here, content)
        first = self._said
        self._said += len(parts)
        where = await self._store.write(lambda tx: self._put(tx, parts, first, to))
        if where.id != self._here.id:
            await self._engine.wake(where.id)

    def _as_it_is(self, content: Content) -> list[Content]:
        if not isinstance(content, Text):
            return [content]
        size = self._queue.text_max(self._here)
        starts = range(0, len(content.body), size)
        return [Text(body=content.body[start : start + size]) for start in starts]

    def _put(self, tx: Transaction, parts: list[Content], first: int, to: Address | None) -> Conversation:
        where = self._direct(tx, to) if to else self._here
        self._queue.put_all(tx, where, parts, key=f"say:{self._key}", purpose="tool", first=first)
        return where

    def _direct(self, tx: Transaction, address: Address) -> Conversation:
        person = tx.people.resolve(frozenset({address}), "", self._clock.now())
        id_ = conversation_id(self._here.account_key, person.id)
        return tx.conversations.open(
            Conversation(
                id=id_,
                channel=self._here.channel,
                account=self._here.account,
                address=address,
                person=person.id,
            )
        )

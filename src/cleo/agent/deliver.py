"""Step 8 of the line: send what is queued, in order for each conversation, each message once."""

from dataclasses import dataclass, replace

import structlog

from cleo.agent.confirm import PROMPT
from cleo.domain.confirmation import EXPIRY
from cleo.domain.conversation import ConversationId
from cleo.domain.delivery import backoff
from cleo.domain.errors import SendError, SendFailed, SendRejected
from cleo.domain.failpoint import failpoint
from cleo.domain.message import OutboxItem, OutboxState
from cleo.ports import Channel, Clock, DeadLetter, Sent, Store, Transaction

_log = structlog.get_logger("cleo.deliver")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliverer:
    """Sends one conversation's outbox through its channel."""

    store: Store
    clock: Clock
    expiry: float = EXPIRY
    """Seconds that a question is open once it arrived."""

    async def drain(self, conversation: ConversationId, epoch: int, channel: Channel) -> None:
        """Send until nothing is left, or the next one must wait; then a sweep comes back for it."""
        item = await self.store.read(lambda tx: tx.outbox.next(conversation))
        while item and item.next_at <= self.clock.now():
            item = await self._send(item, epoch, channel)

    async def _send(self, item: OutboxItem, epoch: int, channel: Channel) -> OutboxItem | None:
        """Try once, write down what came of it, and tell which item is next."""
        to = await self.store.read(lambda tx: tx.conversations.get(item.conversation))
        failpoint("deliver.before_send")
        try:
            sent = await channel.send(to, item.content, key=item.key, quoted=item.quoted)
        except SendError as error:
            return await self._failed(item, epoch, error)
        failpoint("deliver.after_send")
        following = await self.store.write(lambda tx: self._done(tx, item, epoch, sent))
        failpoint("deliver.after_commit")
        return following

    async def _failed(self, item: OutboxItem, epoch: int, error: SendError) -> OutboxItem | None:
        if isinstance(error, SendRejected):
            return await self.store.write(lambda tx: self._give_up(tx, item, epoch, str(error)))
        state: OutboxState = "queued" if isinstance(error, SendFailed) else "uncertain"
        _log.warning("send failed", state=state, attempts=item.attempts + 1, reason=str(error))
        await self.store.write(lambda tx: self._put_off(tx, item, epoch, state, error))
        return None

    def _done(self, tx: Transaction, item: OutboxItem, epoch: int, sent: Sent) -> OutboxItem | None:
        tx.conversations.guard(item.conversation, epoch)
        message_id = sent.message_id or item.message_id
        tx.outbox.update(replace(item, state="sent", message_id=message_id, reason=sent.degraded))
        if item.key.startswith(PROMPT):
            self._asked(tx, item)
        return tx.outbox.next(item.conversation)

    def _asked(self, tx: Transaction, item: OutboxItem) -> None:
        """The question reached WhatsApp: from now on its time runs."""
        now = self.clock.now()
        changes: dict[str, object] = {"asked_at": now, "expires_at": now + self.expiry}
        for row in tx.confirmations.find(ref=_ref(item), states={"pending"}):
            if row.asked_at is None:
                tx.confirmations.move(row.ref, when={"pending"}, to="pending", changes=changes)

    def _put_off(
        self, tx: Transaction, item: OutboxItem, epoch: int, state: OutboxState, error: SendError
    ) -> None:
        tx.conversations.guard(item.conversation, epoch)
        attempts = item.attempts + 1
        if item.state == "uncertain":
            state = "uncertain"  # what may have been sent stays uncertain until the backend knows
        wait = backoff(attempts, retry_after=error.retry_after)
        next_at = self.clock.now() + wait
        tx.outbox.update(replace(item, state=state, attempts=attempts, next_at=next_at, reason=str(error)))

    def _give_up(self, tx: Transaction, item: OutboxItem, epoch: int, reason: str) -> OutboxItem | None:
        tx.conversations.guard(item.conversation, epoch)
        now = self.clock.now()
        _log.error("message refused for good", reason=reason)
        tx.outbox.update(replace(item, state="failed", attempts=item.attempts + 1, reason=reason))
        tx.dead_letters.add(undelivered(item, reason, now))
        if item.key.startswith(PROMPT):
            why: dict[str, object] = {"reason": f"the question could not be delivered: {reason}"}
            tx.confirmations.move(_ref(item), when={"pending"}, to="cancelled", changes=why)
        return tx.outbox.next(item.conversation)


def undelivered(item: OutboxItem, reason: str, now: float) -> DeadLetter:
    """Keep for the owner, and for the model's next turn, that a message never arrived."""
    return DeadLetter(kind="outbound", key=item.key, conversation=item.conversation, reason=reason, at=now)


def _ref(item: OutboxItem) -> str:
    return item.key.split(":")[1]

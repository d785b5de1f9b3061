"""Step 8 of the line: send what is queued, in order for each conversation, each message once."""

from dataclasses import dataclass, replace

import structlog

from cleo.agent.outbox.delivery_status import DeliveryStatus
from cleo.domain.conversation import Conversation, ConversationId
from cleo.domain.delivery import backoff
from cleo.domain.errors import RateLimited, SendError, SendUncertain, TemporarilyRefused
from cleo.domain.failpoint import failpoint
from cleo.domain.identity import namespace
from cleo.domain.message import OutboxState, OutgoingMessage
from cleo.ports import (
    Channel,
    Clock,
    Degraded,
    Engine,
    Held,
    Outcome,
    Refused,
    Sent,
    Store,
    Transaction,
    Workload,
)

_log = structlog.get_logger("cleo.deliver")

MOST_TRIES = 30
"""Tries of a message about which the other side says each time that it may work later: half an hour of them."""
_IN_DOUBT: frozenset[OutboxState] = frozenset({"sending", "uncertain"})
REPEATED = "It was sent once more in doubt, so it may be there twice."
NOBODY_KNOWS = (
    "Nobody knows whether it arrived: sending it was cut off, and WhatsApp told nothing about it since."
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """The message that is next in a conversation, and where it goes."""

    message: OutgoingMessage
    to: Conversation
    more: bool = True
    """False: when it was read, nothing waited behind it, and who queues something wakes the conversation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliverer:
    """Sends one conversation's outbox through its channel."""

    store: Store
    engine: Engine
    clock: Clock
    delivery: DeliveryStatus
    reconcile_after: float = 20.0
    """Seconds that a status may take of a message whose send was cut off, where a repeat is a second message."""
    awake_since: float = 0.0
    """Unix seconds since when statuses can come in: what happened while Cleo was off still has to come."""

    async def drain(self, next_up: Delivery | None, epoch: int, channel: Channel) -> None:
        """Send until nothing is left, or the next one must wait; then a sweep comes back for it."""
        while next_up and next_up.message.next_at <= self.clock.now():
            next_up = await self._send(next_up, epoch, channel)

    @staticmethod
    def head(tx: Transaction, work: Workload, channel: Channel) -> Delivery | None:
        """Tell what is next, also when it may not be sent yet."""
        if work.next is None:
            return None
        return Delivery(work.next, _reachable(tx, work.conversation, channel), work.more)

    @staticmethod
    def _following(tx: Transaction, conversation: ConversationId, channel: Channel) -> Delivery | None:
        message = tx.outbox.next(conversation)
        if message is None:
            return None
        return Delivery(message, _reachable(tx, tx.conversations.get(conversation), channel))

    async def _send(self, next_up: Delivery, epoch: int, channel: Channel) -> Delivery | None:
        """Try once, write down what came of it, and tell which message is next."""
        message, to = next_up.message, next_up.to
        if channel.capabilities.on_repeat == "reconciled":
            before = message
            message, go = await self.store.write(lambda tx: self._start_attempt(tx, before, epoch))
            if not go:
                waits = message.state == "uncertain"
                return (
                    None if waits else await self.store.read(lambda tx: self._following(tx, to.id, channel))
                )
        failpoint("deliver.before_send")
        since = self.clock.now()
        try:
            outcome = await channel.send(to, message.content, key=message.send_key, quoted=message.quoted)
        except SendError as error:
            return await self._retry_later(message, epoch, error)
        failpoint("deliver.after_send")
        following, wake = await self.store.write(
            lambda tx: self._on_outcome(tx, replace(next_up, message=message), epoch, outcome, channel)
        )
        failpoint("deliver.after_commit")
        await self.engine.wake(*wake)
        if isinstance(outcome, Sent):
            ms = round(1000 * (self.clock.now() - since))
            _log.info("message sent", key=message.key, id=outcome.message_id, purpose=message.purpose, ms=ms)
        return following

    # ── where a repeat would be a second message ───────────────────────────────────────────────────────

    def _start_attempt(
        self, tx: Transaction, message: OutgoingMessage, epoch: int
    ) -> tuple[OutgoingMessage, bool]:
        """Note that it is being sent, or find out what became of an earlier try; tells whether to send now."""
        tx.conversations.guard(message.conversation, epoch)
        message = tx.outbox.get(message.key) or message
        if message.state == "queued":
            return self._save(tx, replace(message, state="sending")), True
        if message.state not in _IN_DOUBT:
            return message, False  # a status of it came meanwhile
        now = self.clock.now()
        since = now if message.uncertain_since is None else message.uncertain_since
        waited = now - max(since, self.awake_since)
        if waited >= self.reconcile_after:
            if tx.webhook_events.any_since(since) and message.attempt == 1:
                return self._save(
                    tx, replace(message, state="sending", attempt=2, uncertain_since=None)
                ), True
            if waited >= 3 * self.reconcile_after or message.attempt > 1:
                self.delivery.fail(tx, message, NOBODY_KNOWS, state="unknown")
                return replace(message, state="unknown"), False
        wait = replace(message, state="uncertain", uncertain_since=since, next_at=now + self.reconcile_after)
        return self._save(tx, wait), False

    @staticmethod
    def _save(tx: Transaction, message: OutgoingMessage) -> OutgoingMessage:
        tx.outbox.update(message)
        return message

    # ── what came of it ────────────────────────────────────────────────────────────────────────────────

    def _on_outcome(
        self, tx: Transaction, next_up: Delivery, epoch: int, outcome: Outcome, channel: Channel
    ) -> tuple[Delivery | None, set[ConversationId]]:
        """Return what is next, and the conversations where there is work by what became known."""
        message = next_up.message
        wake: set[ConversationId] = set()
        if isinstance(outcome, Sent) and outcome.state == "sent":
            wake = self._on_sent(tx, message, outcome, next_up.to, epoch)
            return self._following(tx, message.conversation, channel) if next_up.more else None, wake
        tx.conversations.guard(message.conversation, epoch)
        match outcome:
            case Refused(reason=reason, code=code):
                _log.error("message refused for good", reason=reason, code=code)
                self.delivery.fail(tx, replace(message, attempts=message.attempts + 1), reason)
            case Held(reason=reason, reopen_template=reopen_template):
                _log.info("message held until the person writes")
                self.delivery.hold(
                    tx, replace(message, attempt=1, uncertain_since=None), reason, reopen_template
                )
            case Sent() as sent:
                wake = self._on_sent(tx, message, sent, next_up.to, epoch)
        return self._following(tx, message.conversation, channel), wake

    def _on_sent(
        self, tx: Transaction, message: OutgoingMessage, sent: Sent, to: Conversation, epoch: int
    ) -> set[ConversationId]:
        how = sent.how if isinstance(sent, Degraded) else ""
        note = " ".join(part for part in (how, REPEATED if message.attempt > 1 else "") if part)
        wake = self.delivery.advance(tx, message, sent.state, sent.message_id, note, epoch=epoch)
        if sent.also:
            tx.people.resolve(frozenset({to.address, sent.also}), "", self.clock.now())
        if sent.state == "accepted" and sent.message_id:
            for receipt in tx.webhook_events.receipts(sent.message_id):
                wake |= self.delivery.on_receipt(tx, receipt)
        return wake

    def _give_up(self, tx: Transaction, message: OutgoingMessage, epoch: int) -> None:
        """One message that never works must not hold up its chat for ever."""
        tx.conversations.guard(message.conversation, epoch)
        self.delivery.fail(tx, message, f"{message.reason} It was tried {message.attempts} times.")

    async def _retry_later(self, message: OutgoingMessage, epoch: int, error: SendError) -> None:
        paced = isinstance(error, RateLimited)
        attempts = message.attempts if paced else message.attempts + 1
        unsure = isinstance(error, SendUncertain)
        tell = _log.debug if paced else _log.warning
        tell("not sent", uncertain=unsure, attempts=attempts, reason=str(error), code=error.code)
        now = self.clock.now()
        later = replace(message, attempts=attempts, reason=str(error))
        if isinstance(error, TemporarilyRefused) and attempts >= MOST_TRIES:
            await self.store.write(lambda tx: self._give_up(tx, later, epoch))
            return
        if unsure or message.state == "uncertain" or message.attempt > 1:
            # What may have been sent stays uncertain until the backend knows.
            since = now if message.uncertain_since is None else message.uncertain_since
            later = replace(
                later, state="uncertain", uncertain_since=since, attempt=message.attempt if unsure else 1
            )
        else:
            later = replace(later, state="queued")
        later = replace(later, next_at=now + backoff(attempts, retry_after=error.retry_after))

        def save(tx: Transaction) -> None:
            tx.conversations.guard(message.conversation, epoch)
            tx.outbox.update(later)

        await self.store.write(save)


def _reachable(tx: Transaction, to: Conversation, channel: Channel) -> Conversation:
    """The chat, at the address from which the person wrote last, else at the one that the channel reaches best."""
    tiers = channel.capabilities.addresses
    fitting = tiers if to.last_inbound else tiers[:1]
    if to.person is None or any(namespace(to.address) in tier for tier in fitting):
        return to
    known = sorted(tx.people.get(to.person).addresses)
    for tier in tiers:
        if found := next((address for address in known if namespace(address) in tier), None):
            return replace(to, address=found)
    return to

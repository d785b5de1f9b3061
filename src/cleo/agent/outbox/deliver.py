"""Step 8 of the line: send what is queued, in order for each conversation, each message once."""

from dataclasses import dataclass, field, replace

import structlog

from cleo.agent.outbox.delivery_status import AGAIN, DeliveryStatus
from cleo.domain.conversation import Conversation, ConversationId
from cleo.domain.delivery import backoff
from cleo.domain.errors import RateLimited, SendError, SendUncertain, TemporarilyRefused
from cleo.domain.failpoint import failpoint
from cleo.domain.identity import namespace
from cleo.domain.message import OutboxItem, OutboxState
from cleo.ports import Channel, Clock, Degraded, Held, Outcome, Refused, Sent, Store, Transaction

_log = structlog.get_logger("cleo.deliver")

MOST_TRIES = 30
"""Tries of a message about which the other side says each time that it may work later: half an hour of them."""
REPEATED = "It was sent once more in doubt, so it may be there twice."
NOBODY_KNOWS = (
    "Nobody knows whether it arrived: sending it was cut off, and WhatsApp told nothing about it since."
)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """The message that is next in a conversation, and where it goes."""

    item: OutboxItem
    to: Conversation


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliverer:
    """Sends one conversation's outbox through its channel."""

    store: Store
    clock: Clock
    delivery: DeliveryStatus
    reconcile_after: float = 20.0
    """Seconds that news of a message may take whose send was cut off, on a channel that cannot repeat it."""
    awake_since: float = 0.0
    """Unix seconds since when news can be heard: what was told while Cleo was off still has to come."""
    _doubtful: frozenset[OutboxState] = field(default=frozenset({"sending", "uncertain"}), init=False)

    async def drain(self, outgoing: Outgoing | None, epoch: int, channel: Channel) -> None:
        """Send until nothing is left, or the next one must wait; then a sweep comes back for it."""
        while outgoing and outgoing.item.next_at <= self.clock.now():
            outgoing = await self._send(outgoing, epoch, channel)

    @staticmethod
    def head(tx: Transaction, conversation: ConversationId, channel: Channel) -> Outgoing | None:
        """Tell what is next, also when it may not be sent yet."""
        item = tx.outbox.next(conversation)
        return None if item is None else Outgoing(item, _reachable(tx, item, channel))

    async def _send(self, outgoing: Outgoing, epoch: int, channel: Channel) -> Outgoing | None:
        """Try once, write down what came of it, and tell which message is next."""
        item, to = outgoing.item, outgoing.to
        if channel.capabilities.on_repeat == "reconciled":
            before = item
            item, go = await self.store.write(lambda tx: self._begin(tx, before, epoch))
            if not go:
                waits = item.state == "uncertain"
                return None if waits else await self.store.read(lambda tx: self.head(tx, to.id, channel))
        key = item.key + AGAIN if item.repeated else item.key
        failpoint("deliver.before_send")
        try:
            outcome = await channel.send(to, item.content, key=key, quoted=item.quoted)
        except SendError as error:
            return await self._put_off(item, epoch, error)
        failpoint("deliver.after_send")
        following = await self.store.write(
            lambda tx: self._came(tx, Outgoing(item, to), epoch, outcome, channel)
        )
        failpoint("deliver.after_commit")
        return following

    # ── where a repeat would be a second message ───────────────────────────────────────────────────────

    def _begin(self, tx: Transaction, item: OutboxItem, epoch: int) -> tuple[OutboxItem, bool]:
        """Note that it is being sent, or find out what became of an earlier try; tells whether to send now."""
        tx.conversations.guard(item.conversation, epoch)
        item = tx.outbox.find(key=item.key)[0]
        if item.state == "queued":
            return self._save(tx, replace(item, state="sending")), True
        if item.state not in self._doubtful:
            return item, False  # news of it came meanwhile
        now = self.clock.now()
        since = now if item.uncertain_since is None else item.uncertain_since
        waited = now - max(since, self.awake_since)
        if waited >= self.reconcile_after:
            if tx.webhook_events.any_since(since) and not item.repeated:
                return self._save(
                    tx, replace(item, state="sending", repeated=True, uncertain_since=None)
                ), True
            if waited >= 3 * self.reconcile_after or item.repeated:
                self.delivery.fail(tx, item, NOBODY_KNOWS, state="unknown")
                return replace(item, state="unknown"), False
        wait = replace(item, state="uncertain", uncertain_since=since, next_at=now + self.reconcile_after)
        return self._save(tx, wait), False

    @staticmethod
    def _save(tx: Transaction, item: OutboxItem) -> OutboxItem:
        tx.outbox.update(item)
        return item

    # ── what came of it ────────────────────────────────────────────────────────────────────────────────

    def _came(
        self, tx: Transaction, outgoing: Outgoing, epoch: int, outcome: Outcome, channel: Channel
    ) -> Outgoing | None:
        item = outgoing.item
        tx.conversations.guard(item.conversation, epoch)
        match outcome:
            case Refused(reason=reason, code=code):
                _log.error("message refused for good", reason=reason, code=code)
                self.delivery.fail(tx, replace(item, attempts=item.attempts + 1), reason)
            case Held(reason=reason, reopen_template=reopen_template):
                _log.info("message held until the person writes")
                self.delivery.wait_for_user(
                    tx, replace(item, repeated=False, uncertain_since=None), reason, reopen_template
                )
            case Sent() as sent:
                self._went(tx, item, sent, outgoing.to)
        return self.head(tx, item.conversation, channel)

    def _went(self, tx: Transaction, item: OutboxItem, sent: Sent, to: Conversation) -> None:
        how = sent.how if isinstance(sent, Degraded) else ""
        note = " ".join(part for part in (how, REPEATED if item.repeated else "") if part)
        self.delivery.advance(tx, item, sent.state, sent.message_id, note)
        if sent.also:
            tx.people.resolve(frozenset({to.address, sent.also}), "", self.clock.now())
        if sent.state == "accepted" and sent.message_id:
            for receipt in tx.webhook_events.receipts(sent.message_id):
                self.delivery.on_receipt(tx, receipt)

    def _give_up(self, tx: Transaction, item: OutboxItem, epoch: int) -> None:
        """One message that never works must not hold up its chat for ever."""
        tx.conversations.guard(item.conversation, epoch)
        self.delivery.fail(tx, item, f"{item.reason} It was tried {item.attempts} times.")

    async def _put_off(self, item: OutboxItem, epoch: int, error: SendError) -> None:
        paced = isinstance(error, RateLimited)
        attempts = item.attempts if paced else item.attempts + 1
        unsure = isinstance(error, SendUncertain)
        tell = _log.debug if paced else _log.warning
        tell("not sent", uncertain=unsure, attempts=attempts, reason=str(error), code=error.code)
        now = self.clock.now()
        later = replace(item, attempts=attempts, reason=str(error))
        if isinstance(error, TemporarilyRefused) and attempts >= MOST_TRIES:
            await self.store.write(lambda tx: self._give_up(tx, later, epoch))
            return
        if unsure or item.state == "uncertain" or item.repeated:
            # What may have been sent stays uncertain until the backend knows.
            doubted = now if item.uncertain_since is None else item.uncertain_since
            later = replace(
                later, state="uncertain", uncertain_since=doubted, repeated=item.repeated and unsure
            )
        else:
            later = replace(later, state="queued")
        later = replace(later, next_at=now + backoff(attempts, retry_after=error.retry_after))

        def save(tx: Transaction) -> None:
            tx.conversations.guard(item.conversation, epoch)
            tx.outbox.update(later)

        await self.store.write(save)


def _reachable(tx: Transaction, item: OutboxItem, channel: Channel) -> Conversation:
    """The chat, at the address from which the person wrote last, else at the one that the channel reaches best."""
    to = tx.conversations.get(item.conversation)
    tiers = channel.capabilities.addresses
    fitting = tiers if to.last_inbound else tiers[:1]
    if to.person is None or any(namespace(to.address) in tier for tier in fitting):
        return to
    known = sorted(tx.people.get(to.person).addresses)
    for tier in tiers:
        if found := next((address for address in known if namespace(address) in tier), None):
            return replace(to, address=found)
    return to

"""What becomes of a message that Cleo sends, by the response to the send, by a later status, or by nobody."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from cleo.agent.account_number import number_fact
from cleo.agent.outbox.queue import OutboxQueue
from cleo.domain.content import MessageId, Template
from cleo.domain.conversation import ConversationId, conversation_id
from cleo.domain.delivery import may_move
from cleo.domain.message import OutboxState, OutgoingMessage, Receipt
from cleo.ports import Clock, DeadLetter, Transaction

FRESH = 3 * 24 * 3600.0
"""Seconds after which a message that was held is not worth sending any more."""
OUTDATED = "The person did not write for so long that it was out of date."
_NO_ID_YET: frozenset[OutboxState] = frozenset({"queued", "sending", "uncertain", "unknown"})
"""States in which nobody has told an id; one that was foreseen may be another backend's."""


class DeliveryListener(Protocol):
    """Somebody who must know what becomes of some messages. Called within the transaction that notes it."""

    def reached(self, tx: Transaction, message: OutgoingMessage, now: float) -> None:
        """It was taken over by the channel, or got further; `now` in Unix seconds."""
        ...

    def identified(
        self, tx: Transaction, message: OutgoingMessage, id: MessageId, now: float
    ) -> set[ConversationId]:
        """Somebody told an id under which WhatsApp knows it; return the conversations where there is work now."""
        ...

    def held(self, tx: Transaction, message: OutgoingMessage) -> None:
        """It waits until the person writes."""
        ...

    def failed(self, tx: Transaction, message: OutgoingMessage, reason: str) -> None:
        """It will never arrive."""
        ...

    def unknown(self, tx: Transaction, message: OutgoingMessage, now: float) -> None:
        """Nobody can tell whether it arrived."""
        ...

    def is_outdated(self, tx: Transaction, message: OutgoingMessage) -> bool:
        """Tell whether it need not be sent any more."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryStatus:
    """Notes it, with all that follows for what waits behind; `listeners` do the rest."""

    clock: Clock
    queue: OutboxQueue
    listeners: Sequence[DeliveryListener] = ()

    def advance(
        self,
        tx: Transaction,
        message: OutgoingMessage,
        state: OutboxState,
        id: MessageId | None,
        note: str,
        *,
        epoch: int | None = None,
    ) -> set[ConversationId]:
        """Note that it was taken over, or got further; return the conversations where there is work by that.

        With an epoch, raises `Fenced` like `Outbox.update`.
        """
        further = replace(message, state=state, message_id=id or message.message_id, reason=note)
        tx.outbox.update(further, epoch=epoch)
        for listener in self.listeners:
            listener.reached(tx, message, self.clock.now())
        if id is None or (id == message.message_id and message.attempt == 1):
            return set()
        if message.attempt > 1:  # the other attempt may have been told of meanwhile
            tx.outbox.note_second_id(message.key, id)
        return self._identified(tx, further, id)

    def fail(
        self, tx: Transaction, message: OutgoingMessage, reason: str, state: OutboxState = "failed"
    ) -> None:
        """Note that it will never arrive; or, with the state `unknown`, that nobody can tell."""
        tx.outbox.update(replace(message, state=state, reason=reason))
        letter = DeadLetter(
            kind="outbound",
            key=message.key,
            conversation=message.conversation,
            reason=reason,
            at=self.clock.now(),
        )
        tx.dead_letters.add(letter)
        for listener in self.listeners:
            if state == "failed":
                listener.failed(tx, message, reason)
            else:
                listener.unknown(tx, message, self.clock.now())

    def hold(
        self, tx: Transaction, message: OutgoingMessage, reason: str, reopen_template: Template | None
    ) -> None:
        """Keep it until the person writes, who is asked to: once for each silence, however much waits."""
        # An id that it had is of the message that was refused.
        now = self.clock.now()
        tx.outbox.update(replace(message, state="held", reason=reason, next_at=now, message_id=None))
        for listener in self.listeners:
            listener.held(tx, message)
        if reopen_template:
            to = tx.conversations.get(message.conversation)
            last = to.last_inbound
            since = f"{last.number_id}/{last.at:.0f}" if last else "ever"
            key = f"reopen:{to.id}:{since}:{tx.installation.get(number_fact(to.account_key))}"
            self.queue.put(tx, to, reopen_template, key=key, purpose="reopen")

    def release(self, tx: Transaction, conversation: ConversationId) -> bool:
        """Queue what was held, as the person wrote, unless it is out of date. Return whether there was any."""
        held = tx.outbox_lookup.held(conversation)
        for message in held:
            too_old = message.next_at < self.clock.now() - FRESH
            if too_old or any(listener.is_outdated(tx, message) for listener in self.listeners):
                self.fail(tx, message, OUTDATED)
            else:
                tx.outbox.update(replace(message, state="queued", next_at=0.0, reason=""))
        return bool(held)

    def on_receipt(self, tx: Transaction, receipt: Receipt) -> set[ConversationId]:
        """Note a receipt, at whatever time it comes; return the conversations where it changed something."""
        wake: set[ConversationId] = set()
        for message in self._about(tx, receipt):
            wake |= self._note(tx, message, receipt)
        return wake

    def _about(self, tx: Transaction, receipt: Receipt) -> Sequence[OutgoingMessage]:
        """Find the messages by the key that was given back, else by their ids."""
        if receipt.key and (found := tx.outbox.get(receipt.key)):
            return [found]
        if receipt.chat is None:
            return ()
        person = tx.people.resolve(frozenset({receipt.chat}), "", self.clock.now())
        chats = dict.fromkeys(conversation_id(receipt.account_key, who) for who in (person.id, receipt.chat))
        about: list[OutgoingMessage] = []
        for id in receipt.of:
            found = [each for chat in chats for each in tx.outbox_lookup.by_message_id(chat, id)]
            about += found[-1:]
        return about

    def _note(self, tx: Transaction, message: OutgoingMessage, receipt: Receipt) -> set[ConversationId]:
        state: OutboxState = "held" if receipt.held else receipt.state
        if receipt.state == "failed" and message.attempt > receipt.attempt:
            return set()  # the first of two attempts; the second one is on its way, or there
        if not may_move(message.state, state):
            if receipt.state == "failed" and message.state not in {"failed", "held"}:
                late = f"told to have failed afterwards: {receipt.reason}"
                tx.outbox.update(replace(message, reason=late))
            return self._note_second(tx, message, receipt)
        wake = {message.conversation}
        id = next(iter(receipt.of), None)
        is_first = id is not None and (message.message_id is None or message.state in _NO_ID_YET)
        if receipt.held:
            self.hold(tx, message, receipt.reason, receipt.reopen_template)
        elif receipt.state == "failed":
            self.fail(tx, replace(message, message_id=id) if is_first else message, receipt.reason)
        elif is_first:
            wake |= self.advance(tx, message, receipt.state, id, message.reason)
        else:
            wake |= self.advance(tx, message, receipt.state, None, message.reason)
            wake |= self._note_second(tx, message, receipt)
        return wake

    def _note_second(
        self, tx: Transaction, message: OutgoingMessage, receipt: Receipt
    ) -> set[ConversationId]:
        """Note the id of the other one, where both attempts arrived."""
        if message.attempt == 1 or receipt.state == "failed" or not receipt.of:
            return set()
        if not tx.outbox.note_second_id(message.key, receipt.of[0]):
            return set()
        return self._identified(tx, message, receipt.of[0])

    def _identified(self, tx: Transaction, message: OutgoingMessage, id: MessageId) -> set[ConversationId]:
        wake: set[ConversationId] = set()
        for listener in self.listeners:
            wake |= listener.identified(tx, message, id, self.clock.now())
        return wake

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

    def held(self, tx: Transaction, message: OutgoingMessage) -> None:
        """It waits until the person writes."""
        ...

    def failed(self, tx: Transaction, message: OutgoingMessage, reason: str) -> None:
        """It will never arrive."""
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
    ) -> None:
        """Note that it was taken over, or got further; with an epoch, raises `Fenced` like `Outbox.update`."""
        further = replace(message, state=state, message_id=id or message.message_id, reason=note)
        tx.outbox.update(further, epoch=epoch)
        for listener in self.listeners:
            listener.reached(tx, message, self.clock.now())

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
        if state == "failed":
            for listener in self.listeners:
                listener.failed(tx, message, reason)

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
        about = self._about(tx, receipt)
        return {message.conversation for message in about if self._is_new(tx, message, receipt)}

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

    def _is_new(self, tx: Transaction, message: OutgoingMessage, receipt: Receipt) -> bool:
        state: OutboxState = "held" if receipt.held else receipt.state
        if receipt.state == "failed" and message.attempt > receipt.attempt:
            return False  # the first of two attempts; the second one is on its way, or there
        if not may_move(message.state, state):
            if receipt.state == "failed" and message.state not in {"failed", "held"}:
                late = f"told to have failed afterwards: {receipt.reason}"
                tx.outbox.update(replace(message, reason=late))
            return False
        if receipt.of and (message.message_id is None or message.state in _NO_ID_YET):
            message = replace(message, message_id=receipt.of[0])
        if receipt.held:
            self.hold(tx, message, receipt.reason, receipt.reopen_template)
        elif receipt.state == "failed":
            self.fail(tx, message, receipt.reason)
        else:
            self.advance(tx, message, receipt.state, None, message.reason)
        return True

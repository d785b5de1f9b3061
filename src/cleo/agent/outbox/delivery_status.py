"""What becomes of a message that Cleo sends, whoever tells it: the send's answer, later news, or nobody."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cleo.agent.approval.confirm import MOVES, PROMPT, is_over, reached, unasked, unreached
from cleo.domain.confirmation import EXPIRY
from cleo.domain.content import MessageId, Template
from cleo.domain.conversation import ConversationId, conversation_id
from cleo.domain.delivery import may_move
from cleo.domain.message import OutboxItem, OutboxState, Receipt
from cleo.ports import Clock, DeadLetter, Transaction

AGAIN = "#2"
"""Behind the key of a message that is sent once more in doubt: news of the two differ by it."""
FRESH = 3 * 24 * 3600.0
"""Seconds after which a message that was held is not worth saying any more."""
_IN_DOUBT: frozenset[OutboxState] = frozenset({"queued", "sending", "uncertain", "unknown"})
"""States in which nobody has told an id yet; one that was foreseen may be another backend's."""
STALE = "The person did not write for so long that it was out of date."


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryStatus:
    """Writes it down, with all that follows for questions, for the model and for what waits behind."""

    clock: Clock
    expiry: float = EXPIRY
    """Seconds that a question is open once it arrived."""

    def advance(
        self, tx: Transaction, item: OutboxItem, state: OutboxState, id: MessageId | None, note: str
    ) -> None:
        """It was taken over, or got further."""
        tx.outbox.update(replace(item, state=state, message_id=id or item.message_id, reason=note))
        if item.key.startswith(PROMPT):
            reached(tx, item.key, self.clock.now(), self.expiry)

    def fail(self, tx: Transaction, item: OutboxItem, reason: str, state: OutboxState = "failed") -> None:
        """It will never arrive; or, with the state `unknown`, nobody can tell."""
        tx.outbox.update(replace(item, state=state, reason=reason))
        tx.dead_letters.add(
            DeadLetter(
                kind="outbound",
                key=item.key,
                conversation=item.conversation,
                reason=reason,
                at=self.clock.now(),
            )
        )
        if item.key.startswith(PROMPT) and state == "failed":
            unreached(tx, item.key, reason)

    def wait_for_user(
        self, tx: Transaction, item: OutboxItem, reason: str, reopen_template: Template | None
    ) -> None:
        """It waits until the person writes, who is asked to: once for each silence, however much waits."""
        # An id that it had is of the message that was refused.
        held = replace(item, state="held", reason=reason, next_at=self.clock.now(), message_id=None)
        tx.outbox.update(held)
        if item.key.startswith(PROMPT):
            unasked(tx, item.key)
        if reopen_template:
            last_inbound = tx.conversations.get(item.conversation).last_inbound
            since = f"{last_inbound.account}/{last_inbound.at:.0f}" if last_inbound else "ever"
            key = f"reopen_template:{item.conversation}:{since}:{tx.installation.get(MOVES)}"
            tx.outbox.add(OutboxItem(key=key, conversation=item.conversation, content=reopen_template))

    def release(self, tx: Transaction, conversation: ConversationId) -> bool:
        """The person wrote: what was held can go out now, unless it is out of date. Tells whether there was any."""
        held = tx.outbox.find(conversation=conversation, states={"held"})
        for item in held:
            if item.next_at < self.clock.now() - FRESH or is_over(tx, item.key):
                self.fail(tx, item, STALE)
            else:
                tx.outbox.update(replace(item, state="queued", next_at=0.0, reason=""))
        return bool(held)

    def on_receipt(self, tx: Transaction, receipt: Receipt) -> set[ConversationId]:
        """Note a receipt, at whatever time it comes; tells the conversations where it is news."""
        return {item.conversation for item in self._meant(tx, receipt) if self._is_news(tx, item, receipt)}

    def _meant(self, tx: Transaction, receipt: Receipt) -> Sequence[OutboxItem]:
        """Find the messages by the key that was given back, else by their ids."""
        if receipt.key and (found := tx.outbox.find(key=receipt.key.removesuffix(AGAIN))):
            return found
        if receipt.chat is None:
            return ()
        person = tx.people.resolve(frozenset({receipt.chat}), "", self.clock.now())
        chats = [conversation_id(receipt.channel, person.id), conversation_id(receipt.channel, receipt.chat)]
        meant: list[OutboxItem] = []
        for id in receipt.of:
            found = [each for chat in chats for each in tx.outbox.find(conversation=chat, message_id=id)]
            meant += found[-1:]
        return meant

    def _is_news(self, tx: Transaction, item: OutboxItem, receipt: Receipt) -> bool:
        state: OutboxState = "held" if receipt.held else receipt.state
        if receipt.state == "failed" and item.repeated and not receipt.key.endswith(AGAIN):
            return False  # the first of two copies; the second one is on its way, or there
        if not may_move(item.state, state):
            if receipt.state == "failed" and item.state not in {"failed", "held"}:
                tx.outbox.update(replace(item, reason=f"told to have failed afterwards: {receipt.reason}"))
            return False
        if receipt.of and (item.message_id is None or item.state in _IN_DOUBT):
            item = replace(item, message_id=receipt.of[0])
        if receipt.held:
            self.wait_for_user(tx, item, receipt.reason, receipt.reopen_template)
        elif receipt.state == "failed":
            self.fail(tx, item, receipt.reason)
        else:
            self.advance(tx, item, receipt.state, None, item.reason)
        return True

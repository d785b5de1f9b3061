"""What the delivery of a prompt means for its question: when the time to answer runs, and when nobody can answer."""

from dataclasses import dataclass

from cleo.agent.approval.read_answer import AnswerReader
from cleo.domain.confirmation import EXPIRY, Confirmation, cancel, delivered, undelivered
from cleo.domain.content import MessageId
from cleo.domain.conversation import ConversationId
from cleo.domain.delivery import REACHED
from cleo.domain.message import OutboxState, OutgoingMessage
from cleo.ports import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptDelivery:
    """Listens to the delivery of prompts (`outbox.delivery_status.DeliveryListener`)."""

    answer_reader: AnswerReader
    expiry: float = EXPIRY
    """Seconds that a question is open once it arrived."""

    def reached(self, tx: Transaction, message: OutgoingMessage, now: float) -> None:
        """Start the time to answer at the first prompt that reaches WhatsApp."""
        row = _question(tx, message)
        if row and (after := delivered(row, at=now, expiry=self.expiry)):
            tx.confirmations.save(after, before=row.state)

    def identified(
        self, tx: Transaction, message: OutgoingMessage, id: MessageId, now: float
    ) -> set[ConversationId]:
        """Read the answers that came under this id before anybody knew whose it is."""
        return self.answer_reader.read_early(tx, message.conversation, id, now) if message.asks else set()

    def unknown(self, tx: Transaction, message: OutgoingMessage, now: float) -> None:
        """Start the time to answer as well: it may be there, and nobody must wait for ever if it is not.

        Those whose answers wait are told how to answer otherwise.
        """
        self.reached(tx, message, now)
        if message.asks:
            self.answer_reader.hint_early(tx, message.conversation, now)

    def held(self, tx: Transaction, message: OutgoingMessage) -> None:
        """Stop the time again, unless another prompt of the question was seen."""
        row = _question(tx, message)
        if row and not REACHED.intersection(_elsewhere(tx, message)) and (after := undelivered(row)):
            tx.confirmations.save(after, before=row.state)

    def failed(self, tx: Transaction, message: OutgoingMessage, reason: str) -> None:
        """Cancel a question that no message asks any more."""
        row = _question(tx, message)
        if row is None or row.state != "pending":
            return
        if any(state != "failed" for state in _elsewhere(tx, message)):
            return
        if after := cancel(row, reason=f"the question could not be delivered: {reason}"):
            tx.confirmations.save(after, before=row.state)

    def is_outdated(self, tx: Transaction, message: OutgoingMessage) -> bool:
        """Tell whether a prompt asks what needs no answer any more."""
        if message.purpose != "prompt":
            return False
        row = _question(tx, message)
        return row is None or row.state != "pending"


def _question(tx: Transaction, message: OutgoingMessage) -> Confirmation | None:
    if message.purpose != "prompt" or message.asks is None:
        return None
    return tx.confirmations.get(message.asks)


def _elsewhere(tx: Transaction, message: OutgoingMessage) -> list[OutboxState]:
    """The states of the other messages that ask the same question."""
    others = tx.outbox_lookup.prompts(message.asks or "")
    return [other.state for other in others if other.key != message.key]

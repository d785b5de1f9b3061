"""Answers that come before anybody has told under which message id their question is there.

They wait in the inbox state `early`, and are read again once the id is told: by the response to the send, by a status
of it, or by a status of its other attempt.
"""

from cleo.agent.approval.approval_message import ApprovalMessage
from cleo.domain.answer import Verdict, read_answer, verdict_of_emoji
from cleo.domain.confirmation import Confirmation
from cleo.domain.content import MessageId, Reaction, Text
from cleo.domain.message import Inbound

HINT = (
    "I cannot tell which question you mean. Your answer counts as soon as WhatsApp tells me; or write: "
    "{verdict} {ref}"
)


def awaited(message: ApprovalMessage, to: MessageId | None) -> Confirmation | None:
    """Return a question that may be there under the id `to`, which nobody has told."""
    if to is None:
        return None
    tx, chat = message.tx, message.conversation.id
    pending = [row for row in tx.confirmation_lookup.asked_in(chat) if row.state == "pending"]
    row = next((each for each in pending if message.may_have_other_ids(each)), None)
    is_known = row and (tx.outbox_lookup.by_message_id(chat, to) or tx.inbox_lookup.about(chat, to))
    return None if is_known else row


def hint(message: ApprovalMessage, row: Confirmation, verdict: Verdict) -> None:
    """Say how to answer without an id."""
    message.hint(HINT.format(verdict=verdict, ref=row.ref))


def verdict_of(inbound: Inbound) -> Verdict | None:
    """Return what an early answer says; None: it takes one back."""
    match inbound.content:
        case Reaction(emoji=emoji):
            return verdict_of_emoji(emoji)
        case Text(body=body):
            answer = read_answer(body, in_reply=True)
            return answer.verdict if answer else None
        case _:
            return None


def answered_id(inbound: Inbound) -> MessageId | None:
    """Return which message it answers."""
    if isinstance(inbound.content, Reaction):
        return inbound.content.to
    return inbound.quoted.id if inbound.quoted else None

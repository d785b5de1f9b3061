"""Answers to open questions: reactions, replies and typed words become answers on a confirmation's row.

An answer is written in the transaction that receives it: it never waits for the chat's turn, else a 👎 would stand
behind the very run that it should stop. The model decides nothing here, and no text is ever executed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cleo.agent.approval.approval_message import ApprovalMessage
from cleo.agent.approval.early_answers import answered_id, awaited, hint, verdict_of
from cleo.agent.outbox.queue import OutboxQueue
from cleo.domain.access import Access
from cleo.domain.answer import Answer, Verdict, read_answer, read_tap, verdict_of_emoji
from cleo.domain.confirmation import (
    OPEN,
    TAKEN_BACK,
    Confirmation,
    approve,
    deny,
    expire,
    is_too_late,
    supersede,
    take_back,
)
from cleo.domain.content import Chosen, MessageId, Reaction, Text
from cleo.domain.conversation import Conversation, ConversationId
from cleo.domain.identity import Person
from cleo.domain.message import Inbound, InboxItem
from cleo.ports import Transaction

_CLOCK_SLACK = 2.0
"""Seconds: WhatsApp stamps whole seconds, and phones' clocks differ a little."""

TOO_LATE = "Too late: that is already running."
CLOSED = "That question is closed already."
WHICH = (
    "Which question do you mean? If it is {ref}, react to it, or write: {example}\n"
    "If you mean something else, please say it in more words."
)
EXPIRED = "That question has expired, so nothing was done. Ask me again if you still want it."


@dataclass(slots=True)
class AnswerEffect:
    """What a message did to open questions. An answer starts no run of its own."""

    is_answer: bool = False
    is_early: bool = False
    """It may answer a question whose message id nobody has told yet: keep it until then."""
    wake: set[ConversationId] = field(default_factory=set[ConversationId])


class AnswerReader:
    """Reads answers, from people who may give them."""

    def __init__(self, access: Access, queue: OutboxQueue) -> None:
        self._access = access
        self._queue = queue

    def read(
        self, tx: Transaction, inbound: Inbound, conversation: Conversation, person: Person, now: float
    ) -> AnswerEffect:
        """Apply the message to the questions that were asked in its chat, if it answers one."""
        return self._read(ApprovalMessage(tx, inbound, conversation, person, now, self._queue))

    def read_early(
        self, tx: Transaction, conversation: ConversationId, id: MessageId, now: float
    ) -> set[ConversationId]:
        """Read the answers that came under this id before it was known; return where there is work now."""
        wake: set[ConversationId] = set()
        for item in tx.inbox_lookup.early(conversation):
            if answered_id(item.message) == id:
                tx.inbox.move([item.seq], "noted")
                wake |= self._read(self._again(tx, item, now)).wake
        return wake

    def hint_early(self, tx: Transaction, conversation: ConversationId, now: float) -> None:
        """Say how to answer otherwise to those whose answers wait, as nobody may ever tell the id."""
        for item in tx.inbox_lookup.early(conversation):
            message, verdict = self._again(tx, item, now), verdict_of(item.message)
            if verdict and (row := awaited(message, answered_id(item.message))):
                hint(message, row, verdict)

    def _again(self, tx: Transaction, item: InboxItem, now: float) -> ApprovalMessage:
        place, person = tx.conversations.get(item.conversation), tx.people.get(item.person)
        return ApprovalMessage(tx, item.message, place, person, now, self._queue)

    def _read(self, message: ApprovalMessage) -> AnswerEffect:
        inbound = message.inbound
        match inbound.content:
            case Reaction(emoji=emoji, to=to):
                asked = message.tx.confirmation_lookup.asked_by(message.conversation.id, to)
                return (
                    self._react(message, asked, emoji)
                    if asked
                    else self._early(message, verdict_of_emoji(emoji), to, takes_back=not emoji)
                )
            case Text(body=body) if not inbound.forwarded:
                return self._typed(message, body)
            case Chosen(id=id):
                return self._tapped(message, read_tap(id))
            case _:
                return AnswerEffect()

    def _react(self, message: ApprovalMessage, asked: Sequence[Confirmation], emoji: str) -> AnswerEffect:
        effect = AnswerEffect()
        for confirmation in asked:
            if not self._may(message, confirmation):
                continue
            if not emoji:
                _take_back(message, confirmation)
            elif verdict := verdict_of_emoji(emoji):
                _decide(message, confirmation, verdict, via="reaction")
            effect.wake.add(confirmation.conversation)
        return effect

    def _early(
        self, message: ApprovalMessage, verdict: Verdict | None, to: MessageId, *, takes_back: bool = False
    ) -> AnswerEffect:
        """An answer may come before the id of what it is under is known: it waits for that."""
        if not (verdict or takes_back) or not self._access.may_approve(message.person):
            return AnswerEffect()
        row = awaited(message, to)
        if row and verdict and not message.is_being_sent(row):
            hint(message, row, verdict)
        return AnswerEffect(is_answer=row is not None, is_early=row is not None)

    def _typed(self, message: ApprovalMessage, body: str) -> AnswerEffect:
        asked = message.tx.confirmation_lookup.asked_in(message.conversation.id)
        if not asked:
            return AnswerEffect()
        quoted = message.inbound.quoted
        in_reply = (
            message.tx.confirmation_lookup.asked_by(message.conversation.id, quoted.id) if quoted else ()
        )
        answer = read_answer(body, in_reply=bool(in_reply))
        if answer and (answer.refs or answer.everything):
            return self._named(message, asked, answer)
        if in_reply:
            return self._replied(message, in_reply[0], answer)
        if quoted:
            meant = read_answer(body, in_reply=True)
            return self._early(message, meant.verdict, quoted.id) if meant else AnswerEffect()
        return self._bare(message, asked, answer) if answer else AnswerEffect()

    def _tapped(self, message: ApprovalMessage, answer: Answer | None) -> AnswerEffect:
        """A tap answers the question that offered it, and nothing else, however late it comes."""
        if answer is None:
            return AnswerEffect()
        chosen = [row for row in _candidates(message) if row.ref in answer.refs]
        effect = self._cast(message, chosen, answer, via="button")
        if not any(confirmation.state in OPEN for confirmation in chosen):
            message.hint(CLOSED)
        effect.is_answer = True
        return effect

    def _named(self, message: ApprovalMessage, asked: Sequence[Confirmation], answer: Answer) -> AnswerEffect:
        chosen = [c for c in asked if (answer.everything and c.state in OPEN) or c.ref in answer.refs]
        return self._cast(message, chosen, answer)

    def _replied(
        self, message: ApprovalMessage, confirmation: Confirmation, answer: Answer | None
    ) -> AnswerEffect:
        if answer:
            return self._cast(message, [confirmation], answer)
        if confirmation.state in OPEN and self._may(message, confirmation):
            if after := supersede(confirmation):
                message.tx.confirmations.save(after, before=confirmation.state)
            message.log(confirmation, "superseded")
            return AnswerEffect(wake={confirmation.conversation})
        return AnswerEffect()

    def _bare(self, message: ApprovalMessage, asked: Sequence[Confirmation], answer: Answer) -> AnswerEffect:
        """A yes or no alone answers what Cleo said last, in a direct chat: the one open question of that person."""
        pending = [c for c in asked if c.state == "pending"]
        if message.conversation.is_group or not pending or not self._access.may_approve(message.person):
            return AnswerEffect()
        example = f"{answer.verdict} {pending[-1].ref}"
        if len(pending) > 1:
            refs = ", ".join(c.ref for c in pending)
            message.hint(
                f"Several questions are open ({refs}). React to the one you mean, or write: {example}"
            )
            return AnswerEffect(is_answer=True)
        asked_at = pending[0].asked_at
        if asked_at is None or message.inbound.at / 1000 < asked_at - _CLOCK_SLACK:
            return AnswerEffect()
        if not message.was_shown(pending[0]):
            return AnswerEffect()
        if not (message.is_own(pending[0]) and message.is_last_said(pending[0])):
            message.hint(WHICH.format(ref=pending[0].ref, example=example))
            return AnswerEffect(is_answer=True)
        return self._cast(message, pending, answer)

    def _cast(
        self, message: ApprovalMessage, chosen: Iterable[Confirmation], answer: Answer, via: str = "text"
    ) -> AnswerEffect:
        effect = AnswerEffect()
        for confirmation in chosen:
            if self._may(message, confirmation):
                _decide(message, confirmation, answer.verdict, via=via, reason=answer.reason)
                effect.is_answer = True
                effect.wake.add(confirmation.conversation)
        return effect

    def _may(self, message: ApprovalMessage, confirmation: Confirmation) -> bool:
        if self._access.may_approve(message.person):
            return True
        message.log(confirmation, "answer refused", "not an approver")
        return False


def _decide(
    message: ApprovalMessage, row: Confirmation, verdict: Verdict, *, via: str, reason: str = ""
) -> None:
    by, now = message.person.id, message.now
    after: Confirmation | None = None
    if verdict == "no":
        after = deny(row, by=by, via=via, at=now, reason=reason)
    elif is_too_late(row, now):
        _close_expired(message, row)
    elif not (via == "reaction" and _is_taken_back(message, row)):
        after = approve(row, by=by, via=via, at=now)
    decided = after is not None and message.tx.confirmations.save(after, before=row.state)
    message.log(row, verdict if decided else f"{verdict} without effect", via)
    if verdict == "no" and row.state == "executing":
        message.hint(TOO_LATE)


def _close_expired(message: ApprovalMessage, row: Confirmation) -> None:
    if row.state == "pending" and (over := expire(row)):
        message.tx.confirmations.save(over, before=row.state)
    if row.state in ("pending", "expired"):
        message.hint(EXPIRED)


def _take_back(message: ApprovalMessage, row: Confirmation) -> None:
    """Undo a yes by reaction; also one that is still on its way here, as some backends promise no order."""
    after = take_back(row, by=message.person.id, at=message.inbound.at / 1000)
    if after and message.tx.confirmations.save(after, before=row.state):
        message.log(row, TAKEN_BACK)


def _is_taken_back(message: ApprovalMessage, row: Confirmation) -> bool:
    """Whether this reaction was put there before it was taken back: by the times that WhatsApp gave both."""
    undone = row.decided_via == TAKEN_BACK and row.decided_by == message.person.id
    return undone and row.decided_at is not None and message.inbound.at / 1000 < row.decided_at


def _candidates(message: ApprovalMessage) -> list[Confirmation]:
    """The questions that a button may stand under: those of its message, and those whose id is not known yet."""
    tx, quoted, chat = message.tx, message.inbound.quoted, message.conversation
    here = tx.confirmation_lookup.asked_in(chat.id)
    if quoted is None:
        return list(here)
    if tx.outbox_lookup.by_message_id(chat.id, quoted.id):
        return list(tx.confirmation_lookup.asked_by(chat.id, quoted.id))
    return [row for row in here if message.is_awaiting_id(row)]

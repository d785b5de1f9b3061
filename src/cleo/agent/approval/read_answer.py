"""Answers to open questions: reactions, replies and typed words become votes on a confirmation's row.

A vote is written in the transaction that receives it: it never waits for the chat's turn, else a 👎 would stand
behind the very run that it should stop. The model decides nothing here, and no text is ever executed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cleo.agent.approval.confirm import REACHED, prompt_key
from cleo.domain.access import Access
from cleo.domain.confirmation import (
    OPEN,
    Answer,
    Confirmation,
    Verdict,
    read_answer,
    read_tap,
    verdict_of_emoji,
)
from cleo.domain.content import Chosen, MessageId, Reaction, Text
from cleo.domain.conversation import Conversation, ConversationId
from cleo.domain.identity import Person
from cleo.domain.message import Inbound, OutboxItem
from cleo.ports import Transaction

_CLOCK_SLACK = 2.0
"""Seconds: WhatsApp stamps whole seconds, and phones' clocks differ a little."""

_IN_DOUBT = frozenset({"sending", "uncertain", "unknown"})
"""States of a question's message that may be there under an id that nobody has told."""

TOO_LATE = "Too late: that is already running."
TAKEN_BACK = "taken back"
CLOSED = "That question is closed already."
EXPIRED = "That question has expired, so nothing was done. Ask me again if you still want it."


@dataclass(slots=True)
class Vote:
    """What a message did to open questions. An answer starts no run of its own."""

    is_answer: bool = False
    wake: set[ConversationId] = field(default_factory=set[ConversationId])


@dataclass(slots=True, frozen=True)
class _Ballot:
    """One inbound message while it is read as a vote."""

    tx: Transaction
    inbound: Inbound
    conversation: Conversation
    person: Person
    now: float

    def hint(self, text: str) -> None:
        """Say how to answer, or why it had no effect; once for each message."""
        key = f"hint:{self.conversation.id}:{self.inbound.sender}:{self.inbound.id}"
        item = OutboxItem(key=key, conversation=self.conversation.id, content=Text(body=text))
        self.tx.outbox.add(item)

    def note(self, confirmation: Confirmation, kind: str, detail: str = "") -> None:
        self.tx.confirmations.note(confirmation.ref, kind, at=self.now, by=self.person.id, detail=detail)


class Votes:
    """Reads votes, from people who may give them."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def read(
        self, tx: Transaction, inbound: Inbound, conversation: Conversation, person: Person, now: float
    ) -> Vote:
        """Apply the message to the questions that were asked in its chat, if it answers one."""
        ballot = _Ballot(tx, inbound, conversation, person, now)
        match inbound.content:
            case Reaction(emoji=emoji, to=to):
                asked = tx.confirmations.asked_in(conversation.id, to)
                return self._react(ballot, asked, emoji) if asked else self._astray(ballot, emoji, to)
            case Text(body=body) if not inbound.forwarded:
                return self._typed(ballot, body)
            case Chosen(id=id):
                return self._tapped(ballot, read_tap(id))
            case _:
                return Vote()

    def _react(self, ballot: _Ballot, asked: Sequence[Confirmation], emoji: str) -> Vote:
        vote = Vote()
        for confirmation in asked:
            if not self._may(ballot, confirmation):
                continue
            if not emoji:
                _take_back(ballot, confirmation)
            elif verdict := verdict_of_emoji(emoji):
                _decide(ballot, confirmation, verdict, via="reaction")
            vote.wake.add(confirmation.conversation)
        return vote

    def _astray(self, ballot: _Ballot, emoji: str, to: MessageId) -> Vote:
        """A reaction may come before the id of what it is put on is known: then somebody has to say it again."""
        tx, chat, verdict = ballot.tx, ballot.conversation, verdict_of_emoji(emoji)
        if verdict and self._access.may_approve(ballot.person):
            here = tx.confirmations.asked_in(chat.id)
            row = next(
                (each for each in here if each.state == "pending" and _is_on_its_way(tx, each, chat)), None
            )
            if row and not tx.outbox.find(conversation=chat.id, message_id=to):
                ballot.hint(f"I cannot tell which question you mean. Please write: {verdict} {row.ref}")
        return Vote()

    def _typed(self, ballot: _Ballot, body: str) -> Vote:
        asked = ballot.tx.confirmations.asked_in(ballot.conversation.id)
        if not asked:
            return Vote()
        quoted = ballot.inbound.quoted
        in_reply = ballot.tx.confirmations.asked_in(ballot.conversation.id, quoted.id) if quoted else ()
        answer = read_answer(body, in_reply=bool(in_reply))
        if answer and (answer.refs or answer.everything):
            return self._named(ballot, asked, answer)
        if in_reply:
            return self._replied(ballot, in_reply[0], answer)
        return self._bare(ballot, asked, answer) if answer and not quoted else Vote()

    def _tapped(self, ballot: _Ballot, answer: Answer | None) -> Vote:
        """A tap answers the question that offered it, and nothing else, however late it comes."""
        if answer is None:
            return Vote()
        chosen = [row for row in _under(ballot) if row.ref in answer.refs]
        vote = self._cast(ballot, chosen, answer, via="button")
        if not any(confirmation.state in OPEN for confirmation in chosen):
            ballot.hint(CLOSED)
        vote.is_answer = True
        return vote

    def _named(self, ballot: _Ballot, asked: Sequence[Confirmation], answer: Answer) -> Vote:
        chosen = [c for c in asked if (answer.everything and c.state in OPEN) or c.ref in answer.refs]
        return self._cast(ballot, chosen, answer)

    def _replied(self, ballot: _Ballot, confirmation: Confirmation, answer: Answer | None) -> Vote:
        if answer:
            return self._cast(ballot, [confirmation], answer)
        if confirmation.state in OPEN and self._may(ballot, confirmation):
            ballot.tx.confirmations.move(confirmation.ref, when=OPEN, to="superseded")
            ballot.note(confirmation, "superseded")
            return Vote(wake={confirmation.conversation})
        return Vote()

    def _bare(self, ballot: _Ballot, asked: Sequence[Confirmation], answer: Answer) -> Vote:
        """A yes or no alone counts in a direct chat, when exactly one question is open and was seen before."""
        pending = [c for c in asked if c.state == "pending"]
        if ballot.conversation.is_group or not pending or not self._access.may_approve(ballot.person):
            return Vote()
        if len(pending) > 1:
            refs = ", ".join(c.ref for c in pending)
            example = f"{answer.verdict} {pending[-1].ref}"
            ballot.hint(
                f"Several questions are open ({refs}). React to the one you mean, or write: {example}"
            )
            return Vote(is_answer=True)
        asked_at = pending[0].asked_at
        if asked_at is None or ballot.inbound.at / 1000 < asked_at - _CLOCK_SLACK:
            return Vote()
        if not _was_shown(ballot, pending[0]):
            return Vote()
        return self._cast(ballot, pending, answer)

    def _cast(
        self, ballot: _Ballot, chosen: Iterable[Confirmation], answer: Answer, via: str = "text"
    ) -> Vote:
        vote = Vote()
        for confirmation in chosen:
            if self._may(ballot, confirmation):
                _decide(ballot, confirmation, answer.verdict, via=via, reason=answer.reason)
                vote.is_answer = True
                vote.wake.add(confirmation.conversation)
        return vote

    def _may(self, ballot: _Ballot, confirmation: Confirmation) -> bool:
        if self._access.may_approve(ballot.person):
            return True
        ballot.note(confirmation, "vote refused", "not an approver")
        return False


def _decide(
    ballot: _Ballot, confirmation: Confirmation, verdict: Verdict, *, via: str, reason: str = ""
) -> None:
    changes: dict[str, object] = {
        "decided_by": ballot.person.id,
        "decided_via": via,
        "decided_at": ballot.now,
        "reason": reason,
    }
    move = ballot.tx.confirmations.move
    if verdict == "no":
        decided = move(confirmation.ref, when=OPEN, to="denied", changes=changes)
    elif confirmation.expires_at is not None and confirmation.expires_at <= ballot.now:
        if move(confirmation.ref, when={"pending"}, to="expired") or confirmation.state == "expired":
            ballot.hint(EXPIRED)
        decided = False
    elif via == "reaction" and _is_taken_back(ballot, confirmation):
        decided = False
    else:
        decided = move(confirmation.ref, when={"pending"}, to="approved", changes=changes)
    ballot.note(confirmation, verdict if decided else f"{verdict} without effect", via)
    if verdict == "no" and not decided and confirmation.state == "executing":
        ballot.hint(TOO_LATE)


def _take_back(ballot: _Ballot, confirmation: Confirmation) -> None:
    """Undo a yes by reaction; also one that is still on its way here, as some backends promise no order."""
    mine = confirmation.decided_by == ballot.person.id
    if confirmation.state not in OPEN or (confirmation.state == "approved" and not mine):
        return
    changes: dict[str, object] = {
        "decided_by": ballot.person.id,
        "decided_via": TAKEN_BACK,
        "decided_at": ballot.inbound.at / 1000,
    }
    if ballot.tx.confirmations.move(confirmation.ref, when=OPEN, to="pending", changes=changes):
        ballot.note(confirmation, TAKEN_BACK)


def _is_taken_back(ballot: _Ballot, row: Confirmation) -> bool:
    """Whether this reaction was put there before it was taken back: by the times that WhatsApp gave both."""
    undone = row.decided_via == TAKEN_BACK and row.decided_by == ballot.person.id
    return undone and row.decided_at is not None and ballot.inbound.at / 1000 < row.decided_at


def _was_shown(ballot: _Ballot, row: Confirmation) -> bool:
    """Whether the question reached this chat: it may have reached another one, and still wait here."""
    asking = ballot.tx.outbox.find(key=prompt_key(ballot.tx, row, ballot.conversation))
    return any(item.state in REACHED for item in asking)


def _under(ballot: _Ballot) -> list[Confirmation]:
    """The questions that a button may stand under: those of its message, and those whose id is not known yet."""
    tx, quoted, chat = ballot.tx, ballot.inbound.quoted, ballot.conversation
    here = tx.confirmations.asked_in(chat.id)
    if quoted is None:
        return list(here)
    if tx.outbox.find(conversation=chat.id, message_id=quoted.id):
        return list(tx.confirmations.asked_in(chat.id, quoted.id))
    return [row for row in here if _is_nameless(tx, row, chat)]


def _is_on_its_way(tx: Transaction, row: Confirmation, chat: Conversation) -> bool:
    asking = tx.outbox.find(key=prompt_key(tx, row, chat))
    return any(item.message_id is None and item.state in _IN_DOUBT for item in asking)


def _is_nameless(tx: Transaction, row: Confirmation, chat: Conversation) -> bool:
    return any(item.message_id is None for item in tx.outbox.find(key=prompt_key(tx, row, chat)))

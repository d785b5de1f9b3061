"""Step 3 of the line: keep what came in, exactly once, and tell whether Cleo will look at it.

One transaction: who wrote it, may they, was it here before, is it an answer to a question. Only after its
commit does the channel say "delivered" to the other side.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import structlog

from cleo.agent.account_news import note_news
from cleo.agent.approval.read_answer import AnswerEffect, AnswerReader
from cleo.agent.backlog import Backlog
from cleo.agent.claim_code import ClaimCode
from cleo.agent.commands import Commands
from cleo.agent.message_changes import is_change, take_in
from cleo.agent.new_holder import tell_new_holder
from cleo.agent.outbox.delivery_status import DeliveryStatus
from cleo.agent.outbox.queue import OutboxQueue
from cleo.domain.access import Access
from cleo.domain.content import Text, is_about_another
from cleo.domain.conversation import Conversation, ConversationId, LastInbound, conversation_id
from cleo.domain.errors import Overloaded
from cleo.domain.failpoint import failpoint
from cleo.domain.health import AccountNews
from cleo.domain.identity import Person, namespace
from cleo.domain.message import IdentityChange, Inbound, InboxItem, InboxState, Receipt
from cleo.domain.webhook_batch import WebhookBatch, WebhookEvent
from cleo.ports import Clock, Engine, IntakeStatus, KnownSender, Quota, Store, Transaction

_log = structlog.get_logger("cleo.receive")

CONTESTED = "contested"
"""The installation fact that says whose addresses were named as another one's."""

_STRANGER = "not answered: nobody has let this person in (cleo access list)"
_UNMAPPED = (
    "not answered: nobody has let this hidden id (LID) in, whose number is not known (cleo access list)"
)
_OWN = "not answered: Cleo sent it itself, and it came back"
_UNKNOWN = frozenset({_STRANGER, _UNMAPPED})
_PORTION = 250
"""Events of one request that are kept in one commit."""

_QUOTA = Quota(messages=50, bytes=64 * 1024, bytes_of_all=1024 * 1024)
"""Of what is not answered, a day: enough to see what somebody wants before they are let in."""

WELCOME = (
    "You are my owner now. 👋 I will ask you before I change anything. Write *help* to see what I can do."
)


@dataclass(frozen=True, slots=True)
class _Heard:
    """One message, and what became of it: a line in the log once it is on disk."""

    inbound: Inbound
    conversation: ConversationId
    person: Person
    outcome: str


@dataclass(slots=True)
class _Kept:
    answer: IntakeStatus
    wake: set[ConversationId] = field(default_factory=set[ConversationId])
    new: int = 0
    number: int | None = None
    """Of the request that it came with."""
    claimed: bool = False
    heard: list[_Heard] = field(default_factory=list[_Heard])


class Receiver:
    """Implements `ports.Receive` for every channel."""

    def __init__(
        self,
        *,
        store: Store,
        engine: Engine,
        clock: Clock,
        access: Access,
        queue: OutboxQueue,
        delivery: DeliveryStatus,
        commands: Commands | None = None,
        claim: ClaimCode | None = None,
        most_waiting: int = 10_000,
    ) -> None:
        self._store = store
        self._engine = engine
        self._clock = clock
        self._access = access
        self._claim = claim
        self._backlog = Backlog(most_waiting)
        self._queue = queue
        self._delivery = delivery
        self._commands = commands or Commands(queue=queue)
        self._answer_reader = AnswerReader(access, queue)

    async def message(self, inbound: Inbound) -> IntakeStatus:
        """Keep a message; raises `StoreError` or `Overloaded` when that is not possible now."""
        knows_code = self._knows_code(inbound)
        kept = await self._write(lambda tx: self._keep(tx, inbound, knows_code=knows_code))
        return kept.answer

    async def receipt(self, receipt: Receipt) -> IntakeStatus:
        """Note what became of messages that Cleo sent."""
        kept = await self._write(lambda tx: self._note_receipt(tx, receipt))
        _log.info("status received", state=receipt.state, ids=receipt.of, outcome=kept.answer)
        return kept.answer

    async def batch(self, batch: WebhookBatch) -> int:
        """Keep a request and its events, each exactly once; raises like `message`.

        All are kept in one commit, unless they are so many that others would wait for long.
        """
        codes = [
            isinstance(event.meaning, Inbound) and self._knows_code(event.meaning) for event in batch.events
        ]
        new, number = 0, None
        for first in range(0, max(len(codes), 1), _PORTION):
            place = slice(first, first + _PORTION)
            portion = replace(batch, events=batch.events[place])
            kept = await self._write(partial(self._keep_all, portion, codes[place], number))
            new, number = new + kept.new, kept.number
            for receipt in (event.meaning for event in portion.events if isinstance(event.meaning, Receipt)):
                _log.info("status received", state=receipt.state, ids=receipt.of)
        return new

    async def _write(self, work: Callable[[Transaction], _Kept]) -> _Kept:
        failpoint("receive.before_commit")
        since = self._clock.now()
        kept = await self._store.write(work)
        failpoint("receive.after_commit")
        self._tell(kept.heard, since)
        if kept.claimed and self._claim:
            _log.warning("somebody became the owner by the claim code")
            for claimed in self._claim.listeners:
                claimed()
        await self._engine.wake(*kept.wake)
        return kept

    def _tell(self, heard: Sequence[_Heard], since: float) -> None:
        """Log what became of each message, so that one which is not answered is explained."""
        ms = round(1000 * (self._clock.now() - since))
        for each in heard:
            inbound = each.inbound
            _log.info(
                "message received",
                chat=each.conversation,
                id=inbound.id,
                sender=inbound.sender,
                kind=inbound.content.type,
                outcome=each.outcome,
                ms=ms,
            )

    def _keep_all(
        self, batch: WebhookBatch, codes: Sequence[bool], number: int | None, tx: Transaction
    ) -> _Kept:
        if number is None:
            number = tx.webhook_events.keep(batch)
        whole = _Kept("accepted", number=number)
        for event, knows_code in zip(batch.events, codes, strict=True):
            if tx.webhook_events.add(number, event):
                whole.new += 1
                kept = self._keep_event(tx, event, knows_code=knows_code)
                whole.wake |= kept.wake
                whole.claimed |= kept.claimed
                whole.heard += kept.heard
        return whole

    def _keep_event(self, tx: Transaction, event: WebhookEvent, *, knows_code: bool) -> _Kept:
        match event.meaning:
            case Inbound() as inbound:
                last_inbound = _last_inbound(inbound) if event.opens_window else None
                return self._keep(
                    tx, inbound, knows_code=knows_code, last_inbound=last_inbound, starts=event.starts
                )
            case Receipt() as receipt:
                return self._note_receipt(tx, receipt)
            case IdentityChange() as change:
                person = tx.people.change_identity(
                    change, self._clock.now(), is_stranger=lambda each: self._access.role(each) == "stranger"
                )
                _tell_contested(tx, person)
                return _Kept("accepted")
            case AccountNews() as news:
                now = self._clock.now()
                told = note_news(tx, news, key=event.key, access=self._access, queue=self._queue, now=now)
                return _Kept("accepted", told)
            case None:
                return _Kept("ignored")

    def _knows_code(self, inbound: Inbound) -> bool:
        """Compare outside of the transaction, which may be undone or repeated: a guess counts once."""
        is_private = not inbound.is_group and not inbound.from_me
        if not (self._claim and is_private and isinstance(inbound.content, Text)):
            return False
        return self._claim.matches(inbound.content.body, inbound.sender, self._clock.now())

    def _keep(
        self,
        tx: Transaction,
        inbound: Inbound,
        *,
        knows_code: bool,
        last_inbound: LastInbound | None = None,
        starts: bool = True,
    ) -> _Kept:
        now = self._clock.now()
        sender = _sender(tx, inbound, now)
        person = sender.person
        _tell_contested(tx, person)
        told = tell_new_holder(
            tx, person, inbound.account_key, access=self._access, queue=self._queue, now=now
        )
        chat = replace(_conversation_of(tx, inbound, person, now), last_inbound=last_inbound)
        conversation = tx.conversations.open(chat, known=sender.conversation)
        is_own = sender.is_own and _starts_run(inbound)  # some bridges give a reaction the id of its target
        allowed = starts and not is_own and self._answers(person, inbound)
        claims = knows_code and starts and not tx.people.owners()
        state: InboxState = "new" if allowed and not claims and _starts_run(inbound) else "noted"
        is_kept = (
            claims
            or inbound.from_me
            or self._answers(person, inbound)
            or self._has_room(tx, inbound, person, now)
        )
        item = _add(tx, inbound, conversation, person, state, now=now) if is_kept else None
        heard = partial(_Heard, inbound, conversation.id, person)
        if item is None and (is_kept or not tx.unanswered.skip(inbound)):
            return _Kept("duplicate", heard=[heard("known already")])
        if item and is_change(inbound) and self._answers(person, inbound):
            take_in(tx, item, now)
        released = last_inbound is not None and self._delivery.release(tx, conversation.id)
        if claims:
            greeted = _greet_owner(tx, self._queue, conversation, person)
            return replace(greeted, heard=[heard("claims ownership")])
        if item is None or not allowed:  # strangers are noted, not answered
            why = _OWN if is_own else self._why_not(person, inbound) if starts else "context only"
            if why in _UNKNOWN:
                tx.access.note_unknown(person.id, now)
            why += "" if is_kept else "; not kept: too much of it today"
            return _Kept("ignored", told | ({conversation.id} if released else set()), heard=[heard(why)])
        effect = AnswerEffect()
        # Words answer nothing where no question is open: most messages need no look at the questions.
        if sender.may_answer or not isinstance(inbound.content, Text):
            effect = self._answer_reader.read(tx, inbound, conversation, person, now)
        outcome = self._place(tx, item, conversation, effect)
        return _Kept("accepted", {conversation.id} | effect.wake | told, heard=[heard(outcome)])

    def _place(
        self, tx: Transaction, item: InboxItem, conversation: Conversation, effect: AnswerEffect
    ) -> str:
        """Let it wait for a run unless it is something else; return what became of it."""
        if effect.is_early:
            tx.inbox.move([item.seq], "early")
            return "answers a question whose message nobody has told yet"
        if effect.is_answer:
            tx.inbox.move([item.seq], "noted")
            return "answers a question"
        if item.state != "new":
            return "context only"
        if self._commands.obey(tx, item.message, conversation, item.received_at):
            tx.inbox.move([item.seq], "noted")
            return "a command"
        if self._backlog.is_full(tx, conversation.id):
            raise Overloaded(f"{self._backlog.most} messages wait for an answer already (CLEO_INBOX_MAX).")
        return "waits for a run"

    def _has_room(self, tx: Transaction, inbound: Inbound, person: Person, now: float) -> bool:
        return tx.unanswered.has_room(person.id, inbound, int(now // 86_400), _QUOTA)

    def _answers(self, person: Person, inbound: Inbound) -> bool:
        if inbound.from_me or (inbound.is_group and inbound.chat not in self._access.groups):
            return False
        return self._access.role(person) != "stranger"

    def _why_not(self, person: Person, inbound: Inbound) -> str:
        """Say why a message is not answered."""
        if inbound.from_me:
            return "not answered: sent from Cleo's own number"
        if inbound.is_group and inbound.chat not in self._access.groups:
            return "not answered: the group is not in CLEO_ALLOWED_GROUPS"
        has_number = any(namespace(address) == "phone" for address in person.addresses)
        return _STRANGER if has_number else _UNMAPPED

    def _note_receipt(self, tx: Transaction, receipt: Receipt) -> _Kept:
        wake = self._delivery.on_receipt(tx, receipt)
        return _Kept("accepted" if wake else "ignored", wake)


def _add(
    tx: Transaction, inbound: Inbound, chat: Conversation, person: Person, state: InboxState, *, now: float
) -> InboxItem | None:
    """Keep a message; None: it was here before."""
    seq = tx.inbox.add(inbound, chat.id, person.id, state)
    if seq is None:
        return None
    return InboxItem(
        seq=seq, conversation=chat.id, person=person.id, message=inbound, received_at=now, state=state
    )


def _greet_owner(tx: Transaction, queue: OutboxQueue, conversation: Conversation, person: Person) -> _Kept:
    tx.people.claim_owner(person.id)
    queue.put(tx, conversation, Text(body=WELCOME), key=f"welcome:{person.id}", purpose="notice")
    return _Kept("accepted", {conversation.id}, claimed=True)


def _sender(tx: Transaction, inbound: Inbound, now: float) -> KnownSender:
    addresses = frozenset({inbound.sender}) | inbound.aliases
    if inbound.from_me:  # the chat is with somebody else
        return KnownSender(person=tx.people.resolve(addresses, inbound.sender_name, now))
    group = inbound.chat if inbound.is_group else None
    return tx.senders.resolve(
        addresses, inbound.sender_name, now, account=inbound.account_key, group=group, message_id=inbound.id
    )


def _conversation_of(tx: Transaction, inbound: Inbound, person: Person, now: float) -> Conversation:
    if inbound.is_group:
        id_ = conversation_id(inbound.account_key, inbound.chat)
        return Conversation(id=id_, channel=inbound.channel, account=inbound.account, address=inbound.chat)
    other = tx.people.resolve(frozenset({inbound.chat}), "", now) if inbound.from_me else person
    id_ = conversation_id(inbound.account_key, other.id)
    return Conversation(
        id=id_, channel=inbound.channel, account=inbound.account, address=inbound.chat, person=other.id
    )


def _starts_run(inbound: Inbound) -> bool:
    """Reactions, edits, deletions, votes and changes of a group are context; they never make Cleo speak."""
    return not is_about_another(inbound.content)


def _last_inbound(inbound: Inbound) -> LastInbound:
    return LastInbound(number_id=inbound.number_id, id=inbound.id, at=inbound.at / 1000)


def _tell_contested(tx: Transaction, person: Person) -> None:
    """Two people are never taken for one by a guess: the operator is told, here and by `cleo doctor`."""
    if person.contested:
        _log.warning(
            "an address of somebody else was named as this person's", person_has=len(person.addresses)
        )
        tx.installation.set(CONTESTED, f"{person.id} and {', '.join(sorted(person.contested))}")

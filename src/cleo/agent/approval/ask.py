"""Step 6 of the line: ask those who may answer, with the plan as it was frozen.

A run that needs a yes ends; its calls are parked with one confirmation each. Any process, at any later time, turns
the rows' states into what the model reads and goes on (`settle`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

from cleo.agent.approval.plan import PlannedCall, digest
from cleo.agent.approval.prompt_text import packed, question
from cleo.agent.outbox.owner_chats import owner_chats
from cleo.agent.outbox.queue import OutboxQueue
from cleo.domain.access import Access
from cleo.domain.answer import tap_id
from cleo.domain.confirmation import EXPIRY, MAX_OPEN, OPEN, Confirmation, new_ref, undelivered
from cleo.domain.content import Choices, Option, Text
from cleo.domain.conversation import Conversation, ConversationId
from cleo.domain.identity import PersonId
from cleo.ports import Tool, Transaction

_NOBODY = "nobody may say yes: no owner is set"
TOO_MANY = f"there are {MAX_OPEN} open questions already; some of them must be answered first"
_WAITING = "⏳ I asked my owner to confirm that. I'll go on when there is an answer."


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Puts questions into the outbox of those who may answer."""

    access: Access
    queue: OutboxQueue
    tools: Mapping[str, Tool]
    expiry: float = EXPIRY

    def ask(
        self,
        tx: Transaction,
        calls: Sequence[PlannedCall],
        *,
        conversation: Conversation,
        person: PersonId,
        batch: int,
        now: float,
    ) -> set[ConversationId]:
        """Write one confirmation for each parked call; return the conversations with new messages."""
        places = self._places(tx, conversation, person, now)
        room = _room(tx, places)
        for number, call in enumerate(calls):
            why_not = _NOBODY if not places else TOO_MANY if number >= room else ""
            confirmation = Confirmation(
                ref=_unused_ref(tx),
                conversation=conversation.id,
                batch=batch,
                call_id=call.call_id,
                tool=call.tool,
                tool_hash=call.tool_hash,
                plan=call.plan,
                digest=digest(call.plan),
                asked_by=person,
                created_at=now,
                state="cancelled" if why_not else "pending",
                reason=why_not,
            )
            self._add(tx, confirmation, () if why_not else places)
        if calls and places and conversation.id not in {place.id for place in places}:
            key = f"waiting:{conversation.id}:{batch}"
            self.queue.put(tx, conversation, Text(body=_WAITING), key=key, purpose="notice")
        return {place.id for place in places} | {conversation.id}

    def room(self, tx: Transaction, conversation: Conversation, person: PersonId, now: float) -> int:
        """Return how many more questions of this person may be open where they would be asked."""
        return _room(tx, self._places(tx, conversation, person, now))

    def ask_to_repeat(
        self, tx: Transaction, row: Confirmation, *, conversation: Conversation, now: float
    ) -> None:
        """Ask whether a call with an unknown outcome shall be done once more."""
        again = Confirmation(
            ref=_unused_ref(tx),
            conversation=row.conversation,
            batch=row.batch,
            call_id=row.call_id,
            tool=row.tool,
            tool_hash=row.tool_hash,
            plan=row.plan,
            digest=row.digest,
            asked_by=row.asked_by,
            created_at=now,
            detached=True,
            retry_of=row.ref,
        )
        self._add(tx, again, self._places(tx, conversation, row.asked_by, now))

    def ask_anew(self, tx: Transaction, row: Confirmation, now: float) -> set[ConversationId]:
        """Ask an open question by new messages, about the same frozen call: answers to the old ones do not count.

        Return the conversations with new messages.
        """
        places = self._places(tx, tx.conversations.get(row.conversation), row.asked_by, now)
        for message in tx.outbox_lookup.prompts(row.ref):
            if message.state in {"queued", "held"}:
                tx.outbox.update(replace(message, state="failed", reason="asked again"))
        tx.confirmations.withdraw_prompts(row.ref)
        if unasked := undelivered(row):
            tx.confirmations.save(unasked, before=row.state)
        self._put(tx, row, places, again=f":{uuid4().hex[:8]}")
        tx.confirmations.log(row.ref, "asked again", at=now)
        return {place.id for place in places}

    def _places(
        self, tx: Transaction, conversation: Conversation, person: PersonId, now: float
    ) -> list[Conversation]:
        """Return where to ask: the private chat of somebody who may answer; else the direct chat of every owner."""
        if not conversation.is_group and self.access.may_approve(tx.people.get(person)):
            return [conversation]
        return owner_chats(tx, self.access, conversation.account_key, now)

    def _add(self, tx: Transaction, confirmation: Confirmation, places: Sequence[Conversation]) -> None:
        tx.confirmations.add(confirmation)
        self._put(tx, confirmation, places)
        tx.confirmations.log(confirmation.ref, "asked", at=confirmation.created_at, detail=confirmation.state)

    def _put(
        self, tx: Transaction, row: Confirmation, places: Iterable[Conversation], *, again: str = ""
    ) -> None:
        tool = self.tools.get(row.tool)
        title = (tool.title if tool else "") or row.tool.replace("_", " ")
        text, whole = question(title, row.ref, row.plan, self.expiry)
        if row.retry_of:
            text = f"⚠️ {row.retry_of}: I may already have done this. Do it again?\n{text}"
        for place in places:
            parts = [Text(body=part) for part in packed(whole, self.queue.text_max(place))]
            plan = f"plan:{row.ref}:{place.id}{again}"
            self.queue.put_all(tx, place, parts, key=plan, purpose="plan", asks=row.ref)
            prompt = f"ask:{row.ref}:{place.id}{again}"
            self.queue.put(
                tx, place, _with_buttons(row.ref, text), key=prompt, purpose="prompt", asks=row.ref
            )


def _room(tx: Transaction, places: Iterable[Conversation]) -> int:
    """Count what is asked in each chat, and what runs: if nobody knows how that ended, it is asked about again."""
    taken = (
        sum(
            row.state in OPEN or row.state == "executing" for row in tx.confirmation_lookup.asked_in(place.id)
        )
        for place in places
    )
    return MAX_OPEN - max(taken, default=0)


def _with_buttons(ref: str, text: str) -> Choices:
    options = (
        Option(id=tap_id("yes", ref), title="👍 Do it"),
        Option(id=tap_id("no", ref), title="👎 Don't"),
    )
    return Choices(body=text, options=options, words=text)


def _unused_ref(tx: Transaction) -> str:
    while tx.confirmations.get(ref := new_ref()):
        pass
    return ref

"""Step 6 of the line: ask, and settle what was answered.

A run that needs a yes ends; its calls are parked with one confirmation each. Any process, at any later time,
turns the rows' states into what the model reads and goes on. What was shown is what runs: the plan is frozen
when the arguments were validated, its digest is compared again when the tool starts.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic_ai import DeferredToolRequests, DeferredToolResults
from pydantic_ai.tools import ToolApproved, ToolDefinition, ToolDenied
from pydantic_core import to_jsonable_python

from cleo.agent.approval.prompt_text import question
from cleo.domain.access import Access
from cleo.domain.confirmation import (
    EXPIRY,
    HOLD,
    OPEN,
    UNDELIVERED,
    Confirmation,
    State,
    new_ref,
    tap_id,
)
from cleo.domain.content import Choices, Content, Option, Reaction, Text
from cleo.domain.conversation import Conversation, ConversationId, conversation_id
from cleo.domain.identity import Person, PersonId
from cleo.domain.message import OutboxItem, OutboxState
from cleo.ports import Channel, Tool, Transaction

WAITING = "NOT RUN YET: waiting for the user (ref {ref}). Do not call it again, do not say it was done."
PROMPT = "ask:"
"""Outbox keys of questions start with this."""
PLAN = "plan:"
"""And those of what is too long for them."""
MOVES = "moves"
"""The mark that counts how often Cleo was moved to another way to WhatsApp."""
REACHED: frozenset[OutboxState] = frozenset({"accepted", "sent", "delivered", "read", "played"})
"""States of a question's message in which somebody may have seen it."""
NOBODY = "nobody may say yes: no owner is set"

_TOLD: Mapping[State, str] = {
    "pending": WAITING,
    "denied": "The user said NO{reason}. It was not done. Do not try again unless asked.",
    "expired": "NOT DONE: nobody answered in time. This is not a refusal.",
    "superseded": "NOT DONE: the user wants a change, see the next message.",
    "cancelled": "NOT DONE: {why}.",
}
_SIGNS: Mapping[State, str] = {"succeeded": "🟢", "failed": "🔴", "unknown": "⚠️"}
_FACTS: Mapping[State, str] = {
    "denied": "denied{reason}, it was not done",
    "expired": "nobody answered in time, it was not done",
    "superseded": "the user wanted something else, it was not done",
    "cancelled": "cancelled, it was not done",
    "failed": "approved, but it failed and was not done",
    "unknown": "approved and started, nobody knows whether it was done; it was not repeated",
    "succeeded": "approved and done",
}


def freeze(tool: str, arguments: Mapping[str, object]) -> str:
    """Write a call down as the exact bytes that will be shown, hashed and run."""
    plan = {"tool": tool, "args": to_jsonable_python(dict(arguments))}
    return json.dumps(plan, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(plan: str) -> str:
    """Name the bytes of a plan."""
    return hashlib.sha256(plan.encode("utf-8", "surrogatepass")).hexdigest()


def tool_hash(definition: ToolDefinition) -> str:
    """Name a tool's description and arguments, so that a changed tool does not inherit an old yes."""
    text = json.dumps(
        [definition.name, definition.description, definition.parameters_json_schema], sort_keys=True
    )
    return hashlib.sha256(text.encode()).hexdigest()


def open_questions(tx: Transaction, conversation: ConversationId) -> int:
    """Count the questions that this conversation waits for."""
    return len(tx.confirmations.find(conversation=conversation, states=OPEN))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Puts questions into the outbox of those who may answer."""

    access: Access
    channel: Channel
    tools: Mapping[str, Tool]
    expiry: float = EXPIRY

    def ask(
        self,
        tx: Transaction,
        requests: DeferredToolRequests,
        *,
        conversation: Conversation,
        person: PersonId,
        batch: int,
        now: float,
    ) -> set[ConversationId]:
        """Write one confirmation for each parked call; tells the conversations with new messages."""
        places = self._places(tx, conversation, person, now)
        for call in requests.approvals:
            details = requests.metadata.get(call.tool_call_id, {})
            plan = str(details.get("plan", ""))
            confirmation = Confirmation(
                ref=_unused_ref(tx),
                conversation=conversation.id,
                batch=batch,
                call_id=call.tool_call_id,
                tool=call.tool_name,
                tool_hash=str(details.get("hash", "")),
                plan=plan,
                digest=digest(plan),
                asked_by=person,
                created_at=now,
                state="pending" if places else "cancelled",
                reason="" if places else NOBODY,
                retry_of=str(details.get("retry_of", "")),
            )
            self._put(tx, confirmation, places)
            tx.confirmations.note(confirmation.ref, "asked", at=now, detail=confirmation.state)
        if requests.approvals and places and conversation.id not in {place.id for place in places}:
            self._tell_requester(tx, conversation, batch)
        return {place.id for place in places} | {conversation.id}

    def ask_again(
        self, tx: Transaction, row: Confirmation, *, conversation: Conversation, now: float
    ) -> None:
        """Ask whether a call with an unknown outcome shall be done once more."""
        again = replace(
            row,
            ref=_unused_ref(tx),
            state="pending",
            detached=True,
            created_at=now,
            retry_of=row.ref,
            asked_at=None,
            expires_at=None,
            decided_by=None,
            decided_via="",
            decided_at=None,
        )
        self._put(tx, again, self._places(tx, conversation, row.asked_by, now))
        tx.confirmations.note(again.ref, "asked", at=now, detail=again.state)

    def show_outcome(
        self, tx: Transaction, row: Confirmation, state: State, *, conversation: Conversation, now: float
    ) -> None:
        """Put a sign on the question: never one that could be read as an answer."""
        for place in self._places(tx, conversation, row.asked_by, now):
            asked = [item.message_id for item in tx.outbox.find(key=prompt_key(tx, row, place))]
            if asked and asked[0] and (sign := _SIGNS.get(state)):
                content = Reaction(emoji=sign, to=asked[0], on_own=True)
                key = f"sign:{row.ref}:{place.id}:{state}"
                tx.outbox.add(OutboxItem(key=key, conversation=place.id, content=content))

    def ask_anew(self, tx: Transaction, row: Confirmation, now: float) -> set[ConversationId]:
        """Ask an open question once more, about the same frozen call: answers to the old message do not count.

        Tells the conversations with new messages.
        """
        places = self._places(tx, tx.conversations.get(row.conversation), row.asked_by, now)
        for place in places:
            for item in tx.outbox.find(conversation=place.id, states={"queued", "held"}):
                if item.key.startswith((f"{PROMPT}{row.ref}:", f"{PLAN}{row.ref}:")):
                    tx.outbox.update(replace(item, state="failed", reason="asked again"))
        unasked: dict[str, object] = {"asked_at": None, "expires_at": None}
        tx.confirmations.move(row.ref, when={"pending"}, to="pending", changes=unasked)
        self._put(tx, replace(row, asked_at=None, expires_at=None), places)
        tx.confirmations.note(row.ref, "asked again", at=now)
        return {place.id for place in places}

    def _put(self, tx: Transaction, confirmation: Confirmation, places: Sequence[Conversation]) -> None:
        tool = self.tools.get(confirmation.tool)
        title = (tool.title if tool else "") or confirmation.tool.replace("_", " ")
        text, whole = question(title, confirmation.ref, confirmation.plan, self.expiry)
        if confirmation.retry_of:
            text = f"⚠️ {confirmation.retry_of}: I may already have done this. Do it again?\n{text}"
        prompts: list[tuple[ConversationId, str]] = []
        moves = tx.installation.get(MOVES)
        for place in places:
            for number, part in enumerate(_cut(whole, self.channel.capabilities.text_max)):
                key = f"{PLAN}{confirmation.ref}:{place.id}:{number}{moves and f':{moves}'}"
                self._queue(tx, key, place, Text(body=part))
            key = prompt_key(tx, confirmation, place)
            self._queue(tx, key, place, _to_tap(confirmation.ref, text))
            prompts.append((place.id, key))
        tx.confirmations.add(confirmation, prompts)

    def _queue(self, tx: Transaction, key: str, place: Conversation, content: Content) -> None:
        message_id = self.channel.message_id(key)
        item = OutboxItem(key=key, conversation=place.id, content=content, message_id=message_id)
        tx.outbox.add(item)

    def _places(
        self, tx: Transaction, conversation: Conversation, person: PersonId, now: float
    ) -> list[Conversation]:
        """A private chat with somebody who may answer; else the direct chat of every owner."""
        asker = tx.people.get(person)
        if not conversation.is_group and self.access.may_approve(asker):
            return [conversation]
        owners = {owner.id: owner for owner in tx.people.owners()}
        for address in sorted(self.access.owners):
            owner = tx.people.resolve(frozenset({address}), "", now)
            owners[owner.id] = owner
        return [self._direct(tx, conversation.channel, owner) for owner in owners.values()]

    def _direct(self, tx: Transaction, channel: str, owner: Person) -> Conversation:
        address = min(owner.addresses, key=lambda a: (not a.startswith("phone:"), a))
        id_ = conversation_id(channel, owner.id)
        return tx.conversations.open(Conversation(id=id_, channel=channel, address=address, person=owner.id))

    def _tell_requester(self, tx: Transaction, conversation: Conversation, batch: int) -> None:
        key = f"waiting:{conversation.id}:{batch}"
        waiting = "⏳ I asked my owner to confirm that. I'll go on when there is an answer."
        self._queue(tx, key, conversation, Text(body=waiting))


def prompt_key(tx: Transaction, confirmation: Confirmation, place: Conversation) -> str:
    """Name the message that asks in this chat.

    Another way to WhatsApp is another message: keys have the number of the move, when there was one.
    """
    key = f"{PROMPT}{confirmation.ref}:{place.id}"
    moves = tx.installation.get(MOVES)
    return f"{key}:{moves}" if moves else key


def _to_tap(ref: str, text: str) -> Choices:
    options = (
        Option(id=tap_id("yes", ref), title="👍 Do it"),
        Option(id=tap_id("no", ref), title="👎 Don't"),
    )
    return Choices(body=text, options=options, words=text)


def _unused_ref(tx: Transaction) -> str:
    while tx.confirmations.find(ref=(ref := new_ref())):
        pass
    return ref


def _cut(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def reached(tx: Transaction, key: str, now: float, expiry: float) -> None:
    """The question of this outbox key reached WhatsApp: from the first time on, its time runs."""
    changes: dict[str, object] = {"asked_at": now, "expires_at": now + expiry}
    for row in tx.confirmations.find(ref=_ref(key), states={"pending"}):
        if row.asked_at is None:
            tx.confirmations.move(row.ref, when={"pending"}, to="pending", changes=changes)


def unasked(tx: Transaction, key: str) -> None:
    """The question of this outbox key did not arrive after all, but it will: its time does not run before."""
    if not REACHED.intersection(_elsewhere(tx, key)):
        nothing: dict[str, object] = {"asked_at": None, "expires_at": None}
        tx.confirmations.move(_ref(key), when={"pending"}, to="pending", changes=nothing)


def is_over(tx: Transaction, key: str) -> bool:
    """Whether the message of this outbox key asks what needs no answer any more."""
    return key.startswith(PROMPT) and not tx.confirmations.find(ref=_ref(key), states={"pending"})


def unreached(tx: Transaction, key: str, reason: str) -> None:
    """The question of this outbox key will never arrive: when no other one asks it, nobody can answer it."""
    if any(state != "failed" for state in _elsewhere(tx, key)):
        return
    why: dict[str, object] = {"reason": f"the question could not be delivered: {reason}"}
    tx.confirmations.move(_ref(key), when={"pending"}, to="cancelled", changes=why)


def _elsewhere(tx: Transaction, key: str) -> list[OutboxState]:
    """What became of the other messages that ask the question of this outbox key."""
    return [item.state for item in tx.outbox.find(asks=_ref(key)) if item.key != key]


def _ref(key: str) -> str:
    return key.split(":")[1]


# ── settling ───────────────────────────────────────────────────────────────────────────────────────────


def expire(tx: Transaction, conversation: ConversationId, now: float) -> None:
    """Close questions whose time is over, and those that could not be asked."""
    for row in tx.confirmations.find(conversation=conversation, states={"pending"}):
        if row.expires_at is not None and row.expires_at <= now:
            tx.confirmations.move(row.ref, when={"pending"}, to="expired")
            tx.confirmations.note(row.ref, "expired", at=now)
        elif row.asked_at is None and row.created_at <= now - UNDELIVERED:
            reason: dict[str, object] = {"reason": "the question could not be delivered"}
            tx.confirmations.move(row.ref, when={"pending"}, to="cancelled", changes=reason)


def settled(rows: Iterable[Confirmation], now: float) -> bool:
    """Tell whether a parked batch can go on: everything is answered, or the rest kept us waiting too long."""
    rows = list(rows)
    decided = [row for row in rows if row.state != "pending"]
    if len(decided) == len(rows):
        return True
    last = max((row.decided_at or row.created_at for row in decided), default=None)
    return last is not None and now - last >= HOLD


def results(requests: DeferredToolRequests, rows: Iterable[Confirmation]) -> DeferredToolResults:
    """Answer every parked call by the state of its row: run it, or tell the model why not."""
    by_call = {row.call_id: row for row in rows}
    answers: dict[str, bool | ToolApproved | ToolDenied] = {}
    for call in requests.approvals:
        row = by_call.get(call.tool_call_id)
        answers[call.tool_call_id] = (
            _answer(row) if row else ToolDenied("NOT DONE: no confirmation on record.")
        )
    return requests.build_results(approvals=answers)


def put_off(requests: DeferredToolRequests, rows: Iterable[Confirmation]) -> DeferredToolResults:
    """Tell the model of every parked call that it has not run yet; its question lives on alone."""
    refs = {row.call_id: row.ref for row in rows}
    answers = {
        call.tool_call_id: ToolDenied(WAITING.format(ref=refs.get(call.tool_call_id, "?")))
        for call in requests.approvals
    }
    return requests.build_results(approvals=answers)


def told(row: Confirmation) -> str:
    """What the model reads instead of a result."""
    reason = f" ({row.reason})" if row.reason else ""
    return _TOLD[row.state].format(ref=row.ref, reason=reason, why=row.reason or "it could not be asked")


def facts(rows: Iterable[Confirmation]) -> list[str]:
    """Lines that tell the model how detached questions ended; its own messages cannot imitate them."""
    return [
        f"[{row.ref}: {_FACTS[row.state].format(reason=f' ({row.reason})' if row.reason else '')}]"
        for row in rows
    ]


def close(tx: Transaction, rows: Iterable[Confirmation], answers: DeferredToolResults) -> None:
    """Mark the rows of a batch by what the model was told, not by the state found: a effect may have come since."""
    for before in rows:
        answer = answers.approvals.get(before.call_id)
        now = tx.confirmations.find(ref=before.ref)[0]
        put_off = before.state == "approved" and (isinstance(answer, ToolDenied) or now.state == "approved")
        waits = before.state == "pending" or put_off
        flag: dict[str, object] = {"detached": True} if waits else {"reported": True}
        tx.confirmations.move(before.ref, when={now.state}, to=now.state, changes=flag)


def _answer(row: Confirmation) -> ToolApproved | ToolDenied:
    return ToolDenied(told(row)) if row.state in _TOLD else ToolApproved()

"""Things to put into a store."""

from collections.abc import Callable
from typing import TypeVar

from cleo.domain.confirmation import Confirmation, State
from cleo.domain.content import Content, MessageId, Text
from cleo.domain.conversation import AccountKey, Conversation, ConversationId, conversation_id
from cleo.domain.identity import Address, PersonId
from cleo.domain.message import Inbound, OutboxState, OutgoingMessage
from cleo.domain.run import Run, RunId, RunKind
from cleo.ports import Store, Transaction

T = TypeVar("T")

ANNA = Address("phone:+4915112345678")
ANNA_LID = Address("lid:219876543210987")
BEN = Address("phone:+4917600000000")

CHAT = conversation_id(AccountKey("whatsapp"), PersonId(ANNA))
OTHER_CHAT = conversation_id(AccountKey("whatsapp"), PersonId(BEN))


def chat(id: ConversationId = CHAT) -> Conversation:
    person = PersonId(id.split("/", 2)[2])
    return Conversation(id=id, channel="whatsapp", address=Address(person), person=person)


def inbound(
    id: str = "M1", content: Content | None = None, *, sender: Address = ANNA, at: int = 1
) -> Inbound:
    return Inbound(
        channel="whatsapp",
        chat=ANNA,
        id=MessageId(id),
        sender=sender,
        content=content or Text(body="hello"),
        at=at,
    )


def outgoing(
    key: str,
    conversation: ConversationId = CHAT,
    *,
    state: OutboxState = "queued",
    next_at: float = 0.0,
    message_id: str | None = None,
    asks: str | None = None,
) -> OutgoingMessage:
    return OutgoingMessage(
        key=key,
        conversation=conversation,
        content=Text(body=f"text of {key}"),
        purpose="prompt" if asks else "reply",
        asks=asks,
        state=state,
        next_at=next_at,
        message_id=MessageId(message_id) if message_id else None,
    )


def run(id: str, conversation: ConversationId = CHAT, kind: RunKind = "message") -> Run:
    return Run(id=RunId(id), conversation=conversation, kind=kind)


def question(
    ref: str,
    conversation: ConversationId = CHAT,
    *,
    batch: int = 1,
    state: State = "pending",
    created_at: float = 1000.0,
    asked_at: float | None = 1000.0,
    expires_at: float | None = 2800.0,
    detached: bool = False,
    reported: bool = False,
) -> Confirmation:
    return Confirmation(
        ref=ref,
        conversation=conversation,
        batch=batch,
        call_id=f"call-{ref}",
        tool="delete_note",
        tool_hash="h",
        plan='{"args":{},"tool":"delete_note"}',
        digest="d",
        asked_by=PersonId(ANNA),
        created_at=created_at,
        state=state,
        asked_at=asked_at,
        expires_at=expires_at,
        detached=detached,
        reported=reported,
    )


def put(*messages: Inbound, conversation: ConversationId = CHAT) -> Callable[[Transaction], list[int | None]]:
    """Keep messages as new, in order."""

    def work(tx: Transaction) -> list[int | None]:
        tx.conversations.open(chat(conversation))
        person = PersonId(conversation)
        return [tx.inbox.add(message, conversation, person, "new") for message in messages]

    return work


async def due(store: Store, now: float = 1000.0) -> list[ConversationId]:
    return sorted(await store.read(lambda tx: tx.workloads.due(now)))

"""The questions of every store."""

from dataclasses import replace

import pytest
from tests.contracts.store_samples import BEN, CHAT, OTHER_CHAT, outgoing, question

from cleo.domain.confirmation import Confirmation, approve, deny, mark_reported
from cleo.domain.content import MessageId
from cleo.domain.conversation import ConversationId
from cleo.domain.errors import StoreError
from cleo.domain.identity import PersonId
from cleo.ports import Store


async def ask(store: Store, *questions: Confirmation) -> None:
    for each in questions:
        await store.write(lambda tx, each=each: tx.confirmations.add(each))


async def test_a_question_comes_back_as_it_was(store: Store) -> None:
    asked = replace(
        question("K7Q4", state="denied", detached=True, reported=True),
        decided_by=PersonId(BEN),
        decided_via="reaction",
        decided_at=1500.5,
        reason="because",
        retry_of="AAAA",
    )
    await ask(store, asked)
    assert await store.read(lambda tx: tx.confirmations.get("K7Q4")) == asked
    assert await store.read(lambda tx: tx.confirmations.get("AAAA")) is None


async def test_a_ref_is_used_once(store: Store) -> None:
    await ask(store, question("K7Q4"))
    with pytest.raises(StoreError):
        await ask(store, question("K7Q4", OTHER_CHAT))


async def test_a_question_that_is_asked_again_is_answered_at_its_new_message_alone(store: Store) -> None:
    await ask(store, question("K7Q4"))
    for key, id in ("k1", "W1"), ("k2", "W2"):
        prompt = outgoing(key, message_id=id, asks="K7Q4")
        await store.write(lambda tx: tx.confirmations.withdraw_prompts("K7Q4"))
        await store.write(lambda tx, prompt=prompt: tx.outbox.add(prompt))
    for id, refs in ("W1", []), ("W2", ["K7Q4"]):
        asked = await store.read(lambda tx, id=id: tx.confirmation_lookup.asked_by(CHAT, MessageId(id)))
        assert [row.ref for row in asked] == refs
    assert [row.key for row in await store.read(lambda tx: tx.outbox_lookup.prompts("K7Q4"))] == ["k2"]


async def test_questions_are_found_by_what_is_asked_for(store: Store) -> None:
    z, b, a, c = (
        question("ZZZZ"),
        question("BBBB", state="approved"),
        question("AAAA", state="denied", reported=True),
        question("CCCC", OTHER_CHAT),
    )
    await ask(store, z, b, a, c)
    assert await store.read(lambda tx: tx.confirmation_lookup.unreported(CHAT)) == [z, b]
    assert await store.read(lambda tx: tx.confirmation_lookup.pending()) == [z, c]
    assert await store.read(lambda tx: tx.confirmation_lookup.newest(CHAT)) == a
    assert await store.read(lambda tx: tx.confirmation_lookup.newest(ConversationId("none"))) is None


async def test_a_question_is_found_by_the_messages_that_ask_it(store: Store) -> None:
    """One prompt goes to the chat, one to the approver; ids are known at once or only after the send."""
    await ask(store, question("K7Q4"), question("AAAA"))
    prompts = (
        outgoing("ask:1", message_id="W1", asks="K7Q4"),
        outgoing("ask:2", OTHER_CHAT, asks="K7Q4"),
        outgoing("ask:3", asks="AAAA"),
    )
    for prompt in prompts:
        await store.write(lambda tx, prompt=prompt: tx.outbox.add(prompt))
    plan = replace(outgoing("plan:1", message_id="W9", asks="K7Q4"), purpose="plan")
    await store.write(lambda tx: tx.outbox.add(plan))

    async def refs(chat: ConversationId, id: str | None = None) -> list[str]:
        if id is None:
            return [row.ref for row in await store.read(lambda tx: tx.confirmation_lookup.asked_in(chat))]
        found = await store.read(lambda tx: tx.confirmation_lookup.asked_by(chat, MessageId(id)))
        return [row.ref for row in found]

    assert await refs(CHAT) == ["K7Q4", "AAAA"]
    assert await refs(OTHER_CHAT) == ["K7Q4"]
    assert await refs(CHAT, "W1") == ["K7Q4"]
    assert await refs(OTHER_CHAT, "W1") == []
    assert await refs(OTHER_CHAT, "W2") == []
    assert await refs(CHAT, "W9") == [], "what shows the plan does not ask"
    sent = replace(prompts[1], state="sent", message_id=MessageId("W2"))
    await store.write(lambda tx: tx.outbox.update(sent))
    assert await refs(OTHER_CHAT, "W2") == ["K7Q4"]
    assert await refs(CHAT, "W2") == []
    await store.write(lambda tx: tx.outbox.note_second_id("ask:2", MessageId("W3")))
    assert await refs(OTHER_CHAT, "W2") == await refs(OTHER_CHAT, "W3") == ["K7Q4"]
    assert await refs(CHAT, "W3") == []
    asking = await store.read(lambda tx: tx.outbox_lookup.prompts("K7Q4"))
    assert [message.key for message in asking] == ["ask:1", "ask:2"]


async def test_the_first_to_decide_wins(store: Store) -> None:
    asked = question("K7Q4")
    await ask(store, asked)
    approved = approve(asked, by=PersonId(BEN), via="reaction", at=1.5)
    denied = deny(asked, by=PersonId(BEN), via="text", at=2.5)
    assert approved is not None and denied is not None
    assert await store.write(lambda tx: tx.confirmations.save(approved, before="pending"))
    assert not await store.write(lambda tx: tx.confirmations.save(denied, before="pending"))
    lost = replace(denied, ref="XXXX")
    assert not await store.write(lambda tx: tx.confirmations.save(lost, before="pending"))
    assert await store.read(lambda tx: tx.confirmations.get("K7Q4")) == approved


async def test_flags_change_without_a_transition(store: Store) -> None:
    asked = question("K7Q4", state="denied")
    await ask(store, asked)
    assert await store.write(lambda tx: tx.confirmations.save(mark_reported(asked), before="denied"))
    now = await store.read(lambda tx: tx.confirmations.get("K7Q4"))
    assert now is not None and (now.state, now.reported) == ("denied", True)


async def test_the_audit_trail_takes_everything(store: Store) -> None:
    """Also what has no question behind it, such as an answer to a ref that never was."""
    await store.write(lambda tx: tx.confirmations.log("K7Q4", "yes", at=1.0, by=PersonId(BEN), detail="text"))
    await store.write(lambda tx: tx.confirmations.log("K7Q4", "expired", at=2.0))

"""The questions of every store."""

from dataclasses import replace

import pytest
from tests.contracts.store_samples import BEN, CHAT, OTHER_CHAT, outgoing, question

from cleo.domain.confirmation import FINAL, MOVES, OPEN, State
from cleo.domain.content import MessageId
from cleo.domain.errors import StoreError
from cleo.domain.identity import PersonId
from cleo.ports import Store


async def test_a_question_comes_back_as_it_was(store: Store) -> None:
    asked = replace(
        question("K7Q4", state="denied", detached=True, reported=True),
        decided_by=PersonId(BEN),
        decided_via="reaction",
        decided_at=1500.5,
        reason="because",
        retry_of="AAAA",
    )
    await store.write(lambda tx: tx.confirmations.add(asked, []))
    assert await store.read(lambda tx: tx.confirmations.find(ref="K7Q4")) == [asked]


async def test_a_ref_is_used_once(store: Store) -> None:
    await store.write(lambda tx: tx.confirmations.add(question("K7Q4"), []))
    with pytest.raises(StoreError):
        await store.write(lambda tx: tx.confirmations.add(question("K7Q4", OTHER_CHAT), []))


async def test_a_question_that_is_asked_again_is_answered_at_its_new_message_alone(store: Store) -> None:
    for key, id in ("k1", "W1"), ("k2", "W2"):
        await store.write(lambda tx, key=key, id=id: tx.outbox.add(outgoing(key, message_id=id)))
        await store.write(lambda tx, key=key: tx.confirmations.add(question("K7Q4"), [(CHAT, key)]))
    for id, refs in ("W1", []), ("W2", ["K7Q4"]):
        asked = await store.read(lambda tx, id=id: tx.confirmations.asked_in(CHAT, MessageId(id)))
        assert [row.ref for row in asked] == refs


async def test_questions_are_found_by_what_is_asked_for(store: Store) -> None:
    asked = [
        question("ZZZZ"),
        question("BBBB", state="approved"),
        question("AAAA", state="denied", reported=True),
        question("CCCC", OTHER_CHAT),
    ]
    for one in asked:
        await store.write(lambda tx, one=one: tx.confirmations.add(one, []))
    z, b, a, c = asked
    assert await store.read(lambda tx: tx.confirmations.find()) == asked
    assert await store.read(lambda tx: tx.confirmations.find(conversation=CHAT)) == [z, b, a]
    assert await store.read(lambda tx: tx.confirmations.find(states=OPEN)) == [z, b, c]
    assert await store.read(lambda tx: tx.confirmations.find(states=[])) == []
    assert await store.read(lambda tx: tx.confirmations.find(reported=True)) == [a]
    assert await store.read(
        lambda tx: tx.confirmations.find(conversation=CHAT, states=OPEN, reported=False)
    ) == [
        z,
        b,
    ]
    assert await store.read(lambda tx: tx.confirmations.find(ref="CCCC", conversation=CHAT)) == []


async def test_a_question_is_found_by_the_messages_that_ask_it(store: Store) -> None:
    """One prompt goes to the chat, one to the approver; ids are known at once or only after the send."""
    await store.write(lambda tx: tx.outbox.add(outgoing("ask:1", message_id="W1")))
    await store.write(lambda tx: tx.outbox.add(outgoing("ask:2", OTHER_CHAT)))
    prompts = [(CHAT, "ask:1"), (OTHER_CHAT, "ask:2")]
    await store.write(lambda tx: tx.confirmations.add(question("K7Q4"), prompts))
    await store.write(lambda tx: tx.confirmations.add(question("AAAA"), [(CHAT, "ask:3")]))

    async def refs(conversation: object, id: str | None = None) -> list[str]:
        chat = CHAT if conversation == CHAT else OTHER_CHAT
        message = None if id is None else MessageId(id)
        return [one.ref for one in await store.read(lambda tx: tx.confirmations.asked_in(chat, message))]

    assert await refs(CHAT) == ["K7Q4", "AAAA"]
    assert await refs(OTHER_CHAT) == ["K7Q4"]
    assert await refs(CHAT, "W1") == ["K7Q4"]
    assert await refs(OTHER_CHAT, "W1") == []
    assert await refs(OTHER_CHAT, "W2") == []
    await store.write(
        lambda tx: tx.outbox.update(outgoing("ask:2", OTHER_CHAT, state="sent", message_id="W2"))
    )
    assert await refs(OTHER_CHAT, "W2") == ["K7Q4"]
    assert await refs(CHAT, "W2") == []
    asking = await store.read(lambda tx: tx.outbox.find(asks="K7Q4"))
    assert [item.key for item in asking] == ["ask:1", "ask:2"]


async def test_the_first_to_decide_wins(store: Store) -> None:
    await store.write(lambda tx: tx.confirmations.add(question("K7Q4"), []))
    changes: dict[str, object] = {"decided_by": BEN, "decided_at": 1.5, "decided_via": "reaction"}
    assert await store.write(
        lambda tx: tx.confirmations.move("K7Q4", when=["pending"], to="approved", changes=changes)
    )
    assert not await store.write(lambda tx: tx.confirmations.move("K7Q4", when=["pending"], to="denied"))
    assert not await store.write(lambda tx: tx.confirmations.move("XXXX", when=["pending"], to="denied"))
    (now,) = await store.read(lambda tx: tx.confirmations.find(ref="K7Q4"))
    assert (now.state, now.decided_by, now.decided_at, now.decided_via) == ("approved", BEN, 1.5, "reaction")


async def test_flags_change_without_a_move(store: Store) -> None:
    await store.write(lambda tx: tx.confirmations.add(question("K7Q4", state="denied"), []))
    told: dict[str, object] = {"reported": True}
    assert await store.write(
        lambda tx: tx.confirmations.move("K7Q4", when=["denied"], to="denied", changes=told)
    )
    (now,) = await store.read(lambda tx: tx.confirmations.find(ref="K7Q4"))
    assert (now.state, now.reported) == ("denied", True)


@pytest.mark.parametrize("before", sorted(OPEN | FINAL | {"executing"}))
@pytest.mark.parametrize("to", sorted(OPEN | FINAL | {"executing"}))
async def test_only_moves_that_the_domain_knows_are_made(store: Store, before: State, to: State) -> None:
    await store.write(lambda tx: tx.confirmations.add(question("K7Q4", state=before), []))
    if before == to or to in MOVES.get(before, ()):
        assert await store.write(lambda tx: tx.confirmations.move("K7Q4", when=[before], to=to))
    else:
        with pytest.raises(ValueError, match="does not move"):
            await store.write(lambda tx: tx.confirmations.move("K7Q4", when=[before], to=to))


@pytest.mark.parametrize("field", ["state", "ref", "seq", "no_such_field"])
async def test_only_fields_that_may_change_are_changed(store: Store, field: str) -> None:
    await store.write(lambda tx: tx.confirmations.add(question("K7Q4"), []))
    with pytest.raises(ValueError, match=field):
        await store.write(
            lambda tx: tx.confirmations.move("K7Q4", when=["pending"], to="denied", changes={field: "x"})
        )


async def test_the_audit_trail_takes_everything(store: Store) -> None:
    """Also what has no question behind it, such as an answer to a ref that never was."""
    await store.write(
        lambda tx: tx.confirmations.note("K7Q4", "vote", at=1.0, by=PersonId(BEN), detail="yes")
    )
    await store.write(lambda tx: tx.confirmations.note("K7Q4", "expired", at=2.0))

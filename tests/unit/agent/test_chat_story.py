"""Ordinary life of a chat: access, order, bursts, files, reminders, trouble with sending and with the model."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from pydantic_ai.exceptions import ModelHTTPError
from tests.support.agent_harness import FRIEND, OWNER, STRANGER, AgentHarness

from cleo.agent import ClaimCode, Patience
from cleo.agent.run.claim import ClaimedRun
from cleo.domain.access import Access
from cleo.domain.content import Edit, File, MessageId, Other, Reaction
from cleo.domain.errors import Fenced, SendFailed, SendUncertain, StoreError
from cleo.domain.identity import Address
from cleo.domain.message import Quoted, Receipt
from cleo.domain.run import MAX_CRASHES
from cleo.ports import Refused, Reminder, Store, Transaction

GROUP = Address("group:120363000000000001")


class FullDisk:
    """Runs every transaction, and says that nothing of it was saved."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def write(self, work: Callable[[Transaction], object]) -> None:
        def undone(tx: Transaction) -> None:
            work(tx)
            raise StoreError("the disk is full")

        await self._store.write(undone)


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AgentHarness]:
    harness = AgentHarness(tmp_path)
    yield harness
    await harness.store.close()


async def test_a_lone_message_is_answered_at_once(harness: AgentHarness) -> None:
    before = harness.clock.now()
    assert await harness.say("hello") == ["you said: hello"]
    assert harness.clock.now() - before == 5


async def test_a_stranger_is_noted_and_not_answered(harness: AgentHarness) -> None:
    assert await harness.say("hello", STRANGER) == []
    assert await harness.hear("hello", STRANGER) == "ignored"


async def test_a_lid_with_the_digits_of_an_allowed_phone_is_a_stranger(harness: AgentHarness) -> None:
    assert await harness.say("hello", Address("lid:4915100000001")) == []


async def test_a_verified_alias_is_the_same_person_in_the_same_chat(harness: AgentHarness) -> None:
    lid = Address("lid:777")
    await harness.say("hello", aliases=frozenset({lid}))
    await harness.say("again", lid)
    assert {message.to for message in harness.channel.delivered} == {"whatsapp/default/phone:+4915100000001"}


async def test_the_claim_code_makes_its_sender_the_owner_once(tmp_path: Path) -> None:
    harness = AgentHarness(tmp_path, access=Access())
    harness.receiver._claim = ClaimCode("ABCD-2345")  # pyright: ignore[reportPrivateUsage]
    assert await harness.say("hello", STRANGER) == []
    assert await harness.say("WXYZ-9999", STRANGER) == []
    [welcome] = await harness.say("abcd 2345".replace(" ", "-"), STRANGER)
    assert "my owner" in welcome
    assert await harness.say("hello", STRANGER) == ["you said: hello"]
    assert await harness.say("ABCD-2345", FRIEND) == []
    await harness.restart()
    assert await harness.say("still?", STRANGER) == ["you said: still?"]
    await harness.store.close()


async def test_somebody_who_is_listed_can_claim_too(tmp_path: Path) -> None:
    harness = AgentHarness(tmp_path, access=Access(users=frozenset({FRIEND})))
    harness.receiver._claim = ClaimCode("ABCD-2345")  # pyright: ignore[reportPrivateUsage]
    [welcome] = await harness.say("ABCD-2345", FRIEND)
    assert "my owner" in welcome and harness.model.seen == []
    assert await harness.say("ABCD-2345", STRANGER) == []
    await harness.store.close()


async def test_a_claim_that_could_not_be_kept_can_be_repeated(tmp_path: Path) -> None:
    harness = AgentHarness(tmp_path, access=Access())
    harness.receiver._claim = ClaimCode("ABCD-2345")  # pyright: ignore[reportPrivateUsage]
    real, harness.receiver._store = harness.receiver._store, FullDisk(harness.store)  # pyright: ignore
    with pytest.raises(StoreError):
        await harness.say("ABCD-2345", STRANGER)
    harness.receiver._store = real  # pyright: ignore[reportPrivateUsage]
    [welcome] = await harness.say("ABCD-2345", STRANGER)
    assert "my owner" in welcome
    await harness.store.close()


async def test_the_same_message_again_has_no_effect(harness: AgentHarness) -> None:
    await harness.say("hello")
    harness.count = 0
    assert await harness.hear("hello") == "duplicate"
    await harness.settle()
    assert len(harness.model.seen) == 1


async def test_a_burst_becomes_one_run(harness: AgentHarness) -> None:
    for word in ("one", "two", "three"):
        await harness.hear(word)
    await harness.settle()
    assert [message.text for message in harness.channel.delivered] == ["you said: one\ntwo\nthree"]


async def test_own_echoes_reactions_and_edits_start_no_run(harness: AgentHarness) -> None:
    await harness.hear("echo", from_me=True)
    await harness.hear(Reaction(emoji="😂", to=MessageId("M1")))
    await harness.hear(Edit(of=MessageId("M1"), body="other"))
    await harness.settle()
    assert harness.model.seen == []


async def test_a_kind_without_a_shape_is_named_to_the_model(harness: AgentHarness) -> None:
    assert await harness.say(Other(kind="poll", body="Lunch?")) == ["you said: ⟦poll⟧ Lunch?"]


async def test_groups_need_to_be_listed_and_members_too(tmp_path: Path) -> None:
    access = Access(owners=frozenset({OWNER}), groups=frozenset({GROUP}))
    harness = AgentHarness(tmp_path, access=access)
    other = Address("group:99")
    said = await harness.say("hi", chat=GROUP, is_group=True, sender_name="Ann")
    assert said == ["you said: ⟦owner Ann …0001⟧ hi"]
    assert harness.channel.delivered[-1].quoted is not None
    assert await harness.say("hi", STRANGER, chat=GROUP, is_group=True) == []
    assert await harness.say("hi", chat=other, is_group=True) == []
    await harness.store.close()


async def test_a_file_is_fetched_kept_and_named(harness: AgentHarness) -> None:
    harness.channel.files["u1"] = b"\x89PNG"
    [said] = await harness.say(File(kind="image", url="u1", name="cat.png", caption="look"))
    assert "⟦image cat.png" in said and said.endswith("look")
    conversation = harness.channel.delivered[-1].to
    [record] = await harness.store.read(lambda tx: tx.records.of(conversation, "file"))
    assert record.name == "cat.png"


async def test_a_refused_message_does_not_stop_its_neighbours(harness: AgentHarness) -> None:
    harness.channel.trouble = [Refused(reason="too long")]
    assert await harness.say("one\n---\ntwo") == ["two"]
    letters = await harness.store.read(lambda tx: tx.dead_letters.recent(10))
    assert [(letter.kind, letter.reason) for letter in letters] == [("outbound", "too long")]


async def test_the_model_learns_once_that_a_message_did_not_arrive(harness: AgentHarness) -> None:
    harness.channel.trouble = [Refused(reason="too long")]
    await harness.say("one")
    assert await harness.say("two") == [
        "told: A message of yours did not reach this chat: too long | you said: two"
    ]
    assert await harness.say("three") == ["you said: three"]


async def test_the_model_learns_that_whatsapp_failed_a_message_later(harness: AgentHarness) -> None:
    await harness.say("one")
    id_ = harness.channel.delivered[-1].id
    receipt = Receipt(channel="whatsapp", chat=OWNER, of=(id_,), state="failed", at=0, reason="blocked")
    await harness.receiver.receipt(receipt)
    assert "did not reach this chat: blocked" in (await harness.say("two"))[0]


async def test_replies_wait_for_the_bridge_and_keep_their_order(harness: AgentHarness) -> None:
    harness.channel.trouble = [SendFailed("away"), SendFailed("away")]
    assert await harness.say("one") == []
    assert await harness.say("two") == []
    await harness.later(600)
    assert [m.text for m in harness.channel.delivered] == ["you said: one", "you said: two"]


async def test_an_uncertain_send_is_repeated_under_the_same_key(harness: AgentHarness) -> None:
    harness.channel.trouble = [SendUncertain("no answer")]
    await harness.say("one")
    await harness.later(600)
    assert [m.text for m in harness.channel.delivered] == ["you said: one"]


async def test_receipts_move_only_forward(harness: AgentHarness) -> None:
    await harness.say("hello")
    sent = harness.channel.delivered[-1]

    async def told(state: str) -> str:
        receipt = Receipt(channel="whatsapp", chat=OWNER, of=(sent.id,), state=state, at=0)  # type: ignore[arg-type]  # test data
        await harness.receiver.receipt(receipt)
        [item] = await harness.store.read(lambda tx: tx.outbox_lookup.recent(1))
        return item.state

    assert [await told(s) for s in ("read", "delivered", "sent")] == ["read", "read", "read"]


async def test_a_poison_message_is_given_up_and_its_neighbours_go_on(harness: AgentHarness) -> None:
    await harness.hear("bad")
    await harness.die(MAX_CRASHES)
    assert await harness.say("good") == [harness.channel.delivered[0].text, "you said: good"]
    assert "could not handle" in harness.channel.delivered[0].text
    letters = await harness.store.read(lambda tx: tx.dead_letters.recent(10))
    assert [letter.kind for letter in letters] == ["inbound"]


async def test_a_model_that_stays_away_is_said_once(harness: AgentHarness) -> None:
    harness.worker.patience = Patience(longest=0)
    harness.model.fail = [ModelHTTPError(503, "m")]
    [notice] = await harness.say("hello")
    assert "cannot be reached" in notice
    assert (await harness.say("and now?"))[0].startswith("you said")


async def test_a_refused_key_is_said_without_trying_again(harness: AgentHarness) -> None:
    harness.model.fail = [ModelHTTPError(401, "m")]
    [notice] = await harness.say("hello")
    assert "401" in notice and len(harness.model.seen) == 1


async def test_a_reminder_fires_once_also_when_cleo_was_off(harness: AgentHarness) -> None:
    await harness.say("hello")
    conversation = harness.channel.delivered[-1].to
    due = harness.clock.now() + 60
    reminder = Reminder(id="r1", conversation=conversation, text="tea", next_at=due)
    await harness.store.write(lambda tx: tx.reminders.add(reminder))
    harness.clock.advance(3600)
    await harness.restart()
    await harness.later(60)
    assert [m.text for m in harness.channel.delivered if "tea" in m.text] == ["⏰ tea"]


async def test_a_worker_that_was_overtaken_writes_and_sends_nothing(harness: AgentHarness) -> None:
    await harness.hear("hello")
    conversation = harness.engine.waiting.pop()
    worker = harness.worker
    taken = await harness.store.write(lambda tx: worker._take(tx, conversation, None))  # pyright: ignore[reportPrivateUsage]
    assert taken is not None
    turn, step = taken
    assert isinstance(step.claimed, ClaimedRun)
    await harness.settle()
    with pytest.raises(Fenced):
        await worker._run(step.claimed, turn)  # pyright: ignore[reportPrivateUsage]
    assert [m.text for m in harness.channel.delivered] == ["you said: hello"]


async def test_history_reaches_the_model_in_order(harness: AgentHarness) -> None:
    await harness.say("one")
    await harness.say("two")
    kinds = [message.kind for message in harness.model.seen[-1]]
    assert kinds == ["request", "response", "request"]


async def test_a_long_burst_is_answered_in_portions_and_in_order(harness: AgentHarness) -> None:
    for number in range(25):
        await harness.hear(f"n{number}")
    await harness.settle()
    asked = [message.text.removeprefix("you said: ").split() for message in harness.channel.delivered]
    assert [len(words) for words in asked] == [10, 10, 5]
    assert [word for words in asked for word in words] == [f"n{number}" for number in range(25)]


async def test_a_reply_to_what_cleo_said_brings_its_words_along(harness: AgentHarness) -> None:
    await harness.say("the first")
    answer = harness.channel.delivered[-1]
    [said] = await harness.say("what do you mean?", quoted=Quoted(id=answer.id))
    assert said == f"you said: ⟦in reply to: {answer.text}⟧ what do you mean?"


async def test_a_reminder_says_its_words_as_they_were_written(harness: AgentHarness) -> None:
    await harness.say("hello")
    conversation = harness.channel.delivered[-1].to
    reminder = Reminder(
        id="r1", conversation=conversation, text="buy **milk**", next_at=harness.clock.now() + 60
    )
    await harness.store.write(lambda tx: tx.reminders.add(reminder))
    await harness.later(61)
    assert harness.channel.delivered[-1].text == "⏰ buy **milk**"

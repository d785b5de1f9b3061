"""What Meta tells, on its way through the real receiver into a real database, and what Cleo answers to."""

import json
from pathlib import Path

import pytest
from tests.support.agent_house import FRIEND, OWNER, House
from tests.support.meta import KNOCK, NUMBER, Json, Meta, change, said, signed, status, webhook, written

from cleo.domain.content import Template, Text
from cleo.domain.conversation import AccountKey, Conversation, ConversationId, conversation_id
from cleo.domain.identity import Address
from cleo.domain.message import OutgoingMessage

OWN, OTHER = OWNER.removeprefix("phone:+"), FRIEND.removeprefix("phone:+")
DAY = 86400.0


class Line:
    """A house with Meta in front."""

    def __init__(self, root: Path) -> None:
        self.house = House(root)
        self.meta = Meta(self.house.receiver, self.house.clock)

    async def hear(self, *changes: Json) -> list[str]:
        """Take a webhook in and work; tells what was answered."""
        before = len(self.house.channel.delivered)
        assert await self.meta.tell(*changes) == 200
        await self.house.settle()
        return [message.text for message in self.house.channel.delivered[before:]]

    async def conversation(self, address: Address) -> Conversation:
        return await self.house.store.read(
            lambda tx: tx.conversations.get(conversation_id(AccountKey("whatsapp"), address))
        )


@pytest.fixture
def line(tmp_path: Path) -> Line:
    return Line(tmp_path)


async def test_a_batch_with_poison_is_answered_whole(line: Line) -> None:
    answers = await line.hear(
        change(messages=[None, said("wamid.1", of=OWN), {"id": 7}], statuses=["x"]),
        change(messages=[said("wamid.2", of=OTHER)]),
    )
    assert sorted(answers) == ["you said: hi from wamid.1", "you said: hi from wamid.2"]


async def test_the_same_again_in_other_company_is_answered_once(line: Line) -> None:
    first, second = said("wamid.1", of=OWN), said("wamid.2", of=OTHER)
    assert len(await line.hear(change(messages=[first]))) == 1
    assert await line.hear(change(messages=[first])) == []
    assert await line.hear(change(messages=[second, first, first])) == ["you said: hi from wamid.2"]
    loose = json.dumps(webhook(change(messages=[second]), change(messages=[first])), indent=2).encode()
    assert (await line.meta.send(loose, signed(loose))).status_code == 200
    line.house.clock.advance(7 * DAY)
    assert await line.hear(change(messages=[first, second])) == []


async def test_what_another_answers_never_starts_a_run(line: Line) -> None:
    assert await line.hear(change("standby", messages=[said("wamid.1", of=OWN)])) == []
    echo = said("wamid.2", of="15550001", to=OWN)
    assert await line.hear(change("smb_message_echoes", message_echoes=[echo])) == []
    assert await line.hear(change("history", messages=[said("wamid.3", of=OWN)])) == []
    assert await line.hear(change(number="2002", messages=[said("wamid.4", of=OWN)])) == []
    assert await line.hear(change(messages=[said("wamid.5", of=OWN)])) == ["you said: hi from wamid.5"]


async def test_an_echo_stands_in_the_chat_with_whom_it_went_to(line: Line) -> None:
    echo = said("wamid.2", of="15550001", to=OWN, from_user_id="DE.4711")
    await line.hear(change("smb_message_echoes", message_echoes=[echo], contacts=[{"wa_id": OWN}]))
    conversation = await line.conversation(OWNER)
    assert (conversation.address, conversation.last_inbound) == (OWNER, None)
    await line.hear(change(messages=[said("wamid.3", of=OWN)]))
    person = await line.house.store.read(lambda tx: tx.people.resolve(frozenset({OWNER}), "", 0))
    assert person.addresses == {OWNER}


async def test_only_live_messages_of_the_person_open_the_window(line: Line) -> None:
    await line.hear(change("standby", messages=[said("wamid.1", of=OWN)]))
    reaction = said("wamid.2", of=OWN, type="reaction", reaction={"message_id": "wamid.X", "emoji": "👍"})
    await line.hear(change(messages=[reaction]))
    assert (await line.conversation(OWNER)).last_inbound is None
    now = line.house.clock.now()
    await line.hear(change(messages=[said("wamid.3", of=OWN, at=int(now - 60))]))
    await line.hear(change(messages=[said("wamid.4", of=OWN, at=int(now - 3600))]))
    heard = (await line.conversation(OWNER)).last_inbound
    assert heard is not None
    assert (heard.number_id, heard.id, heard.at) == (NUMBER, "wamid.3", int(now - 60))


async def test_answers_go_where_the_person_wrote_from_last(line: Line) -> None:
    """Somebody shows the number, gets a new one, and is answered there: the old one reaches nobody."""
    await line.hear(change(messages=[said("wamid.1", of=None, from_user_id="DE.1")]))
    await line.hear(change(messages=[said("wamid.2", of=OWN, from_user_id="DE.1")]))
    (chat,) = {message.to for message in line.house.channel.delivered}
    assert await _address(line, chat) == OWNER
    news = {
        "type": "user_changed_number",
        "wa_id": "4915100000007",
        "user_id": "DE.2",
        "previous_user_id": "DE.1",
    }
    await line.hear(change(messages=[said("wamid.3", of=OWN, type="system", system=news)]))
    await line.hear(change(messages=[said("wamid.4", of="4915100000007")]))
    late = said("wamid.5", of=OWN, at=int(line.house.clock.now() - 3600))
    assert len(await line.hear(change(messages=[late]))) == 1
    assert {message.to for message in line.house.channel.delivered} == {chat}
    assert await _address(line, chat) == "phone:+4915100000007"


async def _address(line: Line, chat: ConversationId) -> Address:
    return (await line.house.store.read(lambda tx: tx.conversations.get(chat))).address


async def test_a_late_message_is_answered_and_the_model_is_told(line: Line) -> None:
    written_at = int(line.house.clock.now() - 5 * 3600)
    assert len(await line.hear(change(messages=[said("wamid.1", of=OWN, at=written_at)]))) == 1
    assert "this came late" in str(line.house.model.seen[-1])
    await line.hear(change(messages=[said("wamid.2", of=OWN, at=int(line.house.clock.now()))]))
    assert "this came late" not in str(line.house.model.seen[-1][-1])


async def test_statuses_move_the_message_whatever_comes_first(line: Line) -> None:
    await line.hear(change(messages=[said("wamid.1", of=OWN)]))
    (sent,) = line.house.channel.delivered
    told = {"biz_opaque_callback_data": sent.key, "recipient_id": OWN}
    for state in ("delivered", "read", "sent", "delivered"):
        assert await line.meta.tell(change(statuses=[status("wamid.OUT", state) | told])) == 200
    item = await line.house.store.read(lambda tx: tx.outbox.get(sent.key))
    assert item and item.state == "read"


async def test_what_the_window_refused_waits_and_somebody_knocks(line: Line) -> None:
    await line.hear(change(messages=[said("wamid.1", of=OWN)]))
    (sent,) = line.house.channel.delivered
    failed = status("wamid.OUT", "failed", errors=[{"code": 131047}], biz_opaque_callback_data=sent.key)
    await line.hear(change(statuses=[failed | {"recipient_id": OWN}]))
    assert await _contents(line, "held") == [Text(body="you said: hi from wamid.1")]
    assert [message.content for message in line.house.channel.delivered[1:]] == [KNOCK]
    assert isinstance(KNOCK, Template)


async def _contents(line: Line, state: str) -> list[object]:
    items: list[OutgoingMessage] = [*await line.house.store.read(lambda tx: tx.outbox_lookup.recent(10))]
    return [item.content for item in items if item.state == state]


async def test_everything_signed_is_kept_as_it_came(line: Line) -> None:
    await line.meta.send(b"no JSON")
    await line.meta.send(written(webhook(change("account_update", number=None, event="X"))))
    assert await line.house.store.write(lambda tx: tx.webhook_events.forget(line.house.clock.now() + 1)) == 2

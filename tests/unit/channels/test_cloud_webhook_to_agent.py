"""Webhooks of the Cloud API, through the real receiver into a real database, and what the agent answers."""

import json
from pathlib import Path

import pytest
from tests.support.agent_harness import FRIEND, OWNER, AgentHarness
from tests.support.cloud_payloads import (
    NUMBER,
    REOPEN_TEMPLATE,
    CloudWebhookClient,
    Json,
    change,
    encode,
    message_payload,
    signature,
    status,
    webhook,
)

from cleo.domain.content import Template, Text
from cleo.domain.conversation import AccountKey, Conversation, ConversationId, conversation_id
from cleo.domain.identity import Address
from cleo.domain.message import OutgoingMessage

OWN, OTHER = OWNER.removeprefix("phone:+"), FRIEND.removeprefix("phone:+")
DAY = 86400.0


class WebhookHarness:
    """An agent behind the webhook of the Cloud API."""

    def __init__(self, root: Path) -> None:
        self.harness = AgentHarness(root)
        self.client = CloudWebhookClient(self.harness.receiver, self.harness.clock)

    async def post(self, *changes: Json) -> list[str]:
        """Post a webhook and let the agent work; return its answers."""
        before = len(self.harness.channel.delivered)
        assert await self.client.post_changes(*changes) == 200
        await self.harness.settle()
        return [message.text for message in self.harness.channel.delivered[before:]]

    async def conversation(self, address: Address) -> Conversation:
        return await self.harness.store.read(
            lambda tx: tx.conversations.get(conversation_id(AccountKey("whatsapp"), address))
        )


@pytest.fixture
def harness(tmp_path: Path) -> WebhookHarness:
    return WebhookHarness(tmp_path)


async def test_a_batch_with_poison_is_answered_whole(harness: WebhookHarness) -> None:
    answers = await harness.post(
        change(messages=[None, message_payload("wamid.1", of=OWN), {"id": 7}], statuses=["x"]),
        change(messages=[message_payload("wamid.2", of=OTHER)]),
    )
    assert sorted(answers) == ["you said: hi from wamid.1", "you said: hi from wamid.2"]


async def test_the_same_again_in_other_company_is_answered_once(harness: WebhookHarness) -> None:
    first, second = message_payload("wamid.1", of=OWN), message_payload("wamid.2", of=OTHER)
    assert len(await harness.post(change(messages=[first]))) == 1
    assert await harness.post(change(messages=[first])) == []
    assert await harness.post(change(messages=[second, first, first])) == ["you said: hi from wamid.2"]
    loose = json.dumps(webhook(change(messages=[second]), change(messages=[first])), indent=2).encode()
    assert (await harness.client.post(loose, signature(loose))).status_code == 200
    harness.harness.clock.advance(7 * DAY)
    assert await harness.post(change(messages=[first, second])) == []


async def test_what_another_answers_never_starts_a_run(harness: WebhookHarness) -> None:
    assert await harness.post(change("standby", messages=[message_payload("wamid.1", of=OWN)])) == []
    echo = message_payload("wamid.2", of="15550001", to=OWN)
    assert await harness.post(change("smb_message_echoes", message_echoes=[echo])) == []
    assert await harness.post(change("history", messages=[message_payload("wamid.3", of=OWN)])) == []
    assert await harness.post(change(number="2002", messages=[message_payload("wamid.4", of=OWN)])) == []
    assert await harness.post(change(messages=[message_payload("wamid.5", of=OWN)])) == [
        "you said: hi from wamid.5"
    ]


async def test_an_echo_stands_in_the_chat_with_whom_it_went_to(harness: WebhookHarness) -> None:
    echo = message_payload("wamid.2", of="15550001", to=OWN, from_user_id="DE.4711")
    await harness.post(change("smb_message_echoes", message_echoes=[echo], contacts=[{"wa_id": OWN}]))
    conversation = await harness.conversation(OWNER)
    assert (conversation.address, conversation.last_inbound) == (OWNER, None)
    await harness.post(change(messages=[message_payload("wamid.3", of=OWN)]))
    person = await harness.harness.store.read(lambda tx: tx.people.resolve(frozenset({OWNER}), "", 0))
    assert person.addresses == {OWNER}


async def test_only_live_messages_of_the_person_open_the_window(harness: WebhookHarness) -> None:
    await harness.post(change("standby", messages=[message_payload("wamid.1", of=OWN)]))
    reaction = message_payload(
        "wamid.2", of=OWN, type="reaction", reaction={"message_id": "wamid.X", "emoji": "👍"}
    )
    await harness.post(change(messages=[reaction]))
    assert (await harness.conversation(OWNER)).last_inbound is None
    now = harness.harness.clock.now()
    await harness.post(change(messages=[message_payload("wamid.3", of=OWN, at=int(now - 60))]))
    await harness.post(change(messages=[message_payload("wamid.4", of=OWN, at=int(now - 3600))]))
    heard = (await harness.conversation(OWNER)).last_inbound
    assert heard is not None
    assert (heard.number_id, heard.id, heard.at) == (NUMBER, "wamid.3", int(now - 60))


async def test_answers_go_where_the_person_wrote_from_last(harness: WebhookHarness) -> None:
    """Somebody shows the number, gets a new one, and is answered there: the old one reaches nobody."""
    await harness.post(change(messages=[message_payload("wamid.1", of=None, from_user_id="DE.1")]))
    await harness.post(change(messages=[message_payload("wamid.2", of=OWN, from_user_id="DE.1")]))
    (chat,) = {message.to for message in harness.harness.channel.delivered}
    assert await _address(harness, chat) == OWNER
    news = {
        "type": "user_changed_number",
        "wa_id": "4915100000007",
        "user_id": "DE.2",
        "previous_user_id": "DE.1",
    }
    await harness.post(change(messages=[message_payload("wamid.3", of=OWN, type="system", system=news)]))
    await harness.post(change(messages=[message_payload("wamid.4", of="4915100000007")]))
    late = message_payload("wamid.5", of=OWN, at=int(harness.harness.clock.now() - 3600))
    assert len(await harness.post(change(messages=[late]))) == 1
    assert {message.to for message in harness.harness.channel.delivered} == {chat}
    assert await _address(harness, chat) == "phone:+4915100000007"


async def _address(harness: WebhookHarness, chat: ConversationId) -> Address:
    return (await harness.harness.store.read(lambda tx: tx.conversations.get(chat))).address


async def test_a_late_message_is_answered_and_the_model_is_told(harness: WebhookHarness) -> None:
    written_at = int(harness.harness.clock.now() - 5 * 3600)
    assert len(await harness.post(change(messages=[message_payload("wamid.1", of=OWN, at=written_at)]))) == 1
    assert "came late" in str(harness.harness.model.seen[-1])
    await harness.post(
        change(messages=[message_payload("wamid.2", of=OWN, at=int(harness.harness.clock.now()))])
    )
    assert "came late" not in str(harness.harness.model.seen[-1][-1])


async def test_statuses_move_the_message_whatever_comes_first(harness: WebhookHarness) -> None:
    await harness.post(change(messages=[message_payload("wamid.1", of=OWN)]))
    (sent,) = harness.harness.channel.delivered
    told = {"biz_opaque_callback_data": sent.key, "recipient_id": OWN}
    for state in ("delivered", "read", "sent", "delivered"):
        assert await harness.client.post_changes(change(statuses=[status("wamid.OUT", state) | told])) == 200
    item = await harness.harness.store.read(lambda tx: tx.outbox.get(sent.key))
    assert item
    assert item.state == "read"


async def test_what_the_window_refused_waits_and_somebody_knocks(harness: WebhookHarness) -> None:
    await harness.post(change(messages=[message_payload("wamid.1", of=OWN)]))
    (sent,) = harness.harness.channel.delivered
    failed = status("wamid.OUT", "failed", errors=[{"code": 131047}], biz_opaque_callback_data=sent.key)
    await harness.post(change(statuses=[failed | {"recipient_id": OWN}]))
    assert await _contents(harness, "held") == [Text(body="you said: hi from wamid.1")]
    assert [message.content for message in harness.harness.channel.delivered[1:]] == [REOPEN_TEMPLATE]
    assert isinstance(REOPEN_TEMPLATE, Template)


async def _contents(harness: WebhookHarness, state: str) -> list[object]:
    items: list[OutgoingMessage] = [*await harness.harness.store.read(lambda tx: tx.outbox_lookup.recent(10))]
    return [item.content for item in items if item.state == state]


async def test_everything_signed_is_kept_as_it_came(harness: WebhookHarness) -> None:
    await harness.client.post(b"no JSON")
    await harness.client.post(encode(webhook(change("account_update", number=None, event="X"))))
    assert (
        await harness.harness.store.write(
            lambda tx: tx.webhook_events.forget(harness.harness.clock.now() + 1)
        )
        == 2
    )

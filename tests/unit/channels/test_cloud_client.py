"""Sends through the Cloud API, on a Graph server that refuses whatever Meta would."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.cloud_client import ANN, DAY, WAMID, CloudClientHarness, cloud_client, here

from cleo.channels.whatsapp.backend import (
    ForeseesIds,
    Reacts,
    Reads,
    SendsChoices,
    SendsPlaces,
    SendsTemplates,
    Types,
)
from cleo.channels.whatsapp.cloud.outbound.requests import recipient
from cleo.domain.content import Choices, Location, MessageId, Option, Reaction, Template
from cleo.domain.conversation import AccountKey, Conversation, conversation_id
from cleo.domain.errors import SendError, SendFailed, SendRejected
from cleo.domain.identity import Address
from cleo.domain.message import Quoted, SendKey
from cleo.ports import Degraded, Held, Outcome, Refused, Sent

HELLO = Template(name="hello_world", language="en_US")


@pytest.fixture
async def cloud(tmp_path: Path) -> AsyncIterator[CloudClientHarness]:
    async with cloud_client(tmp_path) as cloud:
        yield cloud


@pytest.fixture
async def knocking(tmp_path: Path) -> AsyncIterator[CloudClientHarness]:
    """With a template to ask people to write."""
    async with cloud_client(tmp_path, fallback=HELLO) as cloud:
        yield cloud


async def text(cloud: CloudClientHarness, key: str = "k", to: Conversation | None = None) -> Outcome:
    return await cloud.client.send_text(to or cloud.chat(), "hi", key=SendKey(key), quoted=None)


async def failure(cloud: CloudClientHarness, key: str = "k") -> SendError:
    with pytest.raises(SendError) as caught:
        await text(cloud, key)
    return caught.value


def choices(count: int, **more: Any) -> Choices:
    return Choices(
        body="Which?", options=tuple(Option(id=f"o{n}", title=f"Title {n}", **more) for n in range(count))
    )


def test_it_has_the_abilities_that_its_capabilities_promise(cloud: CloudClientHarness) -> None:
    client, can = cloud.client, cloud.client.capabilities
    for ability in (Reacts, SendsChoices, SendsPlaces, SendsTemplates, Types, Reads):
        assert isinstance(client, ability)
    assert not isinstance(client, ForeseesIds)
    assert can.on_repeat == "reconciled"
    assert can.choice_limits
    assert can.typing
    assert can.window == DAY


async def test_a_text_is_accepted_under_its_key(cloud: CloudClientHarness) -> None:
    sent = await text(cloud, key="run-1/0")
    [bubble] = cloud.shown
    assert sent == Sent(message_id=MessageId(bubble.id), state="accepted")
    assert cloud.accepted == [
        {
            "recipient_type": "individual",
            "to": "4915112345678",
            "type": "text",
            "text": {"body": "hi", "preview_url": False},
            "biz_opaque_callback_data": "run-1/0",
        }
    ]


async def test_an_answer_quotes_by_id(cloud: CloudClientHarness) -> None:
    await cloud.client.send_text(cloud.chat(), "yes", key=SendKey("k"), quoted=Quoted(id=WAMID, text="ok?"))
    assert cloud.accepted[0]["context"] == {"message_id": WAMID}


async def test_what_came_through_another_backend_is_answered_without_a_quote(
    cloud: CloudClientHarness,
) -> None:
    sent = await cloud.client.send_text(
        cloud.chat(), "yes", key=SendKey("k"), quoted=Quoted(id=MessageId("3A1F"))
    )
    assert isinstance(sent, Degraded)
    assert "quote" in sent.how
    assert "context" not in cloud.accepted[0]


@pytest.mark.parametrize("namespace", ["bsuid", "parent_bsuid"])
async def test_somebody_without_a_phone_number_is_written_to_by_user_id(
    cloud: CloudClientHarness, namespace: str
) -> None:
    cloud.ann.hide_phone = True
    id = "DE.4711" if namespace == "bsuid" else "DE.ENT.4711"
    sent = await text(cloud, to=cloud.chat(f"{namespace}:{id}"))
    assert isinstance(sent, Sent)
    assert sent.also is None
    [body] = cloud.accepted
    assert body["recipient"] == id
    assert "to" not in body


async def test_the_number_that_whatsapp_knows_the_person_by_is_told(cloud: CloudClientHarness) -> None:
    sent = await text(cloud, to=cloud.chat("bsuid:DE.4711"))
    assert isinstance(sent, Sent)
    assert sent.also == ANN
    cloud.fault("send", "wa_id", wa_id="5511987654321")
    moved = await text(cloud)
    assert isinstance(moved, Sent)
    assert moved.also == "phone:+5511987654321"


async def test_a_group_is_written_to_as_one_and_at_any_time(cloud: CloudClientHarness) -> None:
    group = Address("group:120363000000000001")
    to = Conversation(id=conversation_id(AccountKey("whatsapp"), group), channel="whatsapp", address=group)
    with pytest.raises(SendRejected) as caught:  # this number has no groups
        await text(cloud, to=to)
    assert caught.value.code == 131215
    assert recipient(group) == {"recipient_type": "group", "to": "120363000000000001"}


async def test_a_place_goes_as_a_place(cloud: CloudClientHarness) -> None:
    await cloud.client.send_place(
        cloud.chat(), Location(latitude=52.5, longitude=13.4, name="Berlin"), key=SendKey("k"), quoted=None
    )
    assert cloud.accepted[0]["location"] == {"latitude": 52.5, "longitude": 13.4, "name": "Berlin"}


async def test_few_choices_are_buttons_and_many_a_list(cloud: CloudClientHarness) -> None:
    client = cloud.client
    await client.send_choices(cloud.chat(), choices(3), key=SendKey("k1"), quoted=None)
    await client.send_choices(cloud.chat(), choices(10), key=SendKey("k2"), quoted=None)
    await client.send_choices(cloud.chat(), choices(2, description="More"), key=SendKey("k3"), quoted=None)
    few, many, described = cloud.shown
    assert [choice.id for choice in few.buttons] == ["o0", "o1", "o2"]
    assert (len(many.rows), many.buttons) == (10, [])
    assert [choice.description for choice in described.rows] == ["More", "More"]
    assert {bubble.text for bubble in cloud.shown} == {"Which?"}


async def test_a_reaction_is_set_and_taken_back(cloud: CloudClientHarness) -> None:
    for emoji in ("👀", ""):
        await cloud.client.react(cloud.chat(), Reaction(emoji=emoji, to=WAMID), key=SendKey("k"), author=ANN)
    assert [body["reaction"]["emoji"] for body in cloud.accepted] == ["👀", ""]
    assert {body["reaction"]["message_id"] for body in cloud.accepted} == {WAMID}


async def test_a_template_goes_at_any_time(cloud: CloudClientHarness) -> None:
    sent = await cloud.client.send_template(cloud.chat(ago=None), HELLO, key=SendKey("k"))
    assert isinstance(sent, Sent)
    assert cloud.shown[0].template == "hello_world"
    cloud.fault("send", "refuse", code=132015)
    with pytest.raises(SendRejected, match="paused"):
        await cloud.client.send_template(cloud.chat(ago=None), HELLO, key=SendKey("k2"))


async def test_what_meta_holds_back_is_told(cloud: CloudClientHarness) -> None:
    cloud.fault("send", "hold")
    sent = await cloud.client.send_template(cloud.chat(), HELLO, key=SendKey("k"))
    assert isinstance(sent, Degraded)
    assert "quality" in sent.how
    assert sent.message_id


async def test_what_no_cloud_api_could_send_is_rejected_before_it_leaves(cloud: CloudClientHarness) -> None:
    client, chat = cloud.client, cloud.chat()
    for to in ("telegram:7", "lid:219876543210987", "bsuid:../x", "phone:+49 151", "group:a b", "x"):
        with pytest.raises(SendRejected):
            await text(cloud, to=here(chat, to))
    for body in ("", "x" * 4097, "\ud800"):
        with pytest.raises(SendRejected) as caught:
            await client.send_text(chat, body, key=SendKey("k"), quoted=None)
        assert "xxx" not in str(caught.value)
    with pytest.raises(SendRejected):
        await client.react(chat, Reaction(emoji="👀", to=MessageId("a b")), key=SendKey("k"), author=None)
    for latitude in (91.0, float("nan")):
        with pytest.raises(SendRejected):
            await client.send_place(
                chat, Location(latitude=latitude, longitude=0), key=SendKey("k"), quoted=None
            )
    assert cloud.calls() == 0


# ── the window ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("heard", "open"),
    [
        ({"ago": 0}, True),
        ({"ago": -3600}, True),
        ({"ago": DAY - 360}, True),
        ({"ago": DAY - 240}, False),
        ({"ago": DAY * 3}, False),
        ({"ago": None}, False),
        ({"ago": 60, "account": "another"}, False),
    ],
)
async def test_the_window_is_judged_before_anything_leaves(
    cloud: CloudClientHarness, heard: dict[str, Any], open: bool
) -> None:
    outcome = await text(cloud, to=cloud.chat(**heard))
    assert isinstance(outcome, Sent if open else Refused)
    assert cloud.calls() == int(open)


async def test_outside_of_the_window_it_says_why_nothing_was_sent(cloud: CloudClientHarness) -> None:
    outcome = await text(cloud, to=cloud.chat(ago=None))
    assert isinstance(outcome, Refused)
    assert outcome.code == 131047
    assert "WHATSAPP_CLOUD_FALLBACK_TEMPLATE" in outcome.reason


async def test_with_a_template_it_waits_for_the_person(knocking: CloudClientHarness) -> None:
    outcome = await text(knocking, to=knocking.chat(ago=DAY))
    assert isinstance(outcome, Held)
    assert outcome.reopen_template == HELLO
    assert outcome.reason


async def test_a_reaction_that_comes_too_late_is_not_worth_a_template(knocking: CloudClientHarness) -> None:
    outcome = await knocking.client.react(
        knocking.chat(ago=DAY), Reaction(emoji="👀", to=WAMID), key=SendKey("k"), author=None
    )
    assert isinstance(outcome, Refused)


async def test_when_whatsapp_contradicts_it_is_asked_once_more(knocking: CloudClientHarness) -> None:
    knocking.fault("send", "refuse", code=131047, times=3)
    told = await failure(knocking)
    assert (type(told), told.retry_after) == (SendFailed, 5)
    assert isinstance(await text(knocking), Held)
    assert isinstance(await failure(knocking), SendFailed)  # another day, the same message again
    assert isinstance(await text(knocking), Sent)


# ── typing and reading ─────────────────────────────────────────────────────────────────────────────────


async def test_typing_belongs_to_what_was_heard_and_marks_it_as_read(cloud: CloudClientHarness) -> None:
    await cloud.client.typing(cloud.chat(), True)
    await cloud.client.typing(cloud.chat(), False)
    assert [presence.state for presence in cloud.ann.presence] == ["composing"]
    assert [receipt.id for receipt in cloud.ann.receipts] == [WAMID]


async def test_reading_shows_no_typing(cloud: CloudClientHarness) -> None:
    await cloud.client.read(cloud.chat())
    assert (len(list(cloud.ann.receipts)), list(cloud.ann.presence)) == (1, [])


async def test_decoration_never_fails(cloud: CloudClientHarness) -> None:
    for do in ("reset", "timeout", "refuse"):
        cloud.fault("read", do, ms=2000)
        await cloud.client.typing(cloud.chat(), True)
    for chat in (cloud.chat(ago=None), cloud.chat(account="another")):
        await cloud.client.typing(chat, True)
        await cloud.client.read(chat)
    assert cloud.calls() == 3
    assert list(cloud.ann.presence) == []

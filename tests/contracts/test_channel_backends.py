"""What every channel promises, on every backend: one harness a backend, the same stories in each."""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import pytest
from tests.support.cloud_client import NUMBER, WAMID, CloudClientHarness, cloud_client
from tests.support.fake_bridge import FakeBridge, Media
from tests.support.files_at import FilesAt, once
from tests.support.memory_backend import MemoryBackend
from tests.support.memory_backend import sent as sent_in_memory

from cleo.channels import CHANNELS
from cleo.channels.whatsapp import BACKENDS
from cleo.channels.whatsapp.backend import Backend
from cleo.channels.whatsapp.bridge.client import WhatsAppBridgeClient
from cleo.channels.whatsapp.channel import WhatsAppChannel
from cleo.domain.content import Content, Edit, File, Location, MessageId, Other, Reaction, Revoke, Text
from cleo.domain.conversation import AccountKey, Conversation, LastInbound, conversation_id
from cleo.domain.errors import FetchError, SendFailed
from cleo.domain.identity import Address, PersonId
from cleo.domain.message import Quoted, SendKey
from cleo.ports import Channel, Degraded, Outcome, Refused, Renders, Sent, ShowsTyping
from cloud_simulator.entities.phone import Bubble
from cloud_simulator.graph.send_request import Location as Place

ANN = Conversation(
    id=conversation_id(AccountKey("whatsapp"), PersonId("ann")),
    channel="whatsapp",
    address=Address("phone:+4915112345678"),
    person=PersonId("ann"),
    last_inbound=LastInbound(number_id=NUMBER, id=WAMID, at=time.time()),
)
GROUP = Conversation(
    id=conversation_id(AccountKey("whatsapp"), Address("group:120363000000000001")),
    channel="whatsapp",
    address=Address("group:120363000000000001"),
)
NOWHERE = Conversation(
    id=conversation_id(AccountKey("whatsapp"), Address("x:1")), channel="whatsapp", address=Address("x:1")
)


class Full(Channel, Renders, ShowsTyping, Protocol):
    """All that the agent may ask of a channel."""


class AgentHarness(Protocol):
    """A backend with its other side. A new backend brings one of these and a line in `HOUSES`."""

    @property
    def channel(self) -> Full: ...

    @property
    def files(self) -> FilesAt: ...

    @property
    def dedupes(self) -> bool: ...

    @property
    def reacts(self) -> bool: ...

    @property
    def has_groups(self) -> bool: ...

    def texts(self) -> list[str]:
        """What phones show, oldest first; of a file its caption."""
        ...

    def offer(self, body: bytes) -> str:
        """Have a file to fetch; tell its URL."""
        ...

    async def go_down(self) -> None: ...


def channel_on(backend: Backend) -> WhatsAppChannel:
    """Make the channel as Cleo does."""
    channel = CHANNELS["whatsapp"](backend)
    assert isinstance(channel, WhatsAppChannel)
    return channel


@dataclass
class BridgeHarness:
    bridge: FakeBridge
    channel: WhatsAppChannel
    files: FilesAt
    dedupes: bool
    reacts: bool
    has_groups: bool = True

    def texts(self) -> list[str]:
        shown = [bubble.asked.fields for bubble in self.bridge.bubbles]
        return [str(fields.get("text", fields.get("caption", ""))) for fields in shown]

    def offer(self, body: bytes) -> str:
        self.bridge.media["/media/1"] = Media(body=body)
        return f"{self.bridge.url}/media/1"

    async def go_down(self) -> None:
        await self.bridge.stop()


@asynccontextmanager
async def bridge_harness(folder: Path, *, ours: bool) -> AsyncGenerator[AgentHarness]:
    files = FilesAt(folder)
    async with FakeBridge(ours=ours, secret="s3cret") as bridge:
        client = WhatsAppBridgeClient(bridge.url, files=files, secret="s3cret", timeout=2.0)
        yield BridgeHarness(bridge, channel_on(client), files, dedupes=ours, reacts=ours)
        await client.close()


@dataclass
class CloudHarness:
    line: CloudClientHarness
    channel: WhatsAppChannel
    files: FilesAt
    dedupes: bool = False
    reacts: bool = True
    has_groups: bool = False

    def texts(self) -> list[str]:
        return [_words(bubble) for bubble in self.line.shown if not bubble.reaction]

    def offer(self, body: bytes) -> str:
        return f"cloud:{self.line.inbound(body)}"

    async def go_down(self) -> None:
        await self.line.go_down()


def _words(bubble: Bubble) -> str:
    if isinstance(bubble.content, Place):
        return f"{bubble.content.name}\n{bubble.content.latitude},{bubble.content.longitude}"
    return bubble.text or bubble.caption


@asynccontextmanager
async def cloud_harness(folder: Path) -> AsyncGenerator[AgentHarness]:
    async with cloud_client(folder) as line:
        messages = line.simulator.state.messages
        messages["3A"] = replace(messages[WAMID], id="3A")
        yield CloudHarness(line, channel_on(line.client), line.files)


@dataclass
class MemoryHarness:
    backend: MemoryBackend
    channel: WhatsAppChannel
    files: FilesAt
    dedupes: bool = True
    reacts: bool = True
    has_groups: bool = True

    def texts(self) -> list[str]:
        return [text for _, text in sent_in_memory(self.backend.file)]

    def offer(self, body: bytes) -> str:
        self.backend.offered["memory:1"] = body
        return "memory:1"

    async def go_down(self) -> None:
        await self.backend.close()


@asynccontextmanager
async def memory_harness(folder: Path) -> AsyncGenerator[AgentHarness]:
    """A third backend, of which nothing but its own folder knows."""
    files = FilesAt(folder)
    backend = MemoryBackend(folder / "sent", files)
    yield MemoryHarness(backend, channel_on(backend), files)


HOUSES: dict[str, Callable[[Path], AbstractAsyncContextManager[AgentHarness]]] = {
    "baileys": lambda folder: bridge_harness(folder, ours=True),
    "baileys, a bridge from the first specification": lambda folder: bridge_harness(folder, ours=False),
    "cloud": cloud_harness,
    "memory": memory_harness,
}


@pytest.fixture(params=HOUSES)
async def harness(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AgentHarness]:
    async with HOUSES[request.param](tmp_path) as harness:
        yield harness


async def send(
    harness: AgentHarness, content: Content, key: str = "k", quoted: Quoted | None = None
) -> Outcome:
    return await harness.channel.send(ANN, content, key=SendKey(key), quoted=quoted)


async def sent(harness: AgentHarness, content: Content, key: str = "k", quoted: Quoted | None = None) -> Sent:
    outcome = await send(harness, content, key, quoted)
    assert isinstance(outcome, Sent), outcome
    return outcome


def test_every_backend_has_a_harness() -> None:
    assert {name.partition(",")[0] for name in HOUSES} == {*BACKENDS, "memory"}


async def test_messages_arrive_in_the_order_of_their_sends(harness: AgentHarness) -> None:
    for number in range(3):
        await send(harness, Text(body=f"text {number}"), key=f"k{number}")
    assert harness.texts() == ["text 0", "text 1", "text 2"]


async def test_every_message_has_an_id_of_its_own(harness: AgentHarness) -> None:
    ids = {(await sent(harness, Text(body="x"), key=key)).message_id for key in ("k1", "k2")}
    assert len(ids) == 2
    assert None not in ids


async def test_the_same_key_again_shows_one_message_where_the_backend_can_tell(harness: AgentHarness) -> None:
    first, second = [await send(harness, Text(body="once"), key="k") for _ in range(2)]
    assert harness.texts().count("once") == (1 if harness.dedupes else 2)
    assert not harness.dedupes or first == second


async def test_a_foreseen_id_comes_true_where_keys_count(harness: AgentHarness) -> None:
    foreseen = harness.channel.message_id("k7")
    outcome = await sent(harness, Text(body="x"), key="k7")
    assert not harness.dedupes or foreseen == outcome.message_id
    assert foreseen == harness.channel.message_id("k7")
    assert foreseen != harness.channel.message_id("k8") or (foreseen is None and not harness.dedupes)


async def test_groups_are_written_to_where_there_are_any(harness: AgentHarness) -> None:
    outcome = await harness.channel.send(
        GROUP, Text(body="all"), key=SendKey("k"), quoted=Quoted(id=MessageId("3A"))
    )
    assert type(outcome) is (Sent if harness.has_groups else Refused)
    assert harness.texts() == (["all"] if harness.has_groups else [])


async def test_a_file_arrives_with_its_caption(harness: AgentHarness) -> None:
    stored = await harness.files.keep(once(b"%PDF-"), 10)
    outcome = await sent(
        harness, File(kind="document", mimetype="application/pdf", caption="The offer", stored=stored)
    )
    assert outcome.message_id
    assert harness.texts() == ["The offer"]


async def test_a_reaction_is_set_or_says_why_not(harness: AgentHarness) -> None:
    outcome = await sent(harness, Reaction(emoji="👀", to=MessageId("3A")), quoted=Quoted(id=MessageId("3A")))
    assert isinstance(outcome, Degraded) != harness.reacts
    assert harness.texts() == []


async def test_a_place_can_at_least_be_opened(harness: AgentHarness) -> None:
    await send(harness, Location(latitude=52.5, longitude=13.4, name="Berlin"))
    [text] = harness.texts()
    assert "Berlin" in text
    assert "52.5,13.4" in text


@pytest.mark.parametrize(
    "content",
    [
        Edit(of=MessageId("3A"), body="x"),
        Revoke(of=MessageId("3A")),
        Other(kind="poll"),
        Text(body=" \n"),
        File(kind="image"),
        Reaction(emoji="👍", to=MessageId("a b")),
    ],
    ids=lambda content: content.type,
)
async def test_what_cannot_be_sent_is_rejected_for_good(harness: AgentHarness, content: Content) -> None:
    assert isinstance(await send(harness, content), Refused)
    assert harness.texts() == []


async def test_nobody_lives_in_another_messengers_address(harness: AgentHarness) -> None:
    outcome = await harness.channel.send(NOWHERE, Text(body="x"), key=SendKey("k"), quoted=None)
    assert isinstance(outcome, Refused)
    assert outcome.reason


async def test_a_file_is_fetched(harness: AgentHarness) -> None:
    url = harness.offer(b"picture")
    chunks = [chunk async for chunk in harness.channel.fetch(File(kind="image", url=url))]
    assert b"".join(chunks) == b"picture"


async def test_a_file_elsewhere_is_not_fetched(harness: AgentHarness) -> None:
    with pytest.raises(FetchError):
        _ = [
            chunk async for chunk in harness.channel.fetch(File(kind="image", url="http://169.254.169.254/x"))
        ]


async def test_health_is_told_in_words(harness: AgentHarness) -> None:
    health = await harness.channel.health()
    assert health.state == "ok"
    assert health.message


async def test_nothing_is_lost_silently_when_the_backend_is_away(harness: AgentHarness) -> None:
    url = harness.offer(b"picture")
    await harness.go_down()
    with pytest.raises(SendFailed):
        await send(harness, Text(body="x"))
    with pytest.raises(FetchError):
        _ = [chunk async for chunk in harness.channel.fetch(File(kind="image", url=url))]
    assert (await harness.channel.health()).state == "down"
    await harness.channel.typing(ANN, True)


async def test_typing_is_decoration(harness: AgentHarness) -> None:
    await harness.channel.typing(ANN, True)
    await harness.channel.typing(NOWHERE, True)
    await harness.channel.typing(ANN, False)
    assert harness.texts() == []


async def test_what_is_rendered_can_be_sent(harness: AgentHarness) -> None:
    bodies = harness.channel.render("# Hello\n\n" + "**many** words " * 1000)
    assert len(bodies) > 1
    for number, body in enumerate(bodies):
        assert len(body) <= harness.channel.capabilities.text_max
        await send(harness, Text(body=body), key=f"k{number}")
    assert harness.texts() == bodies

"""A whole agent around a fake channel: real store, real worker, a model that does what it is told."""

import json
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

import pytest
from pydantic_ai.messages import (
    ModelMessage,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models.function import AgentInfo, FunctionModel
from tests.support.clock import FakeClock

from cleo.agent import (
    AnswerReader,
    Asker,
    DeliveryStatus,
    ModelLoop,
    OutboxQueue,
    PromptDelivery,
    Receiver,
    RunLimits,
    Worker,
)
from cleo.agent.account_switch import switch_account
from cleo.agent.sweep import Sweeper
from cleo.domain.access import Access
from cleo.domain.content import Choices, Content, File, MessageId, Reaction, Text
from cleo.domain.conversation import AccountKey, Conversation, ConversationId
from cleo.domain.errors import SendError
from cleo.domain.health import Health
from cleo.domain.identity import Address
from cleo.domain.message import Inbound, Quoted, SendKey
from cleo.ports import Capabilities, Outcome, Sent, Tool
from cleo.store import DiskFiles, open_store

ACCOUNT = AccountKey("whatsapp")
OWNER = Address("phone:+4915100000001")
FRIEND = Address("phone:+4915100000002")
STRANGER = Address("phone:+4915100000009")


@dataclass
class Delivered:
    """One message as the other side sees it."""

    to: ConversationId
    id: MessageId
    content: Content
    key: str
    quoted: Quoted | None = None
    attempt: int = 1

    @property
    def ref(self) -> str:
        """Which question it asks, by its buttons; empty: none."""
        first = self.content.options[0].id if isinstance(self.content, Choices) else ""
        return first.removeprefix("yes:") if first.startswith("yes:") else ""

    @property
    def text(self) -> str:
        return self.content.body if isinstance(self.content, Text | Choices) else ""


@dataclass
class FakeChannel:
    """Keeps what is sent; a repeated key shows one message, like the bridge."""

    delivered: list[Delivered] = field(default_factory=list[Delivered])
    repeats: int = 0
    trouble: list[SendError | Outcome] = field(default_factory=list[SendError | Outcome])
    """What becomes of the next sends, one each: raised, or told."""
    lost_acks: int = 0
    """So many sends arrive, but raise `SendUncertain` all the same."""
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    capabilities: Capabilities = field(default_factory=Capabilities)
    foresees: bool = True
    """Whether ids are known before a send."""
    written_to: list[Address] = field(default_factory=list[Address])

    async def send(
        self, to: Conversation, content: Content, *, key: SendKey, quoted: Quoted | None
    ) -> Outcome:
        if self.trouble:
            outcome = self.trouble.pop(0)
            if isinstance(outcome, SendError):
                raise outcome
            return outcome
        self.written_to.append(to.address)
        id_ = MessageId(f"ID-{key.key}" + "-again" * (key.attempt - 1))
        if any((message.key, message.attempt) == (key.key, key.attempt) for message in self.delivered):
            self.repeats += 1
        else:
            self.delivered.append(Delivered(to.id, id_, content, key.key, quoted, key.attempt))
        return Sent(message_id=id_)

    def message_id(self, key: str) -> MessageId | None:
        return MessageId(f"ID-{key}") if self.foresees else None

    def render(self, text: str, *, markdown: bool = True) -> list[str]:
        if not markdown:
            most = self.capabilities.text_max
            return [text[start : start + most] for start in range(0, len(text), most)]
        text = text.replace("**", "*")
        return [part for part in text.split("\n---\n") if part.strip()]

    async def fetch(self, file: File) -> AsyncIterator[bytes]:
        yield self.files[file.url or ""]

    async def health(self) -> Health:
        return Health(state="ok", code="connected", message="fake")


@dataclass
class ObedientModel:
    """Calls what the prompt says: each line `do TOOL {json}` is a call; else it echoes what it read.

    What it is newly told by its instructions comes as `told: …`.
    """

    seen: list[list[ModelMessage]] = field(default_factory=list[list[ModelMessage]])
    instructions: str = ""
    """Those of the newest request."""
    fail: list[Exception | None] = field(default_factory=list[Exception | None])
    """What becomes of the next requests, one each: raised, or answered."""

    def __call__(self, messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        self.seen.append(list(messages))
        self.instructions = info.instructions or ""
        if trouble := self.fail.pop(0) if self.fail else None:
            raise trouble
        last = messages[-1]
        returns = [str(part.content) for part in last.parts if isinstance(part, ToolReturnPart)]
        prompts = [_plain(part) for part in last.parts if isinstance(part, UserPromptPart)]
        calls = re.findall(r"do (\w+) (\{.*?\})(?:\n|$)", "\n".join(prompts))
        if calls:
            parts = [
                ToolCallPart(name, json.loads(arguments), f"call_{number}")
                for number, (name, arguments) in enumerate(calls)
            ]
            return ModelResponse(parts=parts)
        told = [f"told: {fact}" for fact in facts_of(last) if f"- {fact}\n" in self.instructions]
        said = [*returns, *told, *(f"you said: {prompt}" for prompt in prompts)]
        return ModelResponse(parts=[TextPart(" | ".join(said))])


def facts_of(message: ModelMessage) -> list[str]:
    """What is kept with a request, and told in the instructions from then on."""
    return list((message.metadata or {}).get("facts", []))


def _plain(part: UserPromptPart) -> str:
    if isinstance(part.content, str):
        return part.content
    return "\n".join(
        piece if isinstance(piece, str) else getattr(piece, "content", "") for piece in part.content
    )


@dataclass
class WakeList:
    """An engine that only remembers; the harness works the conversations off."""

    waiting: list[ConversationId] = field(default_factory=list[ConversationId])

    async def wake(self, *conversations: ConversationId) -> None:
        self.waiting += [each for each in conversations if each not in self.waiting]

    async def run(self, work: object) -> None:
        raise AssertionError("the harness runs the work itself")


class NoRepeats:
    def next(self, rule: str, zone: str, after: float) -> float | None:
        return after + 60 if rule == "minutely" else None


class AgentHarness:
    """The agent. `restart` throws every object away and opens the same data again."""

    def __init__(self, root: Path, tools: Sequence[Tool] = (), *, access: Access | None = None) -> None:
        self.root = root
        self.url = f"sqlite:///{root / 'cleo.db'}"
        root.mkdir(parents=True, exist_ok=True)
        self.tools = {tool.name: tool for tool in tools}
        self.access = access or Access(owners=frozenset({OWNER}), users=frozenset({FRIEND}))
        self.clock = FakeClock()
        self.channel = FakeChannel()
        self.model = ObedientModel()
        self.count = 0
        self.loop = ModelLoop(model=FunctionModel(self.model), tools=self.tools.values(), bounds=RunLimits())
        self.open()

    def open(self) -> None:
        self.engine = WakeList()
        self.store = open_store(self.url, clock=self.clock)
        self.queue = OutboxQueue(channels={ACCOUNT: self.channel})
        self.asker = Asker(access=self.access, queue=self.queue, tools=self.tools)
        self.delivery = DeliveryStatus(
            clock=self.clock,
            queue=self.queue,
            listeners=[PromptDelivery(answer_reader=AnswerReader(self.access, self.queue))],
        )
        self.receiver = Receiver(
            store=self.store,
            engine=self.engine,
            clock=self.clock,
            access=self.access,
            queue=self.queue,
            delivery=self.delivery,
        )
        self.sweeper = Sweeper(
            store=self.store,
            engine=self.engine,
            clock=self.clock,
            queue=self.queue,
            repeats=NoRepeats(),
        )
        self.worker = Worker(
            store=self.store,
            engine=self.engine,
            clock=self.clock,
            files=DiskFiles(self.root / "files"),
            asker=self.asker,
            delivery=self.delivery,
            loop=self.loop,
            tools=self.tools,
            zone=ZoneInfo("Europe/Berlin"),
        )

    async def restart(self) -> Self:
        await self.store.close()
        self.open()
        await self.settle()
        return self

    async def settle(self) -> None:
        """Work until nothing is left to do now."""
        await self.sweeper.sweep()
        while self.engine.waiting:
            await self.worker.work(self.engine.waiting.pop(0))

    async def die(self, times: int, *, answered: int = 0) -> None:
        """Work so often on something that ends the worker each time, after so many `answered` requests."""
        self.model.fail = [*[None] * answered, *(RuntimeError("poison") for _ in range(times))]
        for _ in range(times):
            with pytest.raises(RuntimeError):
                await self.settle()
            self.engine.waiting.clear()

    async def later(self, seconds: float) -> None:
        self.clock.advance(seconds)
        await self.settle()

    async def hear(self, content: Content | str, sender: Address = OWNER, **more: object) -> str:
        """Receive a message without working on it yet; tells the receiver's answer."""
        self.count += 1
        fields: dict[str, object] = {
            "channel": "whatsapp",
            "chat": sender,
            "id": MessageId(f"M{self.count}"),
            "sender": sender,
            "content": Text(body=content) if isinstance(content, str) else content,
            "at": int(self.clock.now() * 1000),
        }
        return await self.receiver.message(Inbound(**{**fields, **more}))  # type: ignore[arg-type]  # test data

    async def say(self, content: Content | str, sender: Address = OWNER, **more: object) -> list[str]:
        """Receive, work, and tell the texts that went out meanwhile, to anybody."""
        before = len(self.channel.delivered)
        self.clock.advance(5)
        await self.hear(content, sender, **more)
        await self.settle()
        return [message.text for message in self.channel.delivered[before:] if message.text]

    async def react(self, emoji: str, to: MessageId, sender: Address = OWNER) -> list[str]:
        return await self.say(Reaction(emoji=emoji, to=to), sender)

    async def switch(self, number: str) -> set[ConversationId]:
        """Be reached by another number from now on; tells the conversations with something to do."""
        return await self.store.write(
            lambda tx: switch_account(
                tx, ACCOUNT, number, asker=self.asker, delivery=self.delivery, clock=self.clock
            )
        )

    def questions(self) -> list[Delivered]:
        """Every question that was asked so far."""
        return [message for message in self.channel.delivered if message.ref]

    def question(self, number: int = -1) -> Delivered:
        """The n-th question that was asked so far."""
        return self.questions()[number]

    def ref(self, number: int = -1) -> str:
        return self.question(number).ref

"""One worker a conversation: claims what there is to do, takes the deps, commits it, sends."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog
from pydantic_ai.messages import ModelMessage

from cleo.agent.approval.confirm import Asker, facts, open_questions
from cleo.agent.media.fetch import Fetcher
from cleo.agent.outbox.deliver import Deliverer, Outgoing
from cleo.agent.outbox.delivery_status import DeliveryStatus
from cleo.agent.run.claim import ClaimedRun, Claimer, Wait
from cleo.agent.run.commit import Committer
from cleo.agent.run.deps import RunDeps
from cleo.agent.run.model_loop import ModelLoop, RunResult
from cleo.agent.run.prompt import instructions, lateness, losses, prompt
from cleo.agent.run.resume import ResumePoint, resume
from cleo.agent.run.tool_messages import ToolMessages
from cleo.domain.access import Access
from cleo.domain.confirmation import EXPIRY
from cleo.domain.conversation import ConversationId
from cleo.domain.errors import Fenced, ModelUnavailable
from cleo.domain.failpoint import failpoint
from cleo.domain.run import MAX_ATTEMPTS
from cleo.ports import (
    Channel,
    Clock,
    Engine,
    Files,
    MarksRead,
    Renders,
    ShowsTyping,
    Store,
    Tool,
    ToolContext,
    Transaction,
)

_log = structlog.get_logger("cleo.worker")

_TYPING_AFTER = 0.25
_TYPING_IN_TIME = 0.8
"""The sign is shown again after this part of the time that it lasts."""
_LONG_REPLY = 4000
_MODEL_PAUSE = 2.0
"""Seconds before a model that could not be reached is tried again; doubled each time."""


@dataclass(kw_only=True)
class Worker:
    """Does what there is to do in a conversation. Knows no channel and no model by name."""

    store: Store
    engine: Engine
    clock: Clock
    files: Files
    access: Access
    channels: Mapping[str, Channel]
    loop: ModelLoop
    tools: Mapping[str, Tool]
    zone: ZoneInfo
    extra_instructions: str = ""
    file_max_bytes: int = 64 * 1024 * 1024
    question_expiry: float = EXPIRY
    """Seconds that a question is open once it arrived."""
    reconcile_after: float = 20.0
    """Seconds that news of a message may take whose send was cut off."""

    def __post_init__(self) -> None:
        """Make the parts that keep nothing but memory."""
        self._claimer = Claimer(access=self.access)
        self._one_poison_candidate = asyncio.Lock()
        self._reading: set[asyncio.Task[None]] = set()
        delivery = DeliveryStatus(clock=self.clock, expiry=self.question_expiry)
        self._deliverer = Deliverer(
            store=self.store,
            clock=self.clock,
            delivery=delivery,
            reconcile_after=self.reconcile_after,
            awake_since=self.clock.now(),
        )
        self._fetcher = Fetcher(
            store=self.store, files=self.files, clock=self.clock, max_bytes=self.file_max_bytes
        )

    async def work(self, conversation: ConversationId) -> None:
        """Work until nothing is left. Stops quietly when another worker took the conversation over."""
        try:
            await self._work(conversation)
        except Fenced:
            _log.info("conversation taken over by another worker")

    async def _work(self, conversation: ConversationId) -> None:
        epoch, channel, step = await self.store.write(lambda tx: self._take(tx, conversation))
        while True:
            if step.claimed is not None:
                failpoint("claim.after_commit")
            await self._deliverer.drain(step.outgoing, epoch, channel)
            if step.claimed is None:
                return
            step = await self._do(step.claimed, channel) or await self.store.write(
                lambda tx: self._look_again(tx, conversation, epoch, channel)
            )

    async def _do(self, claimed: ClaimedRun | Wait, channel: Channel) -> "_Step | None":
        """Tell what is next, when that is known at the claimed's end already."""
        if isinstance(claimed, Wait):
            await self.clock.sleep(claimed.seconds)
            return None
        return await (
            self._alone(claimed, channel) if claimed.poison_candidate else self._turn(claimed, channel)
        )

    def _take(self, tx: Transaction, conversation: ConversationId) -> tuple[int, Channel, "_Step"]:
        epoch = tx.conversations.lease(conversation)
        channel = self.channels[tx.conversations.get(conversation).channel]
        return epoch, channel, self._look(tx, conversation, epoch, channel, busy=False)

    def _look_again(
        self, tx: Transaction, conversation: ConversationId, epoch: int, channel: Channel
    ) -> "_Step":
        tx.conversations.guard(conversation, epoch)
        return self._look(tx, conversation, epoch, channel, busy=True)

    def _look(
        self, tx: Transaction, conversation: ConversationId, epoch: int, channel: Channel, *, busy: bool
    ) -> "_Step":
        claimed = self._claimer.claim(tx, conversation, epoch, self.clock.now(), busy=busy)
        return _Step(claimed, self._deliverer.head(tx, conversation, channel))

    async def _alone(self, claimed: ClaimedRun, channel: Channel) -> "_Step | None":
        """Run a poison candidate's last attempt beside no other one: if the process ends again, it was the cause."""
        async with self._one_poison_candidate:
            await self.store.write(lambda tx: self._claimer.try_again(tx, claimed))
            return await self._turn(claimed, channel)

    def asker(self, channel: Channel) -> Asker:
        """Make what asks on this channel."""
        return Asker(access=self.access, channel=channel, tools=self.tools, expiry=self.question_expiry)

    async def _turn(self, claimed: ClaimedRun, channel: Channel) -> "_Step | None":
        asker = self.asker(channel)
        committer = Committer(asker=asker, channel=channel)
        self._mark_read(channel, claimed)
        async with _typing(channel, claimed):
            resume_point = await self._begin(claimed, channel)
            progress = _Progress(self.store, committer, claimed, resume_point)
            deps = await self._make_turn(claimed, channel, asker, progress)
            failpoint("model.before")
            result = await self.loop.run(resume_point.start, deps)
            failpoint("model.after")
        if isinstance(result.error, ModelUnavailable) and claimed.run.attempts < MAX_ATTEMPTS:
            _log.warning("model unavailable", attempt=claimed.run.attempts, reason=str(result.error))
            await self.clock.sleep(_MODEL_PAUSE * 2 ** (claimed.run.attempts - 1))
            return None
        return await self._finish(claimed, result, progress, channel)

    def _mark_read(self, channel: Channel, claimed: ClaimedRun) -> None:
        """Say that it was read; the answer does not wait for that, nor ends it."""
        if claimed.items and isinstance(channel, MarksRead):
            reading = asyncio.create_task(channel.read(claimed.conversation))
            self._reading.add(reading)
            reading.add_done_callback(self._reading.discard)

    async def _begin(self, claimed: ClaimedRun, channel: Channel) -> ResumePoint:
        if claimed.run.prompted or not claimed.items:
            return resume(claimed, ())
        files = await self._fetcher.fetch(claimed.items, channel)
        words = prompt(
            claimed.items,
            files=files,
            facts=[*facts(claimed.ended_questions), *losses(claimed.lost), *lateness(claimed.items)],
            named=claimed.conversation.is_group,
        )
        return resume(claimed, words)

    async def _make_turn(
        self, claimed: ClaimedRun, channel: Channel, asker: Asker, progress: "_Progress"
    ) -> RunDeps:
        here = claimed.conversation
        questions = await self.store.read(lambda tx: open_questions(tx, here.id)) if claimed.rows else 0
        now = datetime.fromtimestamp(self.clock.now(), self.zone)
        return RunDeps(
            conversation=here,
            person=claimed.person,
            run=claimed.run.id,
            tools=self.tools,
            store=self.store,
            clock=self.clock,
            access=self.access,
            asker=asker,
            instructions=instructions(
                now=now, zone=self.zone.key, advice=channel.capabilities.advice, extra=self.extra_instructions
            ),
            context=lambda key: self._tool_context(key, claimed, channel),
            checkpoint=progress.checkpoint,
            open_questions=questions,
        )

    def _tool_context(self, key: str, claimed: ClaimedRun, channel: Channel) -> ToolContext:
        say = ToolMessages(
            key=key,
            here=claimed.conversation,
            channel=channel,
            store=self.store,
            engine=self.engine,
            clock=self.clock,
        )
        return ToolContext(
            conversation=claimed.conversation.id,
            person=claimed.person,
            key=key,
            zone=self.zone,
            clock=self.clock,
            store=self.store,
            files=self.files,
            say=say,
        )

    async def _finish(
        self, claimed: ClaimedRun, result: RunResult, progress: "_Progress", channel: Channel
    ) -> "_Step":
        if result.error:
            _log.error("turn failed", reason=str(result.error))
        result.messages = progress.rest(result.messages)
        result.parts = await _rendered(result.reply, channel)
        now = self.clock.now()

        def commit(tx: Transaction) -> tuple[set[ConversationId], _Step]:
            wake = progress.committer.commit(tx, claimed, result, progress.resume_point.answers, now)
            return wake, self._look(tx, claimed.conversation.id, claimed.epoch, channel, busy=True)

        failpoint("answer.before_commit")
        wake, step = await self.store.write(commit)
        failpoint("answer.after_commit")
        self._claimer.begun.discard(claimed.run.id)
        for conversation in wake - {claimed.conversation.id}:
            await self.engine.wake(conversation)
        return step


async def _rendered(markdown: str, channel: Channel) -> list[str]:
    """Divide a reply into messages; a long one takes a while, and others must not wait for it."""
    if not isinstance(channel, Renders):
        return [markdown]
    if len(markdown) < _LONG_REPLY:
        return channel.render(markdown)
    return await asyncio.to_thread(channel.render, markdown)


@dataclass(frozen=True, slots=True)
class _Step:
    """What there is to do in a conversation: first what goes out, then the claimed."""

    claimed: ClaimedRun | Wait | None
    outgoing: Outgoing | None


@dataclass
class _Progress:
    """How much of a turn is saved. Tool calls run side by side; one of them saves for all."""

    store: Store
    committer: Committer
    claimed: ClaimedRun
    resume_point: ResumePoint
    saved: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def checkpoint(self, messages: Sequence[ModelMessage]) -> None:
        """Save what is new in the library's list of messages."""
        async with self.lock:
            new = self.rest(messages[len(self.resume_point.start.window) :])
            if new:
                answers = self.resume_point.answers
                await self.store.write(lambda tx: self.committer.checkpoint(tx, self.claimed, new, answers))
                self.saved += len(new)
                failpoint("checkpoint.after_commit")

    def rest(self, added: Sequence[ModelMessage]) -> list[ModelMessage]:
        """Tell which of the messages that the run added (and of its unsaved start) are not saved yet."""
        return [*self.resume_point.unsaved, *added][self.saved :]


@asynccontextmanager
async def _typing(channel: Channel, claimed: ClaimedRun) -> AsyncGenerator[None]:
    """Show that Cleo writes, but only when an answer takes a moment."""

    async def show() -> None:
        sign = channel.capabilities.typing
        if sign and isinstance(channel, ShowsTyping):
            await asyncio.sleep(_TYPING_AFTER)
            while True:
                await channel.typing(claimed.conversation, True)
                await asyncio.sleep(sign.seconds * _TYPING_IN_TIME)

    showing = asyncio.create_task(show())
    try:
        yield
    finally:
        showing.cancel()
        with suppress(asyncio.CancelledError):
            await showing

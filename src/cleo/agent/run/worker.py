"""One worker a conversation: claims what there is to do, runs it, commits it, sends."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog
from pydantic_ai.messages import ModelMessage
from structlog.contextvars import bound_contextvars

from cleo.agent.approval.ask import Asker
from cleo.agent.approval.outcome import facts
from cleo.agent.loop_guard import LoopGuard
from cleo.agent.media.fetch import Fetcher
from cleo.agent.model.clip import Clipper
from cleo.agent.model.exchange import Exchange
from cleo.agent.model.window_cache import Window
from cleo.agent.outbox.deliver import Deliverer, Delivery
from cleo.agent.outbox.delivery_status import DeliveryStatus
from cleo.agent.references import Reference, find_references
from cleo.agent.run.claim import MOST, WINDOW, ClaimedRun, Claimer, Wait
from cleo.agent.run.commit import Committer
from cleo.agent.run.deps import RunDeps
from cleo.agent.run.model_loop import ModelLoop, RunResult
from cleo.agent.run.patience import Patience
from cleo.agent.run.progress import Progress
from cleo.agent.run.prompt import instructions, lateness, losses, prompt
from cleo.agent.run.resume import resume
from cleo.agent.run.step_log import log_answered, log_taken
from cleo.agent.run.stop import stopped, unless_stopped
from cleo.agent.run.tool_messages import ToolMessages
from cleo.agent.run.typing import shown_typing
from cleo.domain.content import Content, Text
from cleo.domain.conversation import ConversationId
from cleo.domain.errors import Fenced, ModelUnavailable
from cleo.domain.failpoint import failpoint
from cleo.domain.identity import PersonId
from cleo.ports import (
    Channel,
    Clock,
    Engine,
    Files,
    MarksRead,
    Renders,
    Store,
    Tool,
    ToolContext,
    Transaction,
    Workload,
)

_log = structlog.get_logger("cleo.worker")

_LONG_REPLY = 4000
_MEASURED_EVERY = 32
"""Messages of a conversation after which the size of what is kept in memory of it is looked at again."""
_LEASES = 10_000
"""Conversations of which a worker remembers that they were its own."""


@dataclass(frozen=True, slots=True)
class _Step:
    """What there is to do in a conversation: first what goes out, then the run."""

    claimed: ClaimedRun | Wait | None
    delivery: Delivery | None


@dataclass(frozen=True, slots=True)
class _Turn:
    """Whose turn it is: the conversation under its epoch, and the channel that it goes through."""

    id: ConversationId
    epoch: int
    channel: Channel


@dataclass(kw_only=True)
class Worker:
    """Does what there is to do in a conversation. Knows no channel and no model by name."""

    store: Store
    engine: Engine
    clock: Clock
    files: Files
    asker: Asker
    delivery: DeliveryStatus
    loop: ModelLoop
    tools: Mapping[str, Tool]
    zone: ZoneInfo
    extra_instructions: str = ""
    file_max_bytes: int = 64 * 1024 * 1024
    loop_turns: int = 20
    """Turns a minute that each follow at once: beyond them the chat is paused; 0: never."""
    patience: Patience = field(default_factory=Patience)
    reconcile_after: float = 20.0
    """Seconds that a status of a message may take whose send was cut off."""

    def __post_init__(self) -> None:
        """Make the parts that keep nothing but memory."""
        access, queue = self.asker.access, self.asker.queue
        guard = LoopGuard(access=access, queue=queue, limit=self.loop_turns)
        self._claimer = Claimer(access=access, queue=queue, guard=guard)
        self._committer = Committer(asker=self.asker)
        self._one_poison_candidate = asyncio.Lock()
        self._leases: dict[ConversationId, int] = {}
        self._reading: set[asyncio.Task[None]] = set()
        self._deliverer = Deliverer(
            store=self.store,
            engine=self.engine,
            clock=self.clock,
            delivery=self.delivery,
            reconcile_after=self.reconcile_after,
            awake_since=self.clock.now(),
        )
        self._fetcher = Fetcher(
            store=self.store, files=self.files, clock=self.clock, max_bytes=self.file_max_bytes
        )

    async def work(self, conversation: ConversationId) -> None:
        """Work until nothing is left. Stops quietly when another worker took the conversation over."""
        try:
            with bound_contextvars(chat=conversation):
                await self._work(conversation)
        except Fenced:
            _log.info("conversation taken over by another worker")

    async def _work(self, conversation: ConversationId) -> None:
        kept = self._leases.pop(conversation, None)
        taken = await self.store.write(lambda tx: self._take(tx, conversation, kept))
        if taken is None:
            return
        turn, step = taken
        while True:
            if step.claimed is not None:
                failpoint("claim.after_commit")
            await self._deliverer.drain(step.delivery, turn.epoch, turn.channel)
            if step.claimed is None:
                self._keep_lease(turn)
                return
            step = await self._do(step.claimed, turn) or await self.store.write(
                lambda tx: self._look_again(tx, turn)
            )

    async def _do(self, claimed: ClaimedRun | Wait, turn: _Turn) -> _Step | None:
        """Return what is next, when that is known at the end of the run already."""
        if isinstance(claimed, Wait):
            await self.clock.sleep(claimed.seconds)
            return None
        return await (self._alone(claimed, turn) if claimed.poison_candidate else self._run(claimed, turn))

    def _take(self, tx: Transaction, id: ConversationId, kept: int | None) -> tuple[_Turn, _Step] | None:
        """Take a conversation over, unless it still has the epoch that this worker `kept` of it."""
        try:
            work = tx.workloads.look(id, MOST)
        except KeyError:  # a wake from before an upgrade may name what has another id now
            _log.info("woken for a conversation that is not there")
            return None
        channel = self.asker.queue.channels.get(work.conversation.account_key)
        if channel is None:
            _log.warning("account is not set up here", account=str(work.conversation.account_key))
            return None
        if work.epoch != kept:
            work = replace(work, epoch=tx.conversations.lease(id))
        return _Turn(id, work.epoch, channel), self._next_step(tx, work, channel, busy=False)

    def _keep_lease(self, turn: _Turn) -> None:
        """Keep the epoch for the next call: nothing of this one is under way that it would have to fence off."""
        self._leases[turn.id] = turn.epoch
        if len(self._leases) > _LEASES:
            del self._leases[next(iter(self._leases))]

    def _look_again(self, tx: Transaction, turn: _Turn) -> _Step:
        work = tx.workloads.look(turn.id, MOST)
        if work.epoch != turn.epoch:
            raise Fenced("Another worker took this conversation over; this one stops here.")
        return self._next_step(tx, work, turn.channel, busy=True)

    def _next_step(self, tx: Transaction, work: Workload, channel: Channel, *, busy: bool) -> _Step:
        now = self.clock.now()
        work = self._claimer.give_up_hopeless(tx, work, now)
        claimed = self._claimer.claim(tx, work, now, busy=busy)
        return _Step(claimed, self._deliverer.head(tx, work, channel))

    async def _alone(self, claimed: ClaimedRun, turn: _Turn) -> _Step | None:
        """Run a poison candidate's last attempt beside no other one: if the process ends again, it was the cause."""
        async with self._one_poison_candidate:
            await self.store.write(lambda tx: self._claimer.try_again(tx, claimed))
            return await self._run(claimed, turn)

    async def _run(self, claimed: ClaimedRun, turn: _Turn) -> _Step | None:
        with bound_contextvars(run=claimed.run.id):
            return await self._answer(claimed, turn)

    async def _answer(self, claimed: ClaimedRun, turn: _Turn) -> _Step | None:
        log_taken(claimed, self.clock.now())
        self._mark_read(turn.channel, claimed)
        async with shown_typing(turn.channel, claimed.conversation):
            exchange = await self._begin(claimed, turn.channel)
            deps = self._deps(claimed, turn.channel, exchange)
            failpoint("model.before")
            result = await self._until_stopped(claimed, exchange, deps)
            failpoint("model.after")
        if isinstance(result.error, ModelUnavailable) and await self._waits(claimed, result, result.error):
            return None
        return await self._finish(claimed, exchange, result, turn)

    async def _until_stopped(self, claimed: ClaimedRun, exchange: Exchange, deps: RunDeps) -> RunResult:
        async def is_stopped() -> bool:
            run = await self.store.read(lambda tx: tx.runs.open(claimed.conversation.id))
            if run and run.id == claimed.run.id:
                claimed.run = replace(claimed.run, stop=run.stop)
            return bool(claimed.run.stop)

        if claimed.run.stop:
            return stopped(exchange, self.tools)
        result = await unless_stopped(self.loop.run(exchange, deps), is_stopped)
        return result or stopped(exchange, self.tools)

    async def _waits(self, claimed: ClaimedRun, result: RunResult, error: ModelUnavailable) -> bool:
        if result.spent.usage.requests:  # it could be reached meanwhile: this is trouble of its own
            claimed.run = replace(claimed.run, waiting_since=None)
        now, queue = self.clock.now(), self.asker.queue
        return await self.store.write(lambda tx: self.patience.wait(tx, queue, claimed, error, now))

    def _mark_read(self, channel: Channel, claimed: ClaimedRun) -> None:
        """Say that it was read; the answer does not wait for that, nor ends it."""
        if claimed.items and isinstance(channel, MarksRead):
            reading = asyncio.create_task(channel.read(claimed.conversation))
            self._reading.add(reading)
            reading.add_done_callback(self._reading.discard)

    async def _begin(self, claimed: ClaimedRun, channel: Channel) -> Exchange:
        if claimed.run.prompted or not claimed.items:
            return resume(claimed, ())
        references = await self._references(claimed)
        files = await self._fetcher.fetch(claimed.items, channel)
        files |= await self._fetcher.show_again(
            [each.item for each in references.values() if each.item], channel
        )
        is_group = claimed.conversation.is_group
        owners = await self._owners(claimed) if is_group else frozenset[PersonId]()
        told = [*claimed.changes, *claimed.items]
        words = prompt(told, files=files, references=references, named=is_group, owners=owners)
        exchange = resume(claimed, await self._clipper(claimed).prompt(words, claimed.run.id))
        exchange.facts = [*facts(claimed.ended_questions), *losses(claimed.lost), *lateness(claimed.items)]
        return exchange

    async def _references(self, claimed: ClaimedRun) -> Mapping[int, Reference]:
        replies = [item for item in (*claimed.changes, *claimed.items) if item.message.quoted]
        return await self.store.read(lambda tx: find_references(tx, replies)) if replies else {}

    async def _owners(self, claimed: ClaimedRun) -> frozenset[PersonId]:
        """Return who of those that wrote may say yes."""
        people = {item.person for item in (*claimed.changes, *claimed.items)}
        may = self.asker.access.may_approve
        return await self.store.read(lambda tx: frozenset(p for p in people if may(tx.people.get(p))))

    def _deps(self, claimed: ClaimedRun, channel: Channel, exchange: Exchange) -> RunDeps:
        here = claimed.conversation
        now = datetime.fromtimestamp(self.clock.now(), self.zone)
        return RunDeps(
            conversation=here,
            person=claimed.person,
            run=claimed.run.id,
            tools=self.tools,
            store=self.store,
            clock=self.clock,
            access=self.asker.access,
            asker=self.asker,
            instructions=instructions(
                now=now,
                zone=self.zone.key,
                advice=channel.capabilities.advice,
                extra=self.extra_instructions,
                facts=exchange.all_facts(),
            ),
            context=lambda key: self._tool_context(key, claimed),
            checkpoint=Progress(self.store, self._committer, claimed, exchange).checkpoint,
            clip=self._clipper(claimed).result,
        )

    def _clipper(self, claimed: ClaimedRun) -> Clipper:
        return Clipper(
            store=self.store,
            files=self.files,
            clock=self.clock,
            conversation=claimed.conversation.id,
            most=self.loop.budget.piece,
        )

    def _tool_context(self, key: str, claimed: ClaimedRun) -> ToolContext:
        say = ToolMessages(
            key=key,
            here=claimed.conversation,
            queue=self.asker.queue,
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
            render=lambda words: _texts(self.asker.queue.render(claimed.conversation, Text(body=words))),
        )

    async def _finish(self, claimed: ClaimedRun, exchange: Exchange, result: RunResult, turn: _Turn) -> _Step:
        if result.error:
            _log.error("turn failed", reason=str(result.error))
        result.parts = await _rendered(result, turn.channel)
        now, window = self.clock.now(), self._window(claimed, exchange)

        def commit(tx: Transaction) -> tuple[set[ConversationId], _Step]:
            wake = self._committer.commit(tx, claimed, exchange, result, now)
            self._claimer.windows.keep(claimed.conversation.id, window)
            return wake, self._look_again(tx, turn)

        failpoint("answer.before_commit")
        try:
            wake, step = await self.store.write(commit)
        except BaseException:
            self._claimer.windows.drop(claimed.conversation.id)
            raise
        failpoint("answer.after_commit")
        self._claimer.begun.discard(claimed.run.id)
        log_answered(claimed, result, self.clock.now())
        await self.engine.wake(*(wake - {claimed.conversation.id}))
        return step

    def _window(self, claimed: ClaimedRun, exchange: Exchange) -> Window:
        """Return what the next run begins with: as much as a request may hold, measured every some messages."""
        kept: Sequence[ModelMessage] = exchange.messages
        began, before = claimed.bounds
        newest = exchange.first_revision + len(kept) - 1
        if newest // _MEASURED_EVERY > before // _MEASURED_EVERY:
            kept = self.loop.budget.newest(kept, turn=exchange.turn_start())
        return Window(tuple(kept[-WINDOW:]), (began, newest), claimed.epoch)


def _texts(contents: Sequence[Content]) -> list[str]:
    return [content.body for content in contents if isinstance(content, Text)]


async def _rendered(result: RunResult, channel: Channel) -> list[str]:
    """Divide a reply into messages; a long one takes a while, and others must not wait for it."""
    if not isinstance(channel, Renders):
        return [result.reply]
    if len(result.reply) < _LONG_REPLY:
        return channel.render(result.reply, markdown=result.markdown)
    return await asyncio.to_thread(channel.render, result.reply, markdown=result.markdown)

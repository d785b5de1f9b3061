"""The composition root: the only place that knows every part by name."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

import pydantic_ai
import structlog
from fastapi import APIRouter

from cleo.agent import (
    AccessWatch,
    AccountWatch,
    AnswerReader,
    Asker,
    ClaimCode,
    Commands,
    DeliveryStatus,
    ImageAttacher,
    ModelLoop,
    ModelWatch,
    OutboxQueue,
    Patience,
    PromptDelivery,
    Receiver,
    RunLimits,
    Sweeper,
    Worker,
)
from cleo.agent.claim_code import LETTERS
from cleo.app.chosen_backend import backend_context, chosen_backend, enabled_channels
from cleo.app.engines import open_engine
from cleo.app.failpoints import arm_failpoints
from cleo.app.http.access_routes import PATH as ACCESS
from cleo.app.http.access_routes import access_routes
from cleo.app.http.outbox_routes import PATH as OUTBOX
from cleo.app.http.outbox_routes import outbox_routes
from cleo.app.http.readiness import Readiness
from cleo.app.logs import error_summary
from cleo.app.other_parts import other_parts
from cleo.app.settings import Settings, environment, redactor
from cleo.channels.whatsapp.addresses import phone_number
from cleo.channels.whatsapp.backend import PATH as WEBHOOK
from cleo.channels.whatsapp.backend_spec import BackendContext, BackendSpec
from cleo.domain.access import Access
from cleo.domain.conversation import AccountKey
from cleo.domain.errors import ConfigError
from cleo.models import Choice, diagnose, resolve_model
from cleo.ports import Channel, Clock, Engine, Files, KnowsNumber, Store, Tool
from cleo.store import DiskFiles, SystemClock, open_store
from cleo.tools import TOOLS, CronRepeats, load

Role = Literal["all", "api", "worker"]
"""What a process does: receive messages (`api`), answer them (`worker`), or both."""

_log = structlog.get_logger("cleo.app")

pydantic_ai.BANNER_ENABLED = False  # it would stand in the middle of the log


@dataclass(kw_only=True)
class Cleo:
    """The parts of a running agent."""

    settings: Settings
    choice: Choice
    claim: ClaimCode | None
    """Whoever sends it becomes the owner; None: there is one."""
    readiness: Readiness
    webhooks: tuple[APIRouter, ...]
    known_names: frozenset[str]
    """Host names that requests may use."""
    authenticated: frozenset[str]
    """Paths that take any name, because strangers cannot get in anyway."""
    store: Store
    channels: Mapping[AccountKey, Channel]
    _role: Role
    _engine: Engine
    _worker: Worker
    _watch: AccountWatch
    _access_watch: AccessWatch
    _sweeper: Sweeper
    _closing: AsyncExitStack
    on_failure: Callable[[], None] = field(default=lambda: None)

    @asynccontextmanager
    async def working(self) -> AsyncGenerator[None]:
        """Answer people while the block is open."""
        endless = [self._access_watch.run()]
        if self._role != "api":
            endless += [self._sweeper.run(), self._watch.run(), self._engine.run(self._worker.work)]
        tasks = [asyncio.create_task(each) for each in endless]
        for task in tasks:
            task.add_done_callback(self._stopped)
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _stopped(self, task: asyncio.Task[None]) -> None:
        """Report that a task ended, which none should: Cleo must be started again."""
        if task.cancelled():
            return
        error = task.exception()
        self.readiness.failed = error_summary(error) if error else "the line ended"
        _log.critical("stopped", reason=self.readiness.failed)
        self.on_failure()

    async def number(self) -> str:
        """Return the phone number that is linked now; empty: there is none, or it is not known."""
        for channel in self.channels.values():
            if isinstance(channel, KnowsNumber) and (found := await channel.number()):
                return phone_number(found)
        return ""

    async def close(self) -> None:
        """Close the database and all connections."""
        await self._closing.aclose()


async def build(
    settings: Settings, *, bridge_url: str | None, secret: str | None, role: Role = "all"
) -> Cleo:
    """Build all parts; raises `ConfigError` or `StoreError`. The data directory must be locked by this process.

    Without `bridge_url` nothing is sent through a bridge: for an `api`, and for backends that have none.
    """
    arm_failpoints(settings.cleo_fail)
    data = settings.cleo_data
    async with AsyncExitStack() as closing:
        clock = SystemClock(data / "clock")
        store = open_store(settings.database, clock=clock)
        closing.push_async_callback(store.close)
        files = DiskFiles(data / "files", shared=settings.is_shared)
        backend = chosen_backend(settings)
        context = backend_context(settings, bridge_url=bridge_url, secret=secret)
        channels = _channels(context, settings, files, closing)
        engine = await open_engine(settings, closing)
        access = Access(
            owners=settings.cleo_owners,
            users=settings.cleo_allowed_users,
            groups=settings.cleo_allowed_groups,
        )
        claim = await _claim(store, access, role)
        tools = _tools(settings)
        expiry = settings.cleo_confirm_minutes * 60
        queue = OutboxQueue(channels=channels)
        asker = Asker(access=access, queue=queue, tools={tool.name: tool for tool in tools}, expiry=expiry)
        prompts = PromptDelivery(answer_reader=AnswerReader(access, queue), expiry=expiry)
        delivery = DeliveryStatus(clock=clock, queue=queue, listeners=[prompts])
        choice = resolve_model(settings.cleo_model, environment())
        await closing.enter_async_context(choice.model)
        receiver = Receiver(
            store=store,
            engine=engine,
            clock=clock,
            access=access,
            queue=queue,
            delivery=delivery,
            commands=Commands(queue=queue, model=choice.name),
            claim=claim,
            most_waiting=settings.cleo_inbox_max,
        )
        fallback = await _fallback(settings, closing)
        redact = redactor(settings)
        watches = {each.name: _watch(each, clock, redact) for each in (choice, fallback) if each}
        worker = Worker(
            store=store,
            engine=engine,
            clock=clock,
            files=files,
            asker=asker,
            delivery=delivery,
            loop=ModelLoop(
                model=choice.model,
                tools=tools,
                bounds=_bounds(settings),
                images=ImageAttacher(files),
                stream=settings.cleo_stream,
                fallback=fallback.model if fallback else None,
                watch=watches[choice.name],
                fallback_watch=watches[fallback.name] if fallback else None,
                context_tokens=settings.cleo_context_tokens,
            ),
            tools=asker.tools,
            zone=settings.zone,
            extra_instructions=settings.cleo_instructions,
            file_max_bytes=settings.cleo_file_max_bytes,
            loop_turns=settings.cleo_loop_turns,
            patience=Patience(settings.cleo_model_patience),
            reconcile_after=backend.reconcile_after(settings) if backend.reconcile_after else 0.0,
        )
        access_watch = AccessWatch(store=store, engine=engine, clock=clock, access=access)
        await access_watch.look()
        watch = AccountWatch(
            channels=channels, store=store, engine=engine, clock=clock, asker=asker, delivery=delivery
        )
        if role != "api":
            number = backend.number_id(settings)
            for account in channels:
                name = settings.whatsapp_backend
                await watch.note(account, f"{name}:{number}" if number else name)
        return Cleo(
            settings=settings,
            choice=choice,
            claim=claim,
            readiness=Readiness(
                store=store,
                channels={account.channel: each for account, each in channels.items()},
                others=other_parts(
                    access_watch, channels, watches if role != "api" else {}, first=choice.name
                ),
            ),
            webhooks=_routes(context, backend, backend.routes(context, receiver, clock), access_watch),
            known_names=_names(settings),
            authenticated=_authenticated(context, backend),
            store=store,
            channels=channels,
            _role=role,
            _engine=engine,
            _worker=worker,
            _watch=watch,
            _access_watch=access_watch,
            _sweeper=Sweeper(
                store=store,
                engine=engine,
                clock=clock,
                queue=queue,
                repeats=CronRepeats(),
                keep=settings.cleo_keep_days * 86_400.0,
            ),
            _closing=closing.pop_all(),
        )
    raise AssertionError("unreachable: an exit stack swallows nothing here")


def _channels(
    context: BackendContext, settings: Settings, files: Files, closing: AsyncExitStack
) -> dict[AccountKey, Channel]:
    channels: dict[AccountKey, Channel] = {}
    for name, make_channel in enabled_channels(settings).items():
        if backend := chosen_backend(settings).open(context, files):
            closing.push_async_callback(backend.close)
            channels[AccountKey(name)] = make_channel(backend)
    return channels


def _routes(
    context: BackendContext, backend: BackendSpec, webhook: APIRouter, watch: AccessWatch
) -> tuple[APIRouter, ...]:
    """Return the webhook, and what strangers must not use: that needs a secret or a private webhook."""
    if backend.has_public_webhook and not context.secret:
        return (webhook,)
    return webhook, outbox_routes(watch.store, context.secret), access_routes(watch, context.secret)


def _names(settings: Settings) -> frozenset[str]:
    public = urlsplit(settings.cleo_api_url or "").hostname
    return frozenset(name for name in (settings.cleo_host, public, *settings.cleo_allowed_hosts) if name)


def _authenticated(context: BackendContext, backend: BackendSpec) -> frozenset[str]:
    """Return the paths on which a secret or a signature is asked for."""
    if context.secret:
        return frozenset({WEBHOOK, OUTBOX, ACCESS})
    return frozenset({WEBHOOK} if backend.has_public_webhook else ())


def _tools(settings: Settings) -> tuple[Tool, ...]:
    return TOOLS + load(settings.cleo_tools, taken=TOOLS)


def _bounds(settings: Settings) -> RunLimits:
    steps = settings.cleo_max_steps
    tokens = settings.cleo_max_tokens or RunLimits().tokens
    return RunLimits(requests=steps, tool_calls=2 * steps, tokens=tokens, cost=settings.cleo_max_cost)


async def _fallback(settings: Settings, closing: AsyncExitStack) -> Choice | None:
    if settings.cleo_model_fallback is None:
        return None
    choice = resolve_model(settings.cleo_model_fallback, environment())
    await closing.enter_async_context(choice.model)
    return choice


def _watch(choice: Choice, clock: Clock, redact: Callable[[str], str]) -> ModelWatch:
    def explain(error: BaseException) -> str:
        return redact(diagnose(error, choice.name, choice.model.base_url or "").what.removeprefix("Model: "))

    return ModelWatch(name=choice.name, clock=clock, explain=explain)


async def _claim(store: Store, access: Access, role: Role) -> ClaimCode | None:
    """Return a claim code when there is no owner yet, neither by setting nor by an earlier code."""
    if access.owners or await store.read(lambda tx: tx.people.owners()):
        return None
    if role != "all":
        raise ConfigError(
            "Nobody owns this Cleo yet, and a claim code works only with `cleo up`. Name the owners. "
            "For example: CLEO_OWNERS=+4915112345678"
        )
    letters = "".join(secrets.choice(LETTERS) for _ in range(8))
    return ClaimCode(f"{letters[:4]}-{letters[4:]}")

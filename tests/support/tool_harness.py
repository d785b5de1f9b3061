"""A harness for trying tools: a real store, real files, a fake clock, and what was said."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.support.clock import FakeClock

from cleo.agent.approval.tool_contexts import confirmed, preparing
from cleo.channels.whatsapp.text.render import render_markdown
from cleo.domain.content import Content
from cleo.domain.conversation import ConversationId
from cleo.domain.identity import Address, PersonId
from cleo.ports import Store, Tool, ToolContext
from cleo.store import DiskFiles, open_store

MONDAY = 1_795_442_645.0
"""2026-11-23T15:04:05+01:00."""


BERLIN = ZoneInfo("Europe/Berlin")
HERE = ConversationId("whatsapp/anna")


@dataclass
class Said:
    """Something that a tool said."""

    content: Content
    to: Address | None
    key: str
    is_plain: bool = False


@dataclass
class ToolHarness:
    """Calls tools as the agent would, one idempotency key a call unless the test repeats one."""

    root: Path
    clock: FakeClock = field(default_factory=lambda: FakeClock(MONDAY))
    zone: ZoneInfo = BERLIN
    said: list[Said] = field(default_factory=list[Said])
    conversation: ConversationId = HERE
    calls: int = 0
    frozen: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])

    def __post_init__(self) -> None:
        self.store: Store = open_store(f"sqlite:///{self.root / 'cleo.db'}", clock=self.clock)
        self.person = PersonId("anna")

    async def meet(self, address: Address) -> None:
        """Let the asking person have this address."""
        person = await self.store.write(
            lambda tx: tx.people.resolve(frozenset({address}), "Anna", self.clock.now())
        )
        self.person = person.id

    async def call(self, tool: Tool, *, key: str = "", **arguments: Any) -> str:
        """Run a tool; a repeat with the same key is the agent's repeat after a crash, with what was shown before."""
        self.calls += 1
        key = key or f"call-{self.calls}"
        if key not in self.frozen:
            self.frozen[key] = await self.shown(tool, **arguments)
        function: Callable[..., Any] = tool.function
        context = self.context(key)
        return str(
            await function(confirmed(context) if tool.requires_confirmation else context, **self.frozen[key])
        )

    async def shown(self, tool: Tool, **arguments: Any) -> dict[str, Any]:
        """Tell with which arguments a question would be asked."""
        prepare: Callable[..., Any] | None = tool.prepare
        return await prepare(preparing(self.context("prepare")), **arguments) if prepare else arguments

    def context(self, key: str) -> ToolContext:
        async def say(content: Content, *, to: Address | None = None, markdown: bool = True) -> None:
            if not any(one.key == key for one in self.said):
                self.said.append(Said(content, to, key, not markdown))

        return ToolContext(
            conversation=self.conversation,
            person=self.person,
            key=key,
            zone=self.zone,
            clock=self.clock,
            store=self.store,
            files=DiskFiles(self.root / "files"),
            say=say,
            render=lambda words: render_markdown(words, 4000),
        )

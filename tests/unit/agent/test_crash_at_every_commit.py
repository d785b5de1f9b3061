"""The power fails at every commit of a story, just before it or just after it; then everything starts again.

The other side does what WhatsApp and the bridge do: it repeats a message until it was told "accepted".
"""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from tests.support.agent_harness import AgentHarness

from cleo.domain.content import Content, MessageId, Reaction
from cleo.ports import Store, Tool, ToolContext, Transaction

T = TypeVar("T")

effects: list[str] = []


class Crash(BaseException):
    """Nothing in the agent may survive it."""


class Mortal:
    """A store whose process dies at one of its commits."""

    def __init__(self, store: Store, life: "Life") -> None:
        self._store = store
        self._life = life

    async def write(self, work: Callable[[Transaction], T]) -> T:
        if self._life.ends(before=True):
            raise Crash
        value = await self._store.write(work)
        if self._life.ends(before=False):
            raise Crash
        return value

    async def read(self, work: Callable[[Transaction], T]) -> T:
        return await self._store.read(work)

    async def close(self) -> None:
        await self._store.close()


class Life:
    """Counts commits; dies once, at `at`."""

    def __init__(self, at: int, *, before: bool) -> None:
        self.at = at
        self.before = before
        self.commits = 0

    def ends(self, *, before: bool) -> bool:
        if before:
            self.commits += 1
        return before == self.before and self.commits == self.at


class MortalHarness(AgentHarness):
    life = Life(0, before=True)

    def open(self) -> None:
        super().open()
        mortal = Mortal(self.store, self.life)
        self.store = mortal  # type: ignore[assignment]  # same port
        for part in (self.receiver, self.sweeper):
            part._store = mortal  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]
        self.worker.store = mortal
        self.worker.__post_init__()

    async def insist(self, content: Content | str) -> None:
        """Deliver one message as WhatsApp does: again and again until it was accepted."""
        self.clock.advance(5)
        number = self.count
        while True:
            self.count = number
            try:
                await self.hear(content)
                await self.settle()
                return
            except Crash:
                while True:
                    try:
                        await self.restart()
                        break
                    except Crash:
                        pass


async def wipe(name: str) -> str:
    """Needs a yes and may not be repeated."""
    effects.append(f"wipe {name}")
    return f"wiped {name}"


async def send(name: str) -> str:
    """Runs without a yes, and may not be repeated."""
    effects.append(f"send {name}")
    return f"sent {name}"


kept: set[str] = set()


async def keep(ctx: ToolContext, name: str) -> str:
    """May be repeated: its effect happens once a key."""
    if ctx.key not in kept:
        kept.add(ctx.key)
        effects.append(f"keep {name}")
    return f"kept {name}"


TOOLS = (
    Tool(name="wipe", function=wipe, requires_confirmation=True),
    Tool(name="send", function=send),
    Tool(name="keep", function=keep, repeatable=True),
)


async def story(harness: MortalHarness) -> None:
    await harness.insist("one")
    await harness.insist('do keep {"name": "k"}')
    await harness.insist('do send {"name": "s"}')
    await harness.insist('do wipe {"name": "w"}')
    await harness.insist(Reaction(emoji="👍", to=MessageId(harness.question().id)))
    await harness.insist("two")


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
async def test_crash_at_every_commit(tmp_path: Path, before: bool) -> None:
    at, longest = 1, 1
    while at <= longest:
        effects.clear()
        kept.clear()
        harness = MortalHarness(tmp_path / f"{before}{at}", TOOLS)
        harness.life.at, harness.life.before, harness.life.commits = at, before, 0
        await story(harness)
        longest = max(longest, harness.life.commits if at == 1 else longest)
        judge(harness, at)
        await harness.store.close()
        at += 1
    assert longest > 20


def judge(harness: MortalHarness, at: int) -> None:
    texts = [message.text for message in harness.channel.delivered if message.text]
    counted = Counter(effects)
    assert max(counted.values()) == 1, f"commit {at}: an effect happened twice: {effects}"
    answered = [text for text in texts if re.match(r"you said: (one|two)", text)]
    assert answered == ["you said: one", "you said: two"], f"commit {at}: {texts}"
    assert "kept k" in texts, f"commit {at}: {texts}"
    sure = [t for t in texts if t in ("sent s", "wiped w")]
    doubtful = [t for t in texts if "outcome unknown" in t]
    assert len(sure) + len(doubtful) == 2, f"commit {at}: {texts}"
    assert len(doubtful) <= 1
    assert len({m.key for m in harness.channel.delivered}) == len(harness.channel.delivered)

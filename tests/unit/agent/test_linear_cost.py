"""A message of twice the length costs about twice the time: received, made a prompt, answered by rules, rendered."""

import time
from pathlib import Path

import pytest
from tests.support.agent_harness import AgentHarness, FakeChannel

from cleo.agent import ModelLoop, RunLimits
from cleo.channels.whatsapp.text.render import render_markdown, render_plain
from cleo.domain.content import MessageId
from cleo.domain.message import Quoted
from cleo.models import resolve_model
from cleo.tools import TOOLS

LENGTH = 64 * 1024
RATIO = 2.5
AT_ONCE = 0.25
"""Seconds of CPU for half the text below which what does not depend on the text counts more."""
TEXTS = {
    "newlines": "\n",
    "spaces": " ",
    "dashes": "-a ",
    "brackets": "[(",
    "combining marks": "e\u0301\u0336",
    "one long word": "a",
    "stars": "**a",
    "addresses": "http://a.",
    "digits": "1",
    "right-to-left": "\u202e",
}


class RenderingChannel(FakeChannel):
    def render(self, text: str, *, markdown: bool = True) -> list[str]:
        return (render_markdown if markdown else render_plain)(text, 4000)


class Rendering(AgentHarness):
    """An agent whose model are the rules, and whose channel makes WhatsApp's marks."""

    def open(self) -> None:
        choice = resolve_model("builtin:basic", {})
        self.tools = {tool.name: tool for tool in TOOLS}
        self.loop = ModelLoop(model=choice.model, tools=TOOLS, bounds=RunLimits())
        self.channel = RenderingChannel()
        super().open()


async def cpu(root: Path, text: str) -> float:
    harness = Rendering(root)
    await harness.say("hello")
    start = time.process_time()
    quoted = Quoted(id=MessageId("Q"), text=text)
    await harness.say(f"note: {text}", quoted=quoted)
    await harness.say(text)
    taken = time.process_time() - start
    await harness.store.close()
    return taken


@pytest.mark.parametrize("fragment", TEXTS.values(), ids=TEXTS)
async def test_twice_the_text_costs_twice_the_time(tmp_path: Path, fragment: str) -> None:
    whole = (fragment * LENGTH)[:LENGTH]
    ratios: list[float] = []
    for attempt in range(3):  # a busy machine may spoil one
        half = await cpu(tmp_path / f"half{attempt}", whole[: LENGTH // 2])
        ratios.append(await cpu(tmp_path / f"whole{attempt}", whole) / max(half, AT_ONCE))
        if ratios[-1] < RATIO:
            break
    assert min(ratios) < RATIO

"""What is shown is what runs: arguments are resolved before the question, and frozen with the code that gets them."""

import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic_ai.models.function import FunctionModel
from tests.support.agent_harness import OWNER, AgentHarness

from cleo.agent import ModelLoop, RunLimits
from cleo.domain.confirmation import State
from cleo.domain.content import Reaction, Text
from cleo.domain.errors import ToolError
from cleo.domain.identity import Address
from cleo.ports import Tool, ToolContext
from cleo.tools import tool
from cleo.tools.messages import send_message

effects: list[str] = []
newest: list[str] = []

Prepared = Mapping[str, object]


async def resolve(ctx: ToolContext, name: str) -> Prepared:
    if name == "last":
        return {"name": newest[-1]}
    if not name.startswith("disk"):
        raise ToolError(f"There is no {name}. There are disk-1 and disk-2.")
    return {"name": name.strip()}


async def wipe(name: str) -> str:
    """Wipe something."""
    effects.append(name)
    return f"wiped {name}"


async def wipe_otherwise(name: str) -> str:
    """Wipe something."""
    effects.append(name.upper())
    return f"wiped {name}"


WIPE = Tool(name="wipe", function=wipe, requires_confirmation=True, prepare=resolve)


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AgentHarness]:
    effects.clear()
    newest[:] = ["disk-1"]
    harness = AgentHarness(tmp_path, [WIPE, send_message])
    yield harness
    await harness.store.close()


async def restarted(harness: AgentHarness, *tools: Tool) -> None:
    """Stop Cleo, and start another version of it on the same data; it has not worked yet."""
    await harness.store.close()
    harness.tools = {tool.name: tool for tool in tools}
    harness.loop = ModelLoop(
        model=FunctionModel(harness.model), tools=harness.tools.values(), bounds=RunLimits()
    )
    harness.open()


async def state(harness: AgentHarness) -> State:
    row = await harness.store.read(lambda tx: tx.confirmations.get(harness.ref()))
    assert row is not None
    return row.state


async def yes(harness: AgentHarness) -> list[str]:
    return await harness.react("👍", harness.question().id)


# ── resolved before the question ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("meanwhile", [False, True])
async def test_what_last_meant_when_it_was_shown_is_what_runs(harness: AgentHarness, meanwhile: bool) -> None:
    await harness.say('do wipe {"name": "last"}')
    assert "name: `disk-1`" in harness.question().text
    newest.append("disk-2")
    if meanwhile:
        await harness.say("what is the weather?")
    await harness.restart()
    assert await yes(harness) == ["wiped disk-1"]
    assert effects == ["disk-1"]


async def test_a_refusal_to_resolve_is_told_to_the_model_and_nobody_is_asked(harness: AgentHarness) -> None:
    said = await harness.say('do wipe {"name": "tape"}')
    assert said == ["There is no tape. There are disk-1 and disk-2."]
    assert harness.questions() == []


async def test_one_call_that_cannot_be_resolved_does_not_stop_the_others(harness: AgentHarness) -> None:
    await harness.say('do wipe {"name": "tape"}\ndo wipe {"name": "last"}')
    assert len(harness.questions()) == 1
    await yes(harness)
    assert effects == ["disk-1"]


def plainly(name: str) -> Prepared:
    return {"name": f"disk-{name}"}


async def too_much(ctx: ToolContext, name: str) -> Prepared:
    return {"name": name, "hard": True}


async def too_little(ctx: ToolContext, name: str) -> Prepared:
    return {}


async def breaks(ctx: ToolContext, name: str) -> Prepared:
    raise OSError("secret of the disk")


async def speaks(ctx: ToolContext, name: str) -> Prepared:
    await ctx.say(Text(body="hello from prepare"))
    return {"name": name}


async def writes(ctx: ToolContext, name: str) -> Prepared:
    await ctx.store.write(lambda tx: tx.people.claim_owner(ctx.person))
    return {"name": name}


async def test_a_plain_function_without_context_may_resolve_too(harness: AgentHarness) -> None:
    await restarted(harness, replace(WIPE, prepare=plainly))
    await harness.say('do wipe {"name": "9"}')
    assert "name: `disk-9`" in harness.question().text
    await yes(harness)
    assert effects == ["disk-9"]


@pytest.mark.parametrize("prepare", [too_much, too_little, breaks, speaks, writes])
async def test_what_prepare_may_not_do_ends_in_no_question_and_no_effect(
    harness: AgentHarness, prepare: Callable[..., Awaitable[Prepared]]
) -> None:
    await restarted(harness, replace(WIPE, prepare=prepare))
    [said] = await harness.say('do wipe {"name": "disk-1"}')
    assert "NOT DONE" in said
    assert "secret" not in said
    assert harness.questions() == []
    assert effects == []


def test_a_tool_that_asks_nobody_has_nothing_to_prepare() -> None:
    with pytest.raises(ToolError.__mro__[1], match="never asks"):
        tool(prepare=resolve)(wipe)


# ── the bytes that were approved are the bytes that are sent ───────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    ["[ok](https://evil.example/x)", "*bold*", "a_b_c", "`code`", "~~gone~~", "> quote", "1. one", "\\*"],
)
async def test_a_message_goes_out_as_it_was_shown(harness: AgentHarness, text: str) -> None:
    harness.channel.render = lambda text, *, markdown=True: [f"<{text}>"] if markdown else [text]  # type: ignore[method-assign]  # shows that it was used
    await harness.say(
        "do send_message " + f'{{"to": "+49 151 23456789", "text": "{text}"}}'.replace("\\", "\\\\")
    )
    shown = f"<{text}>".replace("`", "[U+0060 GRAVE ACCENT]")
    assert f"text: `{shown}`" in harness.question().text
    assert "to: `+4915123456789`" in harness.question().text
    await yes(harness)
    sent = [each.text for each in harness.channel.delivered if each.to.endswith("+4915123456789")]
    assert sent == [f"<{text}>"]
    assert Address("phone:+4915123456789") in harness.channel.written_to


async def shout(ctx: ToolContext, text: str) -> str:
    """Say something."""
    await ctx.say(Text(body=text))
    return "said"


async def test_no_tool_that_asks_turns_its_words_into_others_afterwards(harness: AgentHarness) -> None:
    await restarted(harness, Tool(name="shout", function=shout, requires_confirmation=True))
    harness.channel.render = lambda text, *, markdown=True: [f"<{text}>"] if markdown else [text]  # type: ignore[method-assign]  # shows that it was used
    await harness.say('do shout {"text": "**hi**"}')
    assert "**hi**" in await yes(harness)


async def test_words_that_are_too_long_for_one_message_go_out_whole(harness: AgentHarness) -> None:
    await restarted(harness, Tool(name="shout", function=shout, requires_confirmation=True))
    text = "".join(chr(97 + number % 26) for number in range(9000))
    await harness.say(f'do shout {{"text": "{text}"}}')
    await yes(harness)
    said = [each.text for each in harness.channel.delivered if each.key.startswith("say:")]
    assert "".join(said) == text
    assert max(map(len, said)) <= 4000


# ── the code is part of what was approved ──────────────────────────────────────────────────────────────


def made(target: str) -> Callable[[str], Awaitable[str]]:
    async def wipe(name: str) -> str:
        """Wipe something."""
        effects.append(f"{target}/{name}")
        return "wiped"

    return wipe


def wrapped(function: Callable[..., Awaitable[str]], before: str) -> Callable[..., Awaitable[str]]:
    @functools.wraps(function)
    async def wrapper(*args: Any, **more: Any) -> str:
        effects.append(before)
        return await function(*args, **more)

    return wrapper


def helper_a(name: str) -> str:
    return f"a {name}"


def helper_b(name: str) -> str:
    return f"b {name}"


def calling(helper: Callable[[str], str]) -> Callable[..., Awaitable[str]]:
    async def wipe(name: str) -> str:
        """Wipe something."""
        effects.append(helper(name))
        return "wiped"

    return wipe


def by_default(target: str) -> Callable[..., Awaitable[str]]:
    def where(name: str, at: str = target) -> str:
        return f"{at}{name}"

    return calling(where)


class Wiper:
    def __init__(self, target: str) -> None:
        self.target = target

    async def wipe(self, name: str) -> str:
        """Wipe something."""
        effects.append(f"{self.target}{name}")
        return "wiped"


async def resolve_otherwise(ctx: ToolContext, name: str) -> Prepared:
    return {"name": name}


CHANGES: dict[str, tuple[Tool, Tool]] = {
    "code": (WIPE, replace(WIPE, function=wipe_otherwise)),
    "prepare": (WIPE, replace(WIPE, prepare=resolve_otherwise)),
    "no prepare": (WIPE, replace(WIPE, prepare=None)),
    "closure": (replace(WIPE, function=made("a")), replace(WIPE, function=made("b"))),
    "wrapper": (WIPE, replace(WIPE, function=wrapped(wipe, "before"))),
    "wrapped": (
        replace(WIPE, function=wrapped(wipe, "x")),
        replace(WIPE, function=wrapped(wipe_otherwise, "x")),
    ),
    "helper": (replace(WIPE, function=calling(helper_a)), replace(WIPE, function=calling(helper_b))),
    "default": (replace(WIPE, function=by_default("a")), replace(WIPE, function=by_default("b"))),
    "object": (replace(WIPE, function=Wiper("a").wipe), replace(WIPE, function=Wiper("b").wipe)),
    "title": (WIPE, replace(WIPE, title="polish a disk")),
}


@pytest.mark.parametrize("meanwhile", [False, True])
@pytest.mark.parametrize(("before", "after"), CHANGES.values(), ids=CHANGES)
async def test_a_yes_to_a_tool_whose_code_is_another_one_by_now_is_asked_for_anew(
    harness: AgentHarness, before: Tool, after: Tool, meanwhile: bool
) -> None:
    await restarted(harness, before)
    await harness.say('do wipe {"name": "disk-1"}')
    if meanwhile:
        await harness.say("what is the weather?")
    await harness.hear(Reaction(emoji="👍", to=harness.question().id), OWNER)
    await restarted(harness, after)
    await harness.settle()
    assert effects == []
    assert await state(harness) == "cancelled"
    assert "asked anew" in harness.channel.delivered[-1].text


@pytest.mark.parametrize(
    "same",
    [
        WIPE,
        replace(WIPE, function=made("a")),
        replace(WIPE, function=wrapped(wipe, "x")),
        replace(WIPE, function=calling(helper_a)),
        replace(WIPE, function=Wiper("a").wipe),
        replace(WIPE, timeout=5.0),
    ],
)
async def test_a_yes_to_the_same_code_outlives_a_restart_and_what_it_changed_meanwhile(
    harness: AgentHarness, same: Tool
) -> None:
    await restarted(harness, same)
    await harness.say('do wipe {"name": "disk-1"}')
    effects.append("something else ran")
    await harness.hear(Reaction(emoji="👍", to=harness.question().id), OWNER)
    await restarted(harness, replace(same))
    await harness.settle()
    assert len(effects) >= 2
    assert await state(harness) == "succeeded"

"""What a provider refuses for good is found and replaced by a sentence; the chat goes on, also after a restart."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.messages import (
    BinaryContent,
    ModelMessage,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models.function import AgentInfo, FunctionModel
from tests.support.scripted_model import ScriptedHarness, answers, calls, parts

from cleo.agent import ImageAttacher, ModelLoop, RunLimits
from cleo.agent.model.budget import size
from cleo.agent.model.quarantine import MOST, NO_MESSAGE, NO_PICTURE, NO_RESULT
from cleo.domain.content import File
from cleo.ports import Tool
from cleo.store import DiskFiles

Refuses = Callable[[list[ModelMessage]], bool]


def holds(word: str) -> Refuses:
    return lambda messages: any(
        word in str(getattr(part, "content", ""))
        for part in parts(messages)
        if not isinstance(part, ToolCallPart)
    )


def pictures(messages: list[ModelMessage]) -> list[BinaryContent]:
    prompts = [part for part in parts(messages) if isinstance(part, UserPromptPart)]
    return [p for part in prompts for p in part.content if isinstance(p, BinaryContent)]


def arguments(messages: list[ModelMessage]) -> list[object]:
    return [part.args for part in parts(messages) if isinstance(part, ToolCallPart)]


@dataclass
class Provider:
    """Refuses what `refuses` says with a status for good; calls what a prompt says; else says "ok"."""

    refuses: list[Refuses] = field(default_factory=list[Refuses])
    status: int = 400
    count: int = 0
    seen: list[list[ModelMessage]] = field(default_factory=list[list[ModelMessage]])
    steps: list[ModelResponse] = field(default_factory=list[ModelResponse])

    async def __call__(self, messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        self.count += 1
        if any(refuses(messages) for refuses in self.refuses):
            raise ModelHTTPError(self.status, "m")
        self.seen.append(list(messages))
        return self.steps.pop(0) if self.steps else answers(TextPart("ok"))


async def fetch(page: str) -> str:
    """Fetch a page."""
    return {"long": "x" * 9_000, "bad": "POISON"}.get(page, f"page {page}")


class ProviderHarness(ScriptedHarness):
    def __init__(self, root: Path) -> None:
        self.provider = Provider()
        super().__init__(
            root, [Tool(name="fetch", function=fetch, read_only=True)], FunctionModel(self.provider)
        )

    def make_loop(self) -> ModelLoop:
        images = ImageAttacher(DiskFiles(self.root / "files"))
        return ModelLoop(model=self.asked, tools=self.tools.values(), bounds=RunLimits(), images=images)

    async def picture(self, words: str, data: bytes) -> list[str]:
        self.channel.files[words] = data
        return await self.say(File(kind="image", url=words, mimetype="image/png", caption=words))

    async def goes_on(self) -> None:
        """Say something more, before and after a restart: each is one request, and it is answered."""
        for restart in (False, True):
            if restart:
                await self.restart()
            before = self.provider.count
            assert await self.say("and now?") == ["ok"]
            assert self.provider.count == before + 1


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[ProviderHarness]:
    harness = ProviderHarness(tmp_path)
    yield harness
    await harness.store.close()


@pytest.mark.parametrize("status", [400, 413, 422])
async def test_a_picture_that_is_refused_is_left_out_and_its_neighbours_stay(
    harness: ProviderHarness, status: int
) -> None:
    harness.provider.status = status
    await harness.picture("good", b"good")
    harness.provider.refuses = [lambda messages: any(p.data == b"bad" for p in pictures(messages))]
    assert await harness.picture("bad", b"bad") == ["ok"]
    newest = harness.provider.seen[-1]
    assert [picture.data for picture in pictures(newest)] == [b"good"]
    assert str(newest).count(NO_PICTURE) == 1
    await harness.goes_on()


async def test_a_model_that_takes_no_pictures_at_all_answers_without(harness: ProviderHarness) -> None:
    harness.provider.refuses = [lambda messages: bool(pictures(messages))]
    assert await harness.picture("one", b"1") == ["ok"]
    await harness.goes_on()


async def test_a_model_that_reads_less_than_was_thought(harness: ProviderHarness) -> None:
    for number in range(12):
        await harness.say(f"{number} " + "b" * 3_000)
    harness.provider.refuses = [lambda messages: sum(map(size, messages)) > 4_500]
    assert await harness.say("go") == ["ok"]
    before = harness.provider.count
    assert await harness.say("and now?") == ["ok"]
    assert harness.provider.count == before + 1, "it is remembered"
    assert harness.loop.budget.tokens < 10_000


async def test_a_result_that_is_refused_is_left_out_alone(harness: ProviderHarness) -> None:
    harness.provider.refuses = [holds("POISON")]
    pages = ("a", "b", "bad", "c", "d")
    harness.provider.steps = [answers(*(calls("fetch", {"page": page}, page) for page in pages))]
    assert await harness.say("go") == ["ok"]
    results = [part.content for part in parts(harness.provider.seen[-1]) if isinstance(part, ToolReturnPart)]
    assert results == ["page a", "page b", NO_RESULT, "page c", "page d"]
    await harness.goes_on()


async def test_two_guilty_results_are_both_found(harness: ProviderHarness) -> None:
    harness.provider.refuses = [holds("POISON")]
    pages = ("bad", "a", "b", "bad")
    harness.provider.steps = [answers(*(calls("fetch", {"page": p}, f"c{n}") for n, p in enumerate(pages)))]
    assert await harness.say("go") == ["ok"]
    results = [part.content for part in parts(harness.provider.seen[-1]) if isinstance(part, ToolReturnPart)]
    assert results == [NO_RESULT, "page a", "page b", NO_RESULT]
    await harness.goes_on()


async def test_arguments_that_the_provider_does_not_take_back(harness: ProviderHarness) -> None:
    def refuses(messages: list[ModelMessage]) -> bool:
        return any("broken" in str(args) for args in arguments(messages))

    harness.provider.refuses = [refuses]
    harness.provider.steps = [
        answers(calls("fetch", '{"page": broken', "x"), calls("fetch", {"page": "a"}, "y"))
    ]
    assert await harness.say("go") == ["ok"]
    assert arguments(harness.provider.seen[-1]) == [{}, {"page": "a"}]
    await harness.goes_on()


async def test_something_of_long_ago_is_found_and_the_rest_is_kept(harness: ProviderHarness) -> None:
    for words in ("one", "two POISON", "three", "four", "five"):
        await harness.say(words)
    harness.provider.refuses = [holds("POISON")]
    assert await harness.say("go") == ["ok"]
    newest = str(harness.provider.seen[-1])
    assert newest.count(NO_MESSAGE) == 1
    assert all(word in newest for word in ("one", "three", "four", "five"))
    await harness.goes_on()


async def test_a_prompt_that_is_refused_is_said_honestly(harness: ProviderHarness) -> None:
    await harness.say("one")
    harness.provider.refuses = [holds("POISON")]
    [notice] = await harness.say("POISON")
    assert "refused your last message" in notice
    await harness.goes_on()
    assert "one" in str(harness.provider.seen[-1])


async def test_a_provider_that_refuses_everything_costs_a_few_requests_and_no_memory(
    harness: ProviderHarness,
) -> None:
    await harness.say("one")
    harness.provider.refuses = [lambda messages: True]
    before = harness.provider.count
    [notice] = await harness.say("two")
    assert "400" in notice and "Error" not in notice
    assert harness.provider.count - before <= MOST
    harness.provider.refuses = []
    assert await harness.say("three") == ["ok"]
    newest = str(harness.provider.seen[-1])
    assert "one" in newest and "two" in newest and NO_MESSAGE not in newest


async def test_many_suspects_are_left_out_together_when_requests_run_out(harness: ProviderHarness) -> None:
    harness.provider.refuses = [holds("POISON")]
    harness.provider.steps = [
        answers(*(calls("fetch", {"page": "bad" if n % 2 else "a"}, f"c{n}") for n in range(20)))
    ]
    before = harness.provider.count
    assert await harness.say("go") == ["ok"]
    assert harness.provider.count - before <= MOST + 1
    await harness.goes_on()

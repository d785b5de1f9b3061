"""A model behind an OpenAI-compatible endpoint, over real HTTP, as `resolve_model` builds it."""

from collections.abc import AsyncIterator, Iterator

import pytest
from pydantic_ai import Agent
from pydantic_ai.exceptions import ModelAPIError, ModelHTTPError, UnexpectedModelBehavior
from pydantic_ai.settings import ModelSettings
from tests.support.openai_mock import Breaks, Calls, Fails, Garbage, Hangs, OpenAIMock, Says, wrong_history

from cleo.models import resolve_model


@pytest.fixture
def mock() -> Iterator[OpenAIMock]:
    with OpenAIMock() as server:
        yield server


@pytest.fixture
async def agent(mock: OpenAIMock) -> AsyncIterator[Agent[None, str]]:
    environment = {"OPENAI_BASE_URL": mock.base_url, "OPENAI_API_KEY": "test"}
    choice = resolve_model("openai-chat:mock-1", environment, probe=lambda server: None)
    made = Agent(choice.model, model_settings=ModelSettings(timeout=0.5))

    @made.tool_plain
    def add(one: int, other: int) -> str:
        """Add."""
        return str(one + other)

    async with choice.model:
        yield made


async def test_it_answers(agent: Agent[None, str], mock: OpenAIMock):
    mock.script = [Says("Hello!")]
    result = await agent.run("Hi")
    assert result.output == "Hello!"
    [request] = mock.requests
    assert request["model"] == "mock-1"
    assert [tool["function"]["name"] for tool in request["tools"]] == ["add"]


async def test_it_calls_tools_and_sends_their_results_back(agent: Agent[None, str], mock: OpenAIMock):
    mock.script = [Calls((("add", {"one": 1, "other": 2}), ("add", {"one": 3, "other": 4}))), Says("3 and 7")]
    result = await agent.run("Add")
    assert result.output == "3 and 7"
    assert [m["content"] for m in mock.requests[1]["messages"] if m["role"] == "tool"] == ["3", "7"]
    assert mock.refused == []


async def test_it_streams(agent: Agent[None, str], mock: OpenAIMock):
    mock.script = [Calls((("add", {"one": 20, "other": 22}),)), Says("It is 42")]
    async with agent.run_stream_events("Add") as events:
        kinds = [type(event).__name__ async for event in events]
    assert kinds[-1] == "AgentRunResultEvent"
    assert all(request["stream"] for request in mock.requests)
    assert [m["content"] for m in mock.requests[1]["messages"] if m["role"] == "tool"] == ["42"]


@pytest.mark.parametrize("status", [429, 500])
async def test_a_passing_failure_is_tried_again(agent: Agent[None, str], mock: OpenAIMock, status: int):
    mock.script = [Fails(status, retry_after="0"), Says("at last")]
    assert (await agent.run("Hi")).output == "at last"


async def test_a_lasting_failure_is_a_typed_error(agent: Agent[None, str], mock: OpenAIMock):
    mock.script = [Fails(400, "context too long")]
    with pytest.raises(ModelHTTPError) as failed:
        await agent.run("Hi")
    assert failed.value.status_code == 400


@pytest.mark.parametrize("answer", [Hangs(1.0), Garbage(), Breaks()])
async def test_silence_garbage_and_broken_answers_are_model_errors(
    agent: Agent[None, str], mock: OpenAIMock, answer: Hangs | Garbage | Breaks
):
    mock.script = [answer] * 3
    with pytest.raises((ModelAPIError, UnexpectedModelBehavior)):
        await agent.run("Hi")


async def test_it_refuses_what_the_real_one_refuses():
    call = {"role": "assistant", "tool_calls": [{"id": "a"}]}
    user, result = {"role": "user", "content": "x"}, {"role": "tool", "tool_call_id": "a", "content": "1"}
    assert wrong_history([user, call, result, user]) == ""
    assert "did not have response" in wrong_history([user, call])
    assert "did not have response" in wrong_history([user, call, user, result])
    assert "must be a response" in wrong_history([user, result])
    assert wrong_history([]) and wrong_history([{"role": "assistant", "content": None}])


@pytest.mark.parametrize(
    "spoken",
    [
        '{"name": "add", "arguments": {"one": 1, "other": 2}}',
        '```json\n{"name": "add", "parameters": {"one": 1, "other": 2}}\n```',
        '<tool_call>{"name": "add", "arguments": {"one": 1, "other": 2}}</tool_call>',
    ],
)
async def test_a_call_that_a_small_model_prints_is_made(
    agent: Agent[None, str], mock: OpenAIMock, spoken: str
):
    mock.script = [Says(spoken), Says("It is 3")]
    assert (await agent.run("Add")).output == "It is 3"
    assert [m["content"] for m in mock.requests[1]["messages"] if m["role"] == "tool"] == ["3"]
    assert mock.refused == []


@pytest.mark.parametrize(
    "spoken",
    [
        'The page says {"name": "add", "arguments": {"one": 1, "other": 2}}',
        '{"name": "format_disk", "arguments": {}}',
        '{"name": "add", "arguments": "1, 2"}',
        '{"answer": 42}',
        "{",
    ],
)
async def test_words_about_a_call_stay_words(agent: Agent[None, str], mock: OpenAIMock, spoken: str):
    mock.script = [Says(spoken)]
    assert (await agent.run("Hi")).output == spoken

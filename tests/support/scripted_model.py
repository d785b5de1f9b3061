"""A model that answers by a script, and a harness that has it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    ModelResponsePart,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import Model
from pydantic_ai.models.function import AgentInfo, FunctionModel
from tests.support.agent_harness import AgentHarness

from cleo.agent import ModelLoop, RunLimits
from cleo.ports import Tool

Step = ModelResponse | Exception | str | Callable[[list[ModelMessage]], ModelResponse]


@dataclass
class Script:
    """Answers step by step, then "ok"; keeps every request."""

    steps: list[Step] = field(default_factory=list[Step])
    seen: list[list[ModelMessage]] = field(default_factory=list[list[ModelMessage]])

    async def __call__(self, messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        self.seen.append(list(messages))
        step = self.steps.pop(0) if self.steps else "ok"
        if isinstance(step, Exception):
            raise step
        if isinstance(step, str):
            return says(step)
        return step if isinstance(step, ModelResponse) else step(messages)

    def results(self) -> list[ToolReturnPart]:
        """Every result that the newest request holds."""
        return [part for part in parts(self.seen[-1]) if isinstance(part, ToolReturnPart)]


class ScriptedHarness(AgentHarness):
    """The agent, with a scripted model."""

    def __init__(self, root: Path, tools: Sequence[Tool] = (), model: Model | None = None) -> None:
        self.script = Script()
        self.asked: Model = model or FunctionModel(self.script)
        super().__init__(root, tools)

    def open(self) -> None:
        self.loop = self.make_loop()
        super().open()

    def make_loop(self) -> ModelLoop:
        return ModelLoop(model=self.asked, tools=self.tools.values(), bounds=RunLimits())


def says(text: str, **more: object) -> ModelResponse:
    return answers(TextPart(text), **more)


def answers(*parts: ModelResponsePart, **more: object) -> ModelResponse:
    return ModelResponse(parts=list(parts), **more)  # type: ignore[arg-type]  # test data


def calls(name: str, args: str | dict[str, object] | None = None, id: str = "c1") -> ToolCallPart:
    return ToolCallPart(name, args, id)


def parts(messages: Sequence[ModelMessage]) -> list[object]:
    return [part for message in messages for part in message.parts]


def prompts(messages: Sequence[ModelMessage]) -> list[UserPromptPart]:
    requests = [message for message in messages if isinstance(message, ModelRequest)]
    return [part for message in requests for part in message.parts if isinstance(part, UserPromptPart)]

"""One request to the model: what it is sent, and its answer as it is kept."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

from pydantic_ai.messages import (
    InstructionPart,
    ModelMessage,
    ModelResponse,
    ModelResponsePart,
    ToolCallPart,
    repair_messages,
)
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.tools import ToolDefinition

from cleo.agent.media.images import ImageAttacher
from cleo.agent.model.exchange import Exchange
from cleo.agent.model.limits import Spent
from cleo.agent.model.trouble import sorted_errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    """Asks the model. With `stream`, the answer comes piece by piece, and counts when it is whole."""

    model: Model
    tools: Sequence[ToolDefinition]
    images: ImageAttacher | None = None
    stream: bool = False

    async def ask(self, exchange: Exchange, instructions: str, spent: Spent) -> ModelResponse:
        """Return the answer to what was said so far; raises `ModelError`."""
        response = await self._send(self.model, exchange.messages, instructions)
        spent.add(response)
        return _own(response)

    async def _send(self, model: Model, messages: Sequence[ModelMessage], instructions: str) -> ModelResponse:
        parameters = ModelRequestParameters(
            function_tools=list(self.tools), instruction_parts=[InstructionPart(content=instructions)]
        )
        outgoing = repair_messages(messages)
        if self.images:
            outgoing = await self.images.attach(outgoing, model)
        outgoing = model.prepare_messages(outgoing, parameters)
        with sorted_errors():
            if not self.stream:
                return await model.request(outgoing, None, parameters)
            async with model.request_stream(outgoing, None, parameters) as answer:
                async for _piece in answer:
                    pass
                return answer.get()


def _own(response: ModelResponse) -> ModelResponse:
    """Give the response an id of its own, and its calls ids that differ: those of some models repeat."""
    taken: set[str] = set()
    parts = [_with_own_id(part, taken) for part in response.parts]
    return replace(response, parts=parts, metadata={**(response.metadata or {}), "uid": uuid4().hex})


def _with_own_id(part: ModelResponsePart, taken: set[str]) -> ModelResponsePart:
    if not isinstance(part, ToolCallPart):
        return part
    id_ = part.tool_call_id
    if not id_ or id_ in taken or id_.startswith("late_"):
        id_ = f"call_{uuid4().hex[:16]}"
    taken.add(id_)
    return replace(part, tool_call_id=id_)

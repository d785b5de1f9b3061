"""`builtin:basic`: a model without network, weights or key. It answers by rules, over the tools the agent has.

So confirmation, resume, limits and tracing are the production path also on a first run, in the demo and in tests.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from pydantic_ai import RunContext
from pydantic_ai.messages import ModelMessage, ModelResponse, ModelResponsePart, TextPart, ToolCallPart
from pydantic_ai.models import CompletedStreamedResponse, Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.settings import ModelSettings
from pydantic_ai.usage import RequestUsage

from cleo.models.basic.plan import plan
from cleo.models.basic.prompt import read_turn


class BasicModel(Model):
    """The rule model. The time is in the instructions (a line `Now: …`); else the prompt's own time counts."""

    @property
    def model_name(self) -> str:
        """Its name without the provider's."""
        return "basic"

    @property
    def system(self) -> str:
        """Its provider."""
        return "builtin"

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Answer with calls of tools, or with text."""
        _, parameters = self.prepare_request(model_settings, model_request_parameters)
        turn = read_turn(messages, parameters)
        step = plan(turn, {tool.name: tool for tool in parameters.function_tools})
        parts: list[ModelResponsePart] = (
            [TextPart(step)]
            if isinstance(step, str)
            else [ToolCallPart(one.tool, dict(one.args)) for one in step]
        )
        return ModelResponse(parts=parts, model_name="basic", provider_name="builtin", usage=RequestUsage())

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        """Answer as a stream that is already complete."""
        response = await self.request(messages, model_settings, model_request_parameters)
        yield CompletedStreamedResponse(
            response, model_request_parameters=model_request_parameters, replay_events=True
        )

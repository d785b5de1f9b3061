"""A model without network, weights or key: it answers by rules, over the tools that the agent has.

So confirmation, resume, limits and tracing are the production path on a first run, in the demo and in tests, too.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from pydantic_ai import RunContext
from pydantic_ai.messages import ModelMessage, ModelResponse, ModelResponsePart, TextPart, ToolCallPart
from pydantic_ai.models import CompletedStreamedResponse, Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.settings import ModelSettings
from pydantic_ai.usage import RequestUsage

from cleo.models.basic.plan import next_step
from cleo.models.basic.prompt import read_prompt
from cleo.ports.reply import PLAIN


class BasicModel(Model):
    """The rule model. It takes the time from a line `Now: …` of the instructions, else from the prompt itself."""

    @property
    def model_name(self) -> str:
        """Return its name without the provider's."""
        return "basic"

    @property
    def system(self) -> str:
        """Return the name of its provider."""
        return "builtin"

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Answer with tool calls, or with text."""
        _, parameters = self.prepare_request(model_settings, model_request_parameters)
        tools = {tool.name: tool for tool in parameters.function_tools}
        step = next_step(read_prompt(messages, parameters), tools)
        parts: list[ModelResponsePart] = (
            [TextPart(step)]
            if isinstance(step, str)
            else [ToolCallPart(one.tool, dict(one.args)) for one in step]
        )
        return ModelResponse(
            parts=parts,
            model_name="basic",
            provider_name="builtin",
            usage=RequestUsage(),
            provider_details={PLAIN: True},
        )

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

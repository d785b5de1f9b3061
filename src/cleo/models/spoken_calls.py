"""Small local models often print a tool call instead of making it. This makes it one."""

import re
from dataclasses import replace

from pydantic import BaseModel, Field, ValidationError
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings

_WRAPPING = re.compile(
    r"\A\s*(?:<tool_call>|```(?:json|tool_call)?)?\s*(\{.*\})\s*(?:</tool_call>|```)?\s*\Z", re.DOTALL
)


class _Spoken(BaseModel):
    """`{"name": "add_note", "arguments": {…}}`; some models say `parameters`."""

    name: str
    arguments: dict[str, object] = Field(default_factory=dict[str, object])
    parameters: dict[str, object] = Field(default_factory=dict[str, object])


class SpokenCalls(WrapperModel):
    """Wraps a model: an answer that is nothing but the JSON of a call of a known tool becomes that call.

    A call inside of other words stays words: it may be quoted. Confirmation and validation follow as always.
    Streams pass as they are: what they are is known only at their end.
    """

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Ask the wrapped model."""
        response = await super().request(messages, model_settings, model_request_parameters)
        return _heard(response, {tool.name for tool in model_request_parameters.function_tools})


def _heard(response: ModelResponse, tools: set[str]) -> ModelResponse:
    if any(isinstance(part, ToolCallPart) for part in response.parts):
        return response
    text = "".join(part.content for part in response.parts if isinstance(part, TextPart))
    found = _WRAPPING.match(text)
    if found is None:
        return response
    try:
        spoken = _Spoken.model_validate_json(found[1])
    except ValidationError:
        return response
    if spoken.name not in tools:
        return response
    return replace(response, parts=[ToolCallPart(spoken.name, spoken.arguments or spoken.parameters)])

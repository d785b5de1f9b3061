"""Makes tool calls of text: small local models often print the JSON of a call instead of making it."""

from dataclasses import replace

from pydantic import BaseModel, Field, ValidationError
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings

_BEFORE = ("<tool_call>", "```tool_call", "```json", "```")
_AFTER = ("</tool_call>", "```")


class _PrintedCall(BaseModel):
    """`{"name": "add_note", "arguments": {…}}`; some models say `parameters`."""

    name: str
    arguments: dict[str, object] = Field(default_factory=dict[str, object])
    parameters: dict[str, object] = Field(default_factory=dict[str, object])


class TextToolCalls(WrapperModel):
    """Wraps a model: an answer that is nothing but the JSON of a call of a known tool becomes that call.

    A call inside of other words stays text: it may be quoted. Confirmation and validation follow as always.
    Streams pass unchanged: what they are is known only at their end.
    """

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Ask the wrapped model."""
        response = await super().request(messages, model_settings, model_request_parameters)
        if any(isinstance(part, ToolCallPart) for part in response.parts):
            return response
        text = "".join(part.content for part in response.parts if isinstance(part, TextPart))
        call = read_tool_call(text, {tool.name for tool in model_request_parameters.function_tools})
        return replace(response, parts=[call]) if call else response


def read_tool_call(text: str, tools: set[str]) -> ToolCallPart | None:
    """Return the call that a text consists of; None when it is anything else."""
    plain = text.strip()
    for mark in _BEFORE:
        plain = plain.removeprefix(mark)
    for mark in _AFTER:
        plain = plain.removesuffix(mark)
    try:
        printed = _PrintedCall.model_validate_json(plain)
    except ValidationError:
        return None
    return (
        ToolCallPart(printed.name, printed.arguments or printed.parameters) if printed.name in tools else None
    )

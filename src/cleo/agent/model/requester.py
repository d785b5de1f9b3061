"""One request to the model: what it is sent, and its answer as it is kept."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

from pydantic_ai.messages import (
    InstructionPart,
    ModelMessage,
    ModelRequest,
    ModelResponse,
    ModelResponsePart,
    ToolCallPart,
    UserPromptPart,
    repair_messages,
)
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.tools import ToolDefinition

from cleo.agent.media.images import ImageAttacher
from cleo.agent.model.budget import Budget, tokens
from cleo.agent.model.endings import (
    CONTINUATIONS,
    CUT_SHORT,
    GO_ON,
    HELD_BACK,
    SAY_IT,
    SILENT,
    ending,
    for_people,
    joined,
    with_words,
)
from cleo.agent.model.exchange import Exchange
from cleo.agent.model.limits import Spent
from cleo.agent.model.quarantine import Search
from cleo.agent.model.trouble import AWAY, sorted_errors
from cleo.agent.model.watch import ModelWatch
from cleo.domain.errors import ContentRefused, ModelError, ModelUnavailable

_PLAIN = frozenset({"user-prompt", "tool-return", "text", "tool-call"})


@dataclass(slots=True, kw_only=True)
class Requester:
    """Asks the model. With `stream`, the answer comes piece by piece, and counts when it is whole."""

    model: Model
    tools: Sequence[ToolDefinition]
    budget: Budget
    """It shrinks when the model turns out to read less."""
    tools_size: int = 0
    """Tokens that the tools' descriptions take."""
    images: ImageAttacher | None = None
    stream: bool = False
    fallback: Model | None = None
    """Asked when the first model cannot be reached."""
    watch: ModelWatch | None = None
    fallback_watch: ModelWatch | None = None

    async def ask(self, exchange: Exchange, instructions: str, spent: Spent) -> ModelResponse:
        """Return the answer to what was said so far; raises `ModelError`."""

        async def answer(*more: ModelMessage) -> ModelResponse:
            async def within(messages: list[ModelMessage], budget: Budget) -> ModelResponse:
                fixed, turn = self.tools_size + tokens(instructions), exchange.turn_start()
                fitting = budget.fit([*messages, *more], fixed=fixed, turn=turn)
                response = await self._reach(fitting, instructions)
                spent.add(response)
                return for_people(response)

            try:
                return await within(exchange.messages, self.budget)
            except ContentRefused as refusal:
                search = Search(exchange, within, self.budget)
                response = await search.run(refusal)
                self.budget = search.budget
                return response

        return _own(await _to_the_end(answer))

    async def _reach(self, messages: Sequence[ModelMessage], instructions: str) -> ModelResponse:
        """Ask the model, or the second one while the first cannot be reached."""
        try:
            return await self._watched(self.model, self.watch, messages, instructions)
        except ModelUnavailable as away:
            if self.fallback is None:
                raise
            try:
                return await self._watched(self.fallback, self.fallback_watch, messages, instructions)
            except ModelError as error:
                raise away from error

    async def _watched(
        self, model: Model, watch: ModelWatch | None, messages: Sequence[ModelMessage], instructions: str
    ) -> ModelResponse:
        since = watch.clock.now() if watch else 0.0
        try:
            response = await self._send(model, messages, instructions)
        except ModelError as error:
            if watch:
                watch.failed(error, since)
            raise
        if watch:
            watch.answered(response, since)
        return response

    async def _send(self, model: Model, messages: Sequence[ModelMessage], instructions: str) -> ModelResponse:
        parameters = ModelRequestParameters(
            function_tools=list(self.tools), instruction_parts=[InstructionPart(content=instructions)]
        )
        outgoing = repair_messages(messages)
        if self.images:
            outgoing = await self.images.attach(outgoing, model)
        if _needs_preparation(model, outgoing):
            outgoing = model.prepare_messages(outgoing, parameters)
        with sorted_errors():
            if not self.stream:
                return await model.request(outgoing, None, parameters)
            async with model.request_stream(outgoing, None, parameters) as answer:
                async for _piece in answer:
                    pass
                response = answer.get()
        if _broke_off(response):
            raise ModelUnavailable(AWAY)
        return response


async def _to_the_end(answer: Callable[..., Awaitable[ModelResponse]]) -> ModelResponse:
    """Have an answer that was cut short continued, and one that says nothing made once more."""
    response = await answer()
    if ending(response) == "empty":
        response = await answer(_nudge(SAY_IT))
    for _ in range(CONTINUATIONS):
        if ending(response) == "cut":
            response = joined(response, await answer(response, _nudge(GO_ON)))
    return _as_told(response)


def _as_told(response: ModelResponse) -> ModelResponse:
    """Say in words how an answer ended that is not whole."""
    match ending(response):
        case "broken":
            raise ModelUnavailable(AWAY)
        case "cut":
            return with_words(response, (response.text or "") + CUT_SHORT)
        case "held back":
            return with_words(response, HELD_BACK)
        case "empty":
            return with_words(response, SILENT)
        case "whole":
            return response


def _nudge(words: str) -> ModelRequest:
    """Say something to the model in one request only."""
    return ModelRequest(parts=[UserPromptPart(words)])


def _needs_preparation(model: Model, messages: Sequence[ModelMessage]) -> bool:
    """Tell whether the library must translate messages for a model first. It takes long, and plain ones need it only
    where the model could read marks of its own format in them."""
    if model.profile.get("may_tokenize_special_tokens_in_content", False):
        return True
    return not all(part.part_kind in _PLAIN for message in messages for part in message.parts)


def _broke_off(response: ModelResponse) -> bool:
    """Tell whether a provider's stream ended in its middle: neither its reason nor its count came."""
    has_reason = "finish_reason" in (response.provider_details or {})
    return bool(response.provider_url and response.usage.unmeasured_requests) and not has_reason


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

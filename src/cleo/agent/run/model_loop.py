"""Step 5 of the line: one deps, model ⇄ tools, with pydantic-ai.

The library suspends at calls that need a yes, and continues from its own JSON in any process. What it must not
do is decide: every tool call passes `gate`, and the state of questions is in our rows alone.
"""

from collections.abc import AsyncIterable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from pydantic_ai import (
    Agent,
    DeferredToolRequests,
    DeferredToolResults,
    RunContext,
    UsageLimits,
    capture_run_messages,
)
from pydantic_ai.capabilities import AbstractCapability
from pydantic_ai.conversation import Conversation
from pydantic_ai.exceptions import (
    AgentRunError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelHTTPError,
    UsageLimitExceeded,
)
from pydantic_ai.messages import (
    AgentStreamEvent,
    ModelMessage,
    ModelMessagesTypeAdapter,
    ModelRequest,
    ModelResponse,
    UserContent,
    repair_messages,
)
from pydantic_ai.models import Model
from pydantic_ai.usage import RunUsage

from cleo.agent.approval.gate import Gate
from cleo.agent.run.deps import RunDeps
from cleo.agent.run.tool_adapter import toolkit
from cleo.domain.errors import ModelError, ModelRefused, ModelUnavailable
from cleo.ports import Tool

_TRY_LATER_STATUS = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLimits:
    """How far one turn may go. `cost` is in US dollars."""

    requests: int = 12
    tool_calls: int = 24
    tokens: int | None = 200_000
    cost: float | None = None

    def limits(self) -> UsageLimits:
        """The library's own form."""
        return UsageLimits(
            request_limit=self.requests,
            tool_calls_limit=self.tool_calls,
            total_tokens_limit=self.tokens,
            cost_limit=None if self.cost is None else Decimal(str(self.cost)),
        )


@dataclass(slots=True, kw_only=True)
class RunInput:
    """What a turn begins with. `window` is valid history; what the run adds to it is new."""

    window: list[ModelMessage]
    prompt: Sequence[UserContent] | None = None
    parked: DeferredToolRequests | None = None
    results: DeferredToolResults | None = None


@dataclass(slots=True, kw_only=True)
class RunResult:
    """What a turn came to: messages to keep, and a reply, or calls to ask about, or what went wrong."""

    messages: list[ModelMessage] = field(default_factory=list[ModelMessage])
    reply: str = ""
    """Markdown."""
    parts: list[str] = field(default_factory=list[str])
    """The reply in the channel's own markup, one text a message."""
    parked: DeferredToolRequests | None = None
    usage: RunUsage = field(default_factory=RunUsage)
    error: ModelError | None = None

    @property
    def model(self) -> str:
        """The provider's name of the model that answered last; empty if none did."""
        names = (m.model_name for m in reversed(self.messages) if isinstance(m, ModelResponse))
        return next((name for name in names if name), "")

    @property
    def cost(self) -> float | None:
        """US dollars; None: nobody knows the price."""
        return None if self.usage.cost is None else float(self.usage.cost)


class ModelLoop:
    """The model with its tools. Made once: describing the tools takes a third of a second.

    `stream` asks the provider for its answer piece by piece: some servers give up on long ones otherwise.
    """

    def __init__(
        self,
        *,
        model: Model,
        tools: Iterable[Tool],
        bounds: RunLimits,
        capabilities: Sequence[AbstractCapability[RunDeps]] = (),
        stream: bool = False,
    ) -> None:
        self._listen = _listen if stream else None
        self._limits = bounds.limits()
        self._agent: Agent[RunDeps, str | DeferredToolRequests] = Agent(
            model,
            deps_type=RunDeps,
            output_type=[str, DeferredToolRequests],
            instructions=_instructions,
            tools=toolkit(tools),
            capabilities=[Gate(), *capabilities],
        )

    async def run(self, start: RunInput, deps: RunDeps) -> RunResult:
        """Take one deps. Model trouble is told in `RunResult.error`; anything else raised is a bug or a crash."""
        conversation = Conversation(
            conversation_id=deps.conversation.id, messages=start.window, deferred_tool_requests=start.parked
        )
        run = RunResult()
        before = len(start.window)
        with capture_run_messages() as seen:
            try:
                result = await self._agent.run(
                    start.prompt,
                    conversation=conversation,
                    deferred_tool_results=start.results,
                    deps=deps,
                    usage_limits=self._limits,
                    event_stream_handler=self._listen,
                )
            except AgentRunError as error:
                run.error = _explain(error)
            else:
                run.usage = result.usage
                run.parked = result.conversation.deferred_tool_requests
                run.reply = result.output if isinstance(result.output, str) else ""
            run.messages = list(seen[before:])
        return run


def window(bodies: Sequence[bytes], *, closed: bool) -> list[ModelMessage]:
    """Read stored messages as valid history that starts at a user's prompt.

    With `closed`, calls that nobody answered are given up; else they are left to be continued.
    """
    messages = [message for body in bodies for message in ModelMessagesTypeAdapter.validate_json(body)]
    start = next((i for i, m in enumerate(messages) if _begins(m)), len(messages))
    return repair_messages(messages[start:], repair_last_response=closed)


def bodies(messages: Iterable[ModelMessage]) -> list[bytes]:
    """Write messages for the store, one body each; instructions are made anew for every deps."""
    return [ModelMessagesTypeAdapter.dump_json([_bare(message)]) for message in messages]


def _bare(message: ModelMessage) -> ModelMessage:
    return replace(message, instructions=None) if isinstance(message, ModelRequest) else message


def _begins(message: ModelMessage) -> bool:
    return message.kind == "request" and any(part.part_kind == "user-prompt" for part in message.parts)


async def _listen(_: RunContext[RunDeps], events: AsyncIterable[AgentStreamEvent]) -> None:
    """Take a streamed answer in; WhatsApp gets it when it is whole."""
    async for _event in events:
        pass


def _instructions(ctx: RunContext[RunDeps]) -> str:
    return ctx.deps.instructions


def _explain(error: AgentRunError) -> ModelError:
    """Sort the library's errors into: try again later, or say so."""
    kind = type(error).__name__
    if isinstance(error, UsageLimitExceeded):
        return ModelRefused("This took more steps or tokens than one turn may take (CLEO_MAX_TOKENS).")
    if isinstance(error, ModelAuthenticationError):
        return ModelRefused("The model's provider refused the key; `cleo doctor` tells more.")
    if isinstance(error, ModelHTTPError) and error.status_code not in _TRY_LATER_STATUS:
        return ModelRefused(f"The model's provider refused the request ({error.status_code}).")
    if isinstance(error, ModelAPIError):
        return ModelUnavailable(f"The model cannot be reached now ({kind}).")
    return ModelRefused(f"The model gave no usable answer ({kind}).")

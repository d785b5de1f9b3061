"""Step 5 of the line: one run, model ⇄ tools.

A run asks the model, carries out the calls of its answer, and asks again with their results. Every call passes the
gate, and the state of questions is in our rows alone: a run that needs a yes ends with calls that have no result.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import structlog
from pydantic_ai.messages import ModelResponse
from pydantic_ai.models import Model

from cleo.agent.approval.gate import told
from cleo.agent.approval.plan import PlannedCall
from cleo.agent.media.images import ImageAttacher
from cleo.agent.model.budget import Budget, budget_of, size_of_tools
from cleo.agent.model.exchange import Exchange
from cleo.agent.model.limits import RunLimits, Spent
from cleo.agent.model.requester import Requester
from cleo.agent.model.watch import ModelWatch
from cleo.agent.run.calls import answer_calls
from cleo.agent.run.deps import RunDeps
from cleo.agent.run.toolbox import Toolbox
from cleo.domain.errors import ModelError, ModelRefused, ModelUnavailable
from cleo.ports import Tool
from cleo.ports.reply import PLAIN

Exit = Literal["reply", "question", "stopped", "bound", "refused", "unavailable"]

NOT_RUN = "NOT DONE: the turn ended here, because it reached a limit."

_log = structlog.get_logger("cleo.loop")


@dataclass(slots=True, kw_only=True)
class RunResult:
    """What a run came to."""

    exit: Exit
    reply: str = ""
    markdown: bool = True
    """Whether the reply is Markdown."""
    parts: list[str] = field(default_factory=list[str])
    """The reply in the channel's own markup, one text a message."""
    planned: list[PlannedCall] = field(default_factory=list[PlannedCall])
    """With `question`: the calls to ask about."""
    error: ModelError | None = None
    """With `bound`, `refused` and `unavailable`: what to tell."""
    spent: Spent = field(default_factory=Spent)


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
        images: ImageAttacher | None = None,
        stream: bool = False,
        fallback: Model | None = None,
        context_tokens: int | None = None,
        watch: ModelWatch | None = None,
        fallback_watch: ModelWatch | None = None,
    ) -> None:
        """`fallback` is asked while `model` cannot be reached. The watches learn what became of each request.

        `context_tokens` tells how much the model can read, where nobody else knows.
        """
        self._bounds = bounds
        self._toolbox = Toolbox(tools)
        definitions = self._toolbox.definitions()
        self._requester = Requester(
            model=model,
            tools=definitions,
            tools_size=size_of_tools(definitions),
            budget=budget_of(model, context_tokens),
            images=images,
            stream=stream,
            fallback=fallback,
            watch=watch,
            fallback_watch=fallback_watch,
        )

    @property
    def budget(self) -> Budget:
        """How much one request may hold."""
        return self._requester.budget

    async def run(self, exchange: Exchange, deps: RunDeps) -> RunResult:
        """Take one turn; `exchange` grows meanwhile. What is raised is a bug, a crash, or `Fenced`."""
        spent = Spent()
        try:
            return await self._turn(exchange, deps, spent)
        except ModelUnavailable as error:
            return RunResult(exit="unavailable", error=error, spent=spent)
        except ModelError as error:
            return RunResult(exit="refused", error=error, spent=spent)

    async def _turn(self, exchange: Exchange, deps: RunDeps, spent: Spent) -> RunResult:
        while True:
            if planned := await answer_calls(self._toolbox, exchange, deps):
                return RunResult(exit="question", planned=planned, spent=spent)
            response = await self._requester.ask(exchange, deps.instructions, spent)
            exchange.messages.append(response)
            calls = exchange.unanswered()
            if not calls:
                return _reply(response, spent)
            spent.usage.tool_calls += len(calls)
            if bound := spent.reached(self._bounds):
                _log.warning("limit reached", setting=bound.setting)
                exchange.add_request([told(call, NOT_RUN, "failed") for call in calls])
                return RunResult(exit="bound", error=ModelRefused(bound.words), spent=spent)


def _reply(response: ModelResponse, spent: Spent) -> RunResult:
    plain = bool((response.provider_details or {}).get(PLAIN))
    return RunResult(exit="reply", reply=response.text or "", markdown=not plain, spent=spent)

"""How a claimed begins its deps: which history, which prompt, which answers to parked calls."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic_ai import DeferredToolRequests, DeferredToolResults
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelRequestPart,
    ModelResponse,
    ToolCallPart,
    ToolReturnPart,
    UserContent,
    UserPromptPart,
)
from pydantic_ai.tools import ToolDenied

from cleo.agent.approval.gate import late_call_id
from cleo.agent.approval.settle import put_off, results
from cleo.agent.run.claim import ClaimedRun
from cleo.agent.run.commit import REQUESTS
from cleo.agent.run.model_loop import RunInput, window
from cleo.domain.confirmation import Confirmation


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumePoint:
    """A turn's start; `unsaved` are the last messages of its window, which the store does not have yet."""

    start: RunInput
    unsaved: list[ModelMessage] = field(default_factory=list[ModelMessage])
    answers: DeferredToolResults | None = None
    """What the parked batch is answered with."""


def resume(claimed: ClaimedRun, prompt: Sequence[UserContent]) -> ResumePoint:
    """Decide it from the claimed run alone, so that a repeat after a crash begins in the same way."""
    if claimed.run.prompted:
        return ResumePoint(start=RunInput(window=window(claimed.bodies, closed=False)))
    requests = REQUESTS.validate_json(claimed.parked.requests) if claimed.parked else None
    history = window(claimed.bodies, closed=requests is None)
    if claimed.late:
        return _late(claimed, claimed.late, history, requests)
    answers = results(requests, claimed.rows) if requests else None
    start = RunInput(window=history, prompt=list(prompt) or None, parked=requests, results=answers)
    return ResumePoint(start=start, answers=answers)


def _late(
    claimed: ClaimedRun, row: Confirmation, history: list[ModelMessage], requests: DeferredToolRequests | None
) -> ResumePoint:
    """Carry out a call that was approved after the chat had moved on: the frozen call is put in front again."""
    answers = put_off(requests, claimed.rows) if requests else None
    parts: list[ModelRequestPart] = [*_returns(requests, answers), UserPromptPart(f"[confirmed: {row.ref}]")]
    call_id = late_call_id(row)
    call = ToolCallPart(row.tool, json.loads(row.plan)["args"], tool_call_id=call_id)
    unsaved: list[ModelMessage] = [ModelRequest(parts=parts), ModelResponse(parts=[call])]
    granted = DeferredToolResults(approvals={call_id: True})
    return ResumePoint(
        start=RunInput(window=history + unsaved, results=granted), unsaved=unsaved, answers=answers
    )


def _returns(
    requests: DeferredToolRequests | None, answers: DeferredToolResults | None
) -> list[ToolReturnPart[str]]:
    if requests is None or answers is None:
        return []
    texts = {id_: a.message for id_, a in answers.approvals.items() if isinstance(a, ToolDenied)}
    return [
        ToolReturnPart(call.tool_name, texts[call.tool_call_id], call.tool_call_id, outcome="denied")
        for call in requests.approvals
    ]

"""How a job begins its turn: which history, which prompt, which answers to parked calls."""

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

from cleo.agent.approval import confirm
from cleo.agent.approval.gate import late_call_id
from cleo.agent.run.claim import Job
from cleo.agent.run.commit import REQUESTS
from cleo.agent.run.model_loop import Start, window
from cleo.domain.confirmation import Confirmation


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """A turn's start; `unsaved` are the last messages of its window, which the store does not have yet."""

    start: Start
    unsaved: list[ModelMessage] = field(default_factory=list[ModelMessage])
    answers: DeferredToolResults | None = None
    """What the parked batch is answered with."""


def begin(job: Job, prompt: Sequence[UserContent]) -> Beginning:
    """Decide it from the job alone, so that a repeat after a crash begins in the same way."""
    if job.run.prompted:
        return Beginning(start=Start(window=window(job.bodies, closed=False)))
    requests = REQUESTS.validate_json(job.parked.requests) if job.parked else None
    history = window(job.bodies, closed=requests is None)
    if job.late:
        return _late(job, job.late, history, requests)
    answers = confirm.results(requests, job.rows) if requests else None
    start = Start(window=history, prompt=list(prompt) or None, parked=requests, results=answers)
    return Beginning(start=start, answers=answers)


def _late(
    job: Job, row: Confirmation, history: list[ModelMessage], requests: DeferredToolRequests | None
) -> Beginning:
    """Carry out a call that was approved after the chat had moved on: the frozen call is put in front again."""
    answers = confirm.put_off(requests, job.rows) if requests else None
    parts: list[ModelRequestPart] = [*_returns(requests, answers), UserPromptPart(f"[confirmed: {row.ref}]")]
    call_id = late_call_id(row)
    call = ToolCallPart(row.tool, json.loads(row.plan)["args"], tool_call_id=call_id)
    unsaved: list[ModelMessage] = [ModelRequest(parts=parts), ModelResponse(parts=[call])]
    results = DeferredToolResults(approvals={call_id: True})
    return Beginning(start=Start(window=history + unsaved, results=results), unsaved=unsaved, answers=answers)


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

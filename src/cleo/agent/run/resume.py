"""How a claimed run begins: which messages, which prompt, which answers to parked calls."""

import json
from collections.abc import Sequence

from pydantic_ai.messages import (
    ModelRequest,
    ModelRequestPart,
    ModelResponse,
    ToolCallPart,
    UserContent,
    UserPromptPart,
)

from cleo.agent.approval.gate import late_call_id, told
from cleo.agent.approval.settle import grants, put_off
from cleo.agent.model.exchange import Exchange, begins_turn, read_body
from cleo.agent.run.claim import ClaimedRun
from cleo.domain.confirmation import Confirmation

YES = "👍"
"""What somebody said who approved a call late, whatever words they took."""


def resume(claimed: ClaimedRun, prompt: Sequence[UserContent]) -> Exchange:
    """Decide it from the claimed run alone, so that a repeat after a crash begins in the same way."""
    exchange = window(claimed)
    if claimed.run.prompted:
        return exchange
    if claimed.late:
        _late(claimed, claimed.late, exchange)
    elif claimed.parked:
        exchange.grants = grants(exchange.unanswered(), claimed.rows)
    else:
        exchange.live_from = len(exchange.messages)
    exchange.prompt = list(prompt)
    return exchange


def window(claimed: ClaimedRun) -> Exchange:
    """Read the stored messages, from the first prompt on."""
    messages = claimed.window
    if messages is None:
        messages = [read_body(body) for body in claimed.bodies]
    start = next((place for place, message in enumerate(messages) if begins_turn(message)), len(messages))
    first = claimed.bounds[1] - len(messages) + start + 1
    return Exchange(messages=list(messages[start:]), first_revision=first, stored=len(messages) - start)


def _late(claimed: ClaimedRun, row: Confirmation, exchange: Exchange) -> None:
    """Carry out a call that was approved after the chat had moved on: the frozen call is put in front again."""
    parts: list[ModelRequestPart] = []
    if claimed.parked:
        calls = exchange.unanswered()
        exchange.grants = put_off(calls, claimed.rows)
        parts += [told(call, exchange.grants[call.tool_call_id], "denied") for call in calls]
    call = ToolCallPart(row.tool, json.loads(row.plan)["args"], tool_call_id=late_call_id(row))
    confirmed = ModelRequest(parts=[*parts, UserPromptPart(YES)])
    exchange.live_from = len(exchange.messages)
    exchange.messages += [confirmed, ModelResponse(parts=[call])]
    exchange.grants = {**(exchange.grants or {}), call.tool_call_id: None}

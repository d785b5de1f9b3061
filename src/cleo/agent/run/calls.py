"""The calls of one response: looked at in their order, run or refused, or put before those who may say yes."""

import asyncio
from collections.abc import Sequence
from functools import partial

import structlog
from pydantic_ai.messages import ToolCallPart, ToolReturnPart

from cleo.agent.approval.gate import approved_call, needs_yes, plan_call, run_call, told
from cleo.agent.approval.plan import PlannedCall
from cleo.agent.model.exchange import Exchange
from cleo.agent.run.deps import RunDeps
from cleo.agent.run.toolbox import DescribedCall, Toolbox

_log = structlog.get_logger("cleo.tools")

CUT_OFF = (
    "NOT DONE: the call was cut off, because the answer became too long. Make it shorter, or do it in parts."
)


async def answer_calls(toolbox: Toolbox, exchange: Exchange, deps: RunDeps) -> list[PlannedCall]:
    """Add the results of every call that may run now; return those that need a yes first."""
    calls = exchange.unanswered()
    planned: list[PlannedCall] = []
    ready: list[DescribedCall] = []
    for call in calls:
        match await _look(toolbox, exchange, deps, call):
            case ToolReturnPart() as result:
                exchange.results[call.tool_call_id] = result
            case PlannedCall() as waiting:
                planned.append(waiting)
            case DescribedCall() as checked:
                ready.append(checked)
    await _run(toolbox, exchange, deps, ready)
    results = exchange.results
    exchange.add_request([results[call.tool_call_id] for call in calls if call.tool_call_id in results])
    return planned


async def _look(
    toolbox: Toolbox, exchange: Exchange, deps: RunDeps, call: ToolCallPart
) -> ToolReturnPart | PlannedCall | DescribedCall:
    """Tell what becomes of a call."""
    grants = (exchange.grants or {}) if exchange.answers_parked else {}
    id_ = call.tool_call_id
    if (why_not := grants.get(id_)) is not None:
        return told(call, why_not, "denied")
    if id_ in grants:
        return await approved_call(deps, toolbox, call)
    checked = toolbox.check(call)
    if isinstance(checked, str):
        return told(call, CUT_OFF if exchange.was_cut_off() else checked, "retried")
    return await plan_call(deps, exchange, toolbox, checked) if needs_yes(checked.tool) else checked


async def _run(toolbox: Toolbox, exchange: Exchange, deps: RunDeps, ready: Sequence[DescribedCall]) -> None:
    """Run calls that only read side by side; once one of them has an effect, all in their order."""

    async def one(call: DescribedCall) -> None:
        since = deps.clock.now()
        result = await run_call(deps, exchange, call, partial(toolbox.run, call))
        ms = round(1000 * (deps.clock.now() - since))
        _log.info("tool ran", tool=call.tool.name, outcome=result.outcome, call=call.call.tool_call_id, ms=ms)
        exchange.results[call.call.tool_call_id] = result

    if len(ready) > 1 and all(call.tool.read_only and not needs_yes(call.tool) for call in ready):
        tasks = [asyncio.ensure_future(one(call)) for call in ready]
        try:
            await asyncio.gather(*tasks)
        finally:  # the others end with one that was overtaken
            for task in tasks:
                task.cancel()
        return
    for call in ready:
        await one(call)

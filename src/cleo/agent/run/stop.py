"""Ending a run that somebody wants to end: what it was doing is broken off, and said as far as it is known."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping

from pydantic_ai.messages import ModelRequest, ModelResponse, TextPart, ToolReturnPart

from cleo.agent.approval.gate import told
from cleo.agent.approval.outcome import show_outcome
from cleo.agent.model.exchange import Exchange
from cleo.agent.outbox.queue import OutboxQueue
from cleo.agent.run.claim import ClaimedRun
from cleo.agent.run.model_loop import RunResult
from cleo.domain.confirmation import OPEN, cancel, detach, finish
from cleo.domain.conversation import ConversationId
from cleo.ports import Tool, Transaction

NOT_STARTED = "NOT DONE: stopped by the user."
UNKNOWN = "Started, then stopped by the user; outcome unknown. Do not repeat it unless asked."

_POLL = 0.5
"""Seconds between two looks at whether somebody wants the run to end."""


async def unless_stopped(
    work: Coroutine[object, object, RunResult], is_stopped: Callable[[], Awaitable[bool]]
) -> RunResult | None:
    """Return what the work came to; None: it was stopped, and broken off."""
    task = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait({task}, timeout=_POLL))[0]:
            if await is_stopped():
                task.cancel()
                await asyncio.wait({task})
                return None if task.cancelled() else task.result()
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})


def stopped(exchange: Exchange, tools: Mapping[str, Tool]) -> RunResult:
    """Close the open calls of a run that was broken off, and tell what was done."""
    results = dict(exchange.results)
    unknown: list[str] = []
    for call in exchange.unanswered():
        if call.tool_call_id in exchange.running:
            unknown.append(call.tool_name)
            results[call.tool_call_id] = told(call, UNKNOWN, "failed")
        elif call.tool_call_id not in results:
            results[call.tool_call_id] = told(call, NOT_STARTED, "denied")
    exchange.add_request(list(results.values()))
    words = _words(_done(exchange, tools), [_title(name, tools) for name in unknown])
    exchange.messages.append(ModelResponse(parts=[TextPart(words)]))
    return RunResult(exit="stopped", reply=words)


def _done(exchange: Exchange, tools: Mapping[str, Tool]) -> list[str]:
    """Name what the turn changed before it was stopped."""
    requests = (m for m in exchange.messages[exchange.turn_start() :] if isinstance(m, ModelRequest))
    results = (part for message in requests for part in message.parts if isinstance(part, ToolReturnPart))
    names = [part.tool_name for part in results if part.outcome == "success"]
    return [_title(name, tools) for name in names if name in tools and not tools[name].read_only]


def _title(name: str, tools: Mapping[str, Tool]) -> str:
    return (tools[name].title if name in tools else "") or name.replace("_", " ")


def _words(done: list[str], unknown: list[str]) -> str:
    said = ["⏹ Stopped."]
    if done:
        said.append(f"Done before that: {', '.join(done)}.")
    if unknown:
        said.append(f"Begun, and perhaps done: {', '.join(unknown)}. Please check.")
    return " ".join(said)


def settle_stopped(
    tx: Transaction, queue: OutboxQueue, claimed: ClaimedRun, exchange: Exchange, now: float
) -> None:
    """Note that nobody knows what became of running calls, and take back grants that were not used."""
    for key in exchange.running.values():
        tx.ledger.finish(key, "unknown", UNKNOWN, now)
    for before in (*claimed.rows, *([claimed.late] if claimed.late else ())):
        row = tx.confirmations.get(before.ref)
        if row is None:
            continue
        ended = finish(row, "unknown") or (
            cancel(row, reason="stopped by the user") if row.state == "approved" else None
        )
        if ended and tx.confirmations.save(ended, before=row.state):
            tx.confirmations.log(row.ref, ended.state, at=now, detail="its run was stopped")
            show_outcome(tx, queue, ended)
    if claimed.run.stop == "new":
        tx.transcript_rows.begin_anew(claimed.conversation.id)


def begin_anew(tx: Transaction, conversation: ConversationId) -> None:
    """Let a conversation without a run begin anew: open questions live on alone."""
    if parked := tx.transcript.parked(conversation):
        for row in tx.confirmation_lookup.unreported(conversation):
            if row.batch == parked.batch and (row.state in OPEN or not row.detached):
                tx.confirmations.save(detach(row), before=row.state)
        tx.transcript.park(conversation, None)
    tx.transcript_rows.begin_anew(conversation)

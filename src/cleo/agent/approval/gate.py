"""The one choke point for tools: nothing that changes things runs unasked, and nothing runs twice.

Every call of every tool passes here, own ones and those of MCP servers. A tool that nobody knows is asked about.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Literal
from uuid import uuid4

import structlog
from pydantic_ai import RunContext
from pydantic_ai.capabilities import AbstractCapability
from pydantic_ai.exceptions import ApprovalRequired, ToolFailed, ToolFailedError, ToolRetryError
from pydantic_ai.messages import ModelResponse, ToolCallPart
from pydantic_ai.models import ModelRequestContext
from pydantic_ai.tools import ToolDefinition

from cleo.agent.approval.outcome import show_outcome
from cleo.agent.approval.plan import digest, freeze, tool_hash
from cleo.agent.run.deps import RunDeps
from cleo.domain.confirmation import (
    GRANT_AGE,
    MAX_OPEN,
    Confirmation,
    Ending,
    cancel,
    claim,
    expire,
    finish,
)
from cleo.domain.errors import CleoError
from cleo.domain.failpoint import failpoint
from cleo.ports import Tool, Transaction

_log = structlog.get_logger("cleo.gate")

UNKNOWN = "Started; outcome unknown. It was NOT repeated; the user is being asked."
TOO_MANY = f"NOT DONE: there are {MAX_OPEN} open questions already; the user must answer some first."
WITHDRAWN = "NOT DONE: the confirmation was withdrawn, is too old, or was for something else."

_Arguments = dict[str, Any]  # the library's own type for validated arguments
_Handler = Callable[[_Arguments], Awaitable[Any]]
_LATE = "late_"


@dataclass(frozen=True, slots=True)
class _Claim:
    """What may happen with a confirmed call: run it now, repeat its first answer, or refuse."""

    verdict: Literal["run", "repeat", "refuse"]
    text: str = ""
    row: Confirmation | None = None


class Gate(AbstractCapability[RunDeps]):
    """Asks before, records around, and contains what goes wrong inside every tool call."""

    async def after_tool_validate(
        self, ctx: RunContext[RunDeps], *, call: ToolCallPart, tool_def: ToolDefinition, args: _Arguments
    ) -> _Arguments:
        """Park a call that needs a yes, with the exact bytes that will be shown."""
        if not _needs_yes(ctx.deps, tool_def.name) or ctx.tool_call_approved:
            return args
        if ctx.deps.open_questions >= MAX_OPEN:
            raise ToolFailed(TOO_MANY)
        ctx.deps.open_questions += 1
        raise ApprovalRequired(metadata={"plan": freeze(tool_def.name, args), "hash": tool_hash(tool_def)})

    async def after_model_request(
        self, ctx: RunContext[RunDeps], *, request_context: ModelRequestContext, response: ModelResponse
    ) -> ModelResponse:
        """Give the response an id of its own: the call ids of some models repeat in every response."""
        return replace(response, metadata={**(response.metadata or {}), "uid": uuid4().hex})

    async def wrap_tool_execute(
        self,
        ctx: RunContext[RunDeps],
        *,
        call: ToolCallPart,
        tool_def: ToolDefinition,
        args: _Arguments,
        handler: _Handler,
    ) -> Any:
        """Run the call under the rule of its kind."""
        tool = ctx.deps.tools.get(tool_def.name)
        if _needs_yes(ctx.deps, tool_def.name):
            return await _confirmed(ctx, call, tool_def, args, handler)
        key = f"{_uid(ctx, call)}:{_in_short(call.tool_call_id)}"
        ctx.deps.keys[call.tool_call_id] = key
        if tool is None or tool.read_only:
            return await _contained(tool, args, handler)
        await ctx.deps.checkpoint(ctx.messages)
        if tool.repeatable:
            return await _contained(tool, args, handler)
        return await _once(ctx.deps, key, tool, args, handler)


def _needs_yes(deps: RunDeps, name: str) -> bool:
    tool = deps.tools.get(name)
    return tool is None or tool.requires_confirmation


def _uid(ctx: RunContext[RunDeps], call: ToolCallPart) -> str:
    for message in reversed(ctx.messages):
        if isinstance(message, ModelResponse) and call in message.parts:
            return str((message.metadata or {}).get("uid", ""))
    return ""


def _in_short(call_id: str) -> str:
    """Models choose these ids, and what is said under them goes out with a key that has limits."""
    return call_id if len(call_id) <= 64 else hashlib.sha256(call_id.encode()).hexdigest()


async def _contained(tool: Tool | None, args: _Arguments, handler: _Handler) -> Any:
    """Run a call that may be repeated: whatever goes wrong is told to the model, and the turn goes on."""
    try:
        async with asyncio.timeout(tool.timeout if tool else 60):
            return await _effect(args, handler)
    except (ToolFailedError, ToolRetryError, CleoError):
        raise
    except Exception as error:
        _log.warning("tool failed", tool=tool.name if tool else "", error=type(error).__name__)
        raise ToolFailed(f"The tool failed ({type(error).__name__}).") from error


async def _effect(args: _Arguments, handler: _Handler) -> Any:
    failpoint("tool.before_effect")
    value = await handler(args)
    failpoint("tool.after_effect")
    return value


async def _once(deps: RunDeps, key: str, tool: Tool, args: _Arguments, handler: _Handler) -> Any:
    """Run a call at most once, also through a crash in its middle."""
    prior = await deps.store.write(lambda tx: tx.ledger.claim(key, tool.name, deps.clock.now()))
    if prior and prior.state == "succeeded":
        return prior.value
    if prior:
        raise ToolFailed("Started before a restart; outcome unknown. NOT repeated. Ask the user to check.")

    async def end(ending: Ending, value: str) -> None:
        await deps.store.write(lambda tx: tx.ledger.finish(key, ending, value, deps.clock.now()))

    return await _recorded(tool.timeout, args, handler, end)


async def _confirmed(
    ctx: RunContext[RunDeps],
    call: ToolCallPart,
    tool_def: ToolDefinition,
    args: _Arguments,
    handler: _Handler,
) -> Any:
    deps = ctx.deps
    plan = freeze(tool_def.name, args)
    shown = (digest(plan), tool_hash(tool_def))
    claimed = await deps.store.write(lambda tx: _claim(tx, deps, call.tool_call_id, shown))
    if claimed.verdict == "repeat":
        return claimed.text
    if claimed.verdict == "refuse" or claimed.row is None:
        raise ToolFailed(claimed.text)
    row = claimed.row
    deps.keys[call.tool_call_id] = f"confirmed:{row.ref}"

    async def end(ending: Ending, value: str) -> None:
        await deps.store.write(lambda tx: _finish(tx, deps, row, ending, value))

    tool = deps.tools.get(tool_def.name)
    return await _recorded(tool.timeout if tool else 60, args, handler, end)


async def _recorded(
    limit: float, args: _Arguments, handler: _Handler, end: Callable[[Ending, str], Awaitable[None]]
) -> Any:
    try:
        async with asyncio.timeout(limit):
            value = await _effect(args, handler)
    except (ToolFailedError, ToolRetryError) as refused:  # the tool itself says: nothing was done
        await end("failed", str(refused))
        raise
    except Exception as error:
        _log.warning("tool outcome unknown", error=type(error).__name__)
        await end("unknown", UNKNOWN)
        raise ToolFailed(UNKNOWN) from error
    await end("succeeded", str(value))
    return value


def _claim(tx: Transaction, deps: RunDeps, call_id: str, shown: tuple[str, str]) -> _Claim:
    """Consume a yes: in one transaction it becomes `executing` and the ledger says `started`."""
    row = _row_of(tx, deps, call_id)
    if row is None:
        return _Claim("refuse", "NOT DONE: no confirmation on record.")
    now = deps.clock.now()
    if started := claim(row):
        same = (row.digest, row.tool_hash) == shown
        if not (same and _still_good(tx, deps, row, now)):
            if refused := expire(row) if same else cancel(row):
                tx.confirmations.save(refused, before=row.state)
            tx.confirmations.log(row.ref, "claim refused", at=now)
            return _Claim("refuse", WITHDRAWN)
        tx.confirmations.save(started, before=row.state)
        tx.confirmations.log(row.ref, "executing", at=now)
        tx.ledger.claim(f"confirmed:{row.ref}", row.tool, now)
        return _Claim("run", row=started)
    return _replay(tx, deps, row, now)


def _replay(tx: Transaction, deps: RunDeps, row: Confirmation, now: float) -> _Claim:
    """A call that was claimed before: by a run that crashed, or that could not save its answer."""
    if row.state not in ("executing", "succeeded", "failed", "unknown"):
        return _Claim("refuse", WITHDRAWN)
    tool = deps.tools.get(row.tool)
    prior = tx.ledger.claim(f"confirmed:{row.ref}", row.tool, now)
    if prior is None or prior.state == "started":
        if tool and tool.repeatable:
            return _Claim("run", row=row)
        _finish(tx, deps, row, "unknown", UNKNOWN)
        return _Claim("refuse", UNKNOWN)
    return _Claim("repeat" if prior.state == "succeeded" else "refuse", prior.value)


def _finish(tx: Transaction, deps: RunDeps, row: Confirmation, ending: Ending, value: str) -> None:
    now = deps.clock.now()
    tx.ledger.finish(f"confirmed:{row.ref}", ending, value, now)
    current = tx.confirmations.get(row.ref)
    if current and (ended := finish(current, ending)):
        tx.confirmations.save(ended, before=current.state)
        tx.confirmations.log(row.ref, ending, at=now)
        show_outcome(tx, deps.asker.queue, ended)
        if ending == "unknown":
            deps.asker.ask_to_repeat(tx, ended, conversation=deps.conversation, now=now)


def _row_of(tx: Transaction, deps: RunDeps, call_id: str) -> Confirmation | None:
    rows = tx.confirmation_lookup.unreported(deps.conversation.id)
    for row in reversed(rows):
        if (row.detached and call_id == _LATE + row.ref) or (not row.detached and call_id == row.call_id):
            return row
    return None


def _still_good(tx: Transaction, deps: RunDeps, row: Confirmation, now: float) -> bool:
    fresh = row.decided_at is not None and row.decided_at > now - GRANT_AGE
    return fresh and row.decided_by is not None and deps.access.may_approve(tx.people.get(row.decided_by))


def late_call_id(row: Confirmation) -> str:
    """The call id under which a detached, approved call is carried out."""
    return _LATE + row.ref

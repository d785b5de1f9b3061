"""The one choke point for tools: nothing that changes things runs unasked, and nothing runs twice.

Every call of every tool passes here.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import structlog
from pydantic_ai.messages import ModelResponse, ToolCallPart, ToolReturnPart

from cleo.agent.approval.ask import TOO_MANY
from cleo.agent.approval.origin import origin_of
from cleo.agent.approval.outcome import show_outcome
from cleo.agent.approval.plan import PlannedCall, digest, freeze, frozen_again, read_arguments
from cleo.agent.approval.tool_contexts import confirmed, preparing
from cleo.agent.approval.tool_hash import is_same_tool, tool_hash
from cleo.agent.model.exchange import Exchange
from cleo.agent.run.deps import RunDeps
from cleo.agent.run.toolbox import DescribedCall, Toolbox
from cleo.domain.confirmation import (
    GRANT_AGE,
    Confirmation,
    Ending,
    cancel,
    claim,
    expire,
    finish,
)
from cleo.domain.content import unmarked
from cleo.domain.errors import CleoError, ToolError
from cleo.domain.failpoint import failpoint
from cleo.ports import Tool, ToolContext, Transaction

_log = structlog.get_logger("cleo.gate")

UNKNOWN = "Started; outcome unknown. It was NOT repeated; the user is being asked."
RESTARTED = "Started before a restart; outcome unknown. NOT repeated. Ask the user to check."
WITHDRAWN = "NOT DONE: the confirmation was withdrawn, is too old, or was for something else."
CHANGED = (
    "NOT DONE: the tool, or what these arguments mean to it, is not what the user said yes to. If it is still "
    "wanted, call it again, so that the user is asked anew."
)
UNSTABLE = "NOT DONE: the tool cannot be confirmed: its arguments are others once they were written down."

_LATE = "late_"

Effect = Callable[[Callable[[], ToolContext]], Awaitable[object]]
"""Runs the tool of a call."""


@dataclass(frozen=True, slots=True)
class _Claim:
    """What may happen with a confirmed call: run it now, repeat its first answer, or refuse."""

    verdict: Literal["run", "repeat", "refuse"]
    text: str = ""
    row: Confirmation | None = None


class _NotDone(Exception):
    """The call did not do what it should; the text is for the model."""


def needs_yes(tool: Tool | None) -> bool:
    """Tell whether a call runs only after a 👍. A tool that nobody knows is asked about."""
    return tool is None or tool.requires_confirmation


async def plan_call(
    deps: RunDeps, exchange: Exchange, toolbox: Toolbox, call: DescribedCall
) -> PlannedCall | ToolReturnPart:
    """Freeze a call that needs a yes, with the exact bytes that will be shown and run; or refuse it."""
    here, now = deps.conversation, deps.clock.now()
    room = await deps.store.write(lambda tx: deps.asker.room(tx, here, deps.person, now))
    if deps.planned >= room:
        return told(call.call, f"NOT DONE: {TOO_MANY}.", "failed")
    arguments = await _prepared(deps, exchange, toolbox, call)
    if isinstance(arguments, str):
        return told(call.call, unmarked(arguments), "failed")
    origin = await deps.store.read(lambda tx: origin_of(tx, deps, exchange))
    plan = freeze(call.tool.name, arguments, origin)
    again = toolbox.check(replace(call.call, args=read_arguments(plan)))
    if isinstance(again, str):
        return told(call.call, again, "failed")
    if frozen_again(plan, call.tool.name, again.arguments) != plan:
        return told(call.call, UNSTABLE, "failed")
    deps.planned += 1
    return PlannedCall(
        call_id=call.call.tool_call_id,
        tool=call.tool.name,
        tool_hash=tool_hash(call.definition, call.tool),
        plan=plan,
    )


async def _prepared(
    deps: RunDeps, exchange: Exchange, toolbox: Toolbox, call: DescribedCall
) -> dict[str, Any] | str:
    """Let the tool resolve the arguments; a text is for the model, which can mend its call."""
    key = f"prepare:{_key(exchange, call.call)}"
    try:
        async with asyncio.timeout(call.tool.timeout):
            return await toolbox.prepare(call, lambda: preparing(deps.context(key)))
    except ToolError as error:
        return str(error)
    except CleoError:
        raise
    except Exception as error:
        _log.warning("call not prepared", tool=call.tool.name, error=type(error).__name__)
        return f"NOT DONE: the tool could not make out what to ask ({type(error).__name__})."


async def approved_call(
    deps: RunDeps, toolbox: Toolbox, call: ToolCallPart
) -> DescribedCall | ToolReturnPart:
    """Return a call that got a yes as it was shown, whatever the model wrote; or refuse it: it fits no more."""
    row = await deps.store.read(lambda tx: _row_of(tx, deps, call.tool_call_id))
    if row is None:
        return told(call, "NOT DONE: no confirmation on record.", "failed")
    frozen = toolbox.check(replace(call, tool_name=row.tool, args=read_arguments(row.plan)))
    return await _refuse_changed(deps, call) if isinstance(frozen, str) else frozen


async def run_call(deps: RunDeps, exchange: Exchange, call: DescribedCall, effect: Effect) -> ToolReturnPart:
    """Run a call under the rule of its kind; one that needs a yes runs only if its row says so."""
    try:
        value = await _under_its_rule(deps, exchange, call, effect)
        result = told(call.call, value, "success")
    except _NotDone as error:
        result = told(call.call, unmarked(str(error)), "failed")
    exchange.running.pop(call.call.tool_call_id, None)
    return result


def told(
    call: ToolCallPart, content: object, outcome: Literal["success", "failed", "denied", "retried"]
) -> ToolReturnPart:
    """Make what the model reads as the result of a call."""
    return ToolReturnPart(call.tool_name, content, call.tool_call_id, outcome=outcome)


async def _under_its_rule(deps: RunDeps, exchange: Exchange, call: DescribedCall, effect: Effect) -> object:
    tool = call.tool
    if needs_yes(tool):
        return await _confirmed(deps, exchange, call, effect)
    key = _key(exchange, call.call)
    if tool.read_only:
        return await _contained(deps, tool, key, effect)
    await deps.checkpoint()
    exchange.running[call.call.tool_call_id] = key
    if tool.repeatable:
        return await _contained(deps, tool, key, effect)
    return await _once(deps, key, tool, effect)


def _key(exchange: Exchange, call: ToolCallPart) -> str:
    return f"{_uid(exchange, call)}:{_in_short(call.tool_call_id)}"


def _uid(exchange: Exchange, call: ToolCallPart) -> str:
    """Return the id of the response that holds the call: call ids of some models repeat in every response."""
    for message in reversed(exchange.messages):
        if isinstance(message, ModelResponse) and call in message.parts:
            return str((message.metadata or {}).get("uid", ""))
    return ""


def _in_short(call_id: str) -> str:
    """Models choose these ids, and what is said under them goes out with a key that has limits."""
    return call_id if len(call_id) <= 64 else hashlib.sha256(call_id.encode(errors="replace")).hexdigest()


async def _contained(deps: RunDeps, tool: Tool, key: str, effect: Effect) -> object:
    """Run a call that may be repeated: whatever goes wrong is told to the model, and the turn goes on."""
    try:
        async with asyncio.timeout(tool.timeout):
            return await _effect(deps, key, effect)
    except ToolError as error:
        raise _NotDone(str(error)) from error
    except CleoError:
        raise
    except Exception as error:
        _log.warning("tool failed", tool=tool.name, error=type(error).__name__)
        raise _NotDone(f"The tool failed ({type(error).__name__}).") from error


async def _effect(deps: RunDeps, key: str, effect: Effect) -> object:
    failpoint("tool.before_effect")
    value = await effect(lambda: deps.context(key))
    failpoint("tool.after_effect")
    return await deps.clip(value, key)


async def _once(deps: RunDeps, key: str, tool: Tool, effect: Effect) -> object:
    """Run a call at most once, also through a crash in its middle."""
    prior = await deps.store.write(lambda tx: tx.ledger.claim(key, tool.name, deps.clock.now()))
    if prior and prior.state == "succeeded":
        return prior.value
    if prior:
        raise _NotDone(RESTARTED)

    async def end(ending: Ending, value: str) -> None:
        await deps.store.write(lambda tx: tx.ledger.finish(key, ending, value, deps.clock.now()))

    return await _recorded(deps, tool.timeout, key, effect, end)


async def _confirmed(deps: RunDeps, exchange: Exchange, call: DescribedCall, effect: Effect) -> object:
    call_id = call.call.tool_call_id

    def is_same(row: Confirmation) -> bool:
        would_run = frozen_again(row.plan, call.tool.name, call.arguments)
        is_as_shown = row.digest == digest(row.plan) == digest(would_run)
        return is_as_shown and is_same_tool(row.tool_hash, call.definition, call.tool)

    claimed = await deps.store.write(lambda tx: _claim(tx, deps, call_id, is_same))
    if claimed.verdict == "repeat":
        return claimed.text
    if claimed.verdict == "refuse" or claimed.row is None:
        raise _NotDone(claimed.text)
    row = claimed.row
    key = exchange.running[call_id] = confirmed_key(row)

    async def end(ending: Ending, value: str) -> None:
        await deps.store.write(lambda tx: _finish(tx, deps, row, ending, value))

    return await _recorded(deps, call.tool.timeout, key, lambda make: effect(lambda: confirmed(make())), end)


async def _refuse_changed(deps: RunDeps, call: ToolCallPart) -> ToolReturnPart:
    """Use up a yes for a call that cannot run as it was shown: its tool is gone, or takes other arguments now."""
    claimed = await deps.store.write(lambda tx: _claim(tx, deps, call.tool_call_id, lambda row: False))
    return told(call, claimed.text or WITHDRAWN, "success" if claimed.verdict == "repeat" else "failed")


async def _recorded(
    deps: RunDeps, limit: float, key: str, effect: Effect, end: Callable[[Ending, str], Awaitable[None]]
) -> object:
    try:
        async with asyncio.timeout(limit):
            value = await _effect(deps, key, effect)
    except ToolError as refused:  # the tool itself says: nothing was done
        await end("failed", str(refused))
        raise _NotDone(str(refused)) from refused
    except Exception as error:
        _log.warning("tool outcome unknown", error=type(error).__name__)
        await end("unknown", UNKNOWN)
        raise _NotDone(UNKNOWN) from error
    await end("succeeded", str(value))
    return value


def _claim(tx: Transaction, deps: RunDeps, call_id: str, is_same: Callable[[Confirmation], bool]) -> _Claim:
    """Consume a yes: in one transaction it becomes `executing` and the ledger says `started`."""
    row = _row_of(tx, deps, call_id)
    if row is None:
        return _Claim("refuse", "NOT DONE: no confirmation on record.")
    now = deps.clock.now()
    if started := claim(row):
        same = is_same(row)
        if not (same and _still_good(tx, deps, row, now)):
            if refused := expire(row) if same else cancel(row):
                tx.confirmations.save(refused, before=row.state)
            tx.confirmations.log(row.ref, "claim refused", at=now)
            return _Claim("refuse", WITHDRAWN if same else CHANGED)
        tx.confirmations.save(started, before=row.state)
        tx.confirmations.log(row.ref, "executing", at=now)
        tx.ledger.claim(confirmed_key(row), row.tool, now)
        return _Claim("run", row=started)
    return _replay(tx, deps, row, now)


def _replay(tx: Transaction, deps: RunDeps, row: Confirmation, now: float) -> _Claim:
    """A call that was claimed before: by a run that crashed, or that could not save its answer."""
    if row.state not in ("executing", "succeeded", "failed", "unknown"):
        return _Claim("refuse", WITHDRAWN)
    tool = deps.tools.get(row.tool)
    prior = tx.ledger.claim(confirmed_key(row), row.tool, now)
    if prior is None or prior.state == "started":
        if tool and tool.repeatable:
            return _Claim("run", row=row)
        _finish(tx, deps, row, "unknown", UNKNOWN)
        return _Claim("refuse", UNKNOWN)
    return _Claim("repeat" if prior.state == "succeeded" else "refuse", prior.value)


def _finish(tx: Transaction, deps: RunDeps, row: Confirmation, ending: Ending, value: str) -> None:
    now = deps.clock.now()
    tx.ledger.finish(confirmed_key(row), ending, value, now)
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


def confirmed_key(row: Confirmation) -> str:
    """Return the ledger key of a confirmed call."""
    return f"confirmed:{row.ref}"


def late_call_id(row: Confirmation) -> str:
    """The call id under which a detached, approved call is carried out."""
    return _LATE + row.ref

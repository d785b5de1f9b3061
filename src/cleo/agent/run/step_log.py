"""Log lines of a run: that it begins, and what it came to. With ids and times, without anybody's words."""

import structlog

from cleo.agent.run.claim import ClaimedRun
from cleo.agent.run.model_loop import RunResult

_log = structlog.get_logger("cleo.run")


def log_taken(claimed: ClaimedRun, now: float) -> None:
    """Say which messages the run answers, and how long the first of them waited."""
    items = claimed.items
    _log.info(
        "run begun",
        kind=claimed.run.kind,
        messages=[item.message.id for item in items],
        attempt=claimed.run.attempts,
        waited_ms=round(1000 * (now - items[0].received_at)) if items else None,
    )


def log_answered(claimed: ClaimedRun, result: RunResult, now: float) -> None:
    """Say how it ended, after its commit; since the first message came."""
    items = claimed.items
    since_ms = round(1000 * (now - items[0].received_at)) if items else None
    if result.planned:
        _log.info("question asked", tools=[call.tool for call in result.planned], since_ms=since_ms)
    _log.info(
        "run ended",
        outcome=result.exit,
        replies=len(result.parts),
        requests=result.spent.usage.requests,
        since_ms=since_ms,
    )

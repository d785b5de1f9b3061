"""Waiting for a model that cannot be reached: on disk, so that a restart goes on waiting."""

from dataclasses import dataclass, replace

from cleo.agent.outbox.queue import OutboxQueue
from cleo.agent.run.claim import ClaimedRun
from cleo.domain.content import Text
from cleo.domain.errors import ModelUnavailable
from cleo.domain.run import Run
from cleo.ports import Transaction

BUSY = "⏳ The model is busy; I keep trying."

_SAID_AFTER = 30.0
_SHORTEST, _LONGEST_PAUSE = 2.0, 60.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a run waits for its model, in seconds since it could not be reached for the first time."""

    longest: float = 900.0

    def wait(
        self, tx: Transaction, queue: OutboxQueue, claimed: ClaimedRun, error: ModelUnavailable, now: float
    ) -> bool:
        """Let the run wait for its next try; False: it waited long enough."""
        run = self._waiting(claimed.run, error, now)
        if run is None or run.retry_at is None or run.waiting_since is None:
            return False
        tx.conversations.guard(claimed.conversation.id, claimed.epoch)
        tx.runs.update(run)
        if run.retry_at - run.waiting_since >= _SAID_AFTER:
            queue.put(tx, claimed.conversation, Text(body=BUSY), key=f"{run.id}:busy", purpose="notice")
        return True

    def _waiting(self, run: Run, error: ModelUnavailable, now: float) -> Run | None:
        """Wait as long as it took so far, at least what the provider says; this was no crash."""
        since = now if run.waiting_since is None else run.waiting_since
        end = since + self.longest
        if now >= end:
            return None
        pause = max(min(max(now - since, _SHORTEST), _LONGEST_PAUSE), error.retry_after or 0.0)
        attempts = max(run.attempts - 1, 0)
        return replace(run, attempts=attempts, retry_at=min(now + pause, end), waiting_since=since)

"""Finds what nobody woke: after a start, after a lost wake, and when a time has come."""

from functools import partial

import structlog

from cleo.agent.outbox.queue import OutboxQueue
from cleo.agent.outbox.reminders import fire
from cleo.agent.run.claim import WINDOW
from cleo.domain.errors import StoreError
from cleo.domain.failpoint import failpoint
from cleo.ports import Clock, Engine, Repeats, Store, Transaction

DAY = 24 * 3600.0
WEBHOOKS_KEPT = 30 * DAY
"""Seconds that requests of webhooks and their items are kept at most: Meta repeats them for up to 7 days."""
FORGETS_EACH = 3600.0
_AT_ONCE = 1000
"""Conversations that one sweep wakes. When more have something to do, the next one goes on behind them."""

_log = structlog.get_logger("cleo.sweep")


class Sweeper:
    """Looks through the tables every `every` seconds. A wake too many is harmless.

    What is over is kept for `keep` seconds.
    """

    def __init__(
        self,
        *,
        store: Store,
        engine: Engine,
        clock: Clock,
        queue: OutboxQueue,
        repeats: Repeats,
        every: float = 1.0,
        keep: float = 90 * DAY,
    ) -> None:
        self._store = store
        self._engine = engine
        self._clock = clock
        self._queue = queue
        self._repeats = repeats
        self._every = every
        self._keep = keep
        self._forget_at = 0.0
        self._after = ""

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            try:
                await self.sweep()
            except StoreError as error:
                _log.error("sweep failed", reason=str(error))
            await self._clock.sleep(self._every)

    async def sweep(self) -> None:
        """Fire due reminders and wake every conversation with something to do."""
        now = self._clock.now()
        due, is_reminder_due = await self._store.read(
            lambda tx: (
                tx.workloads.due(now, after=self._after, most=_AT_ONCE),
                tx.reminders.due(now, 1) != [],
            )
        )
        self._after = due[-1] if len(due) == _AT_ONCE else ""
        await self._engine.wake(*due)
        while is_reminder_due:
            reminded = await self._store.write(lambda tx: fire(tx, self._queue, self._repeats, now))
            failpoint("remind.after_commit")
            await self._engine.wake(*reminded.conversations)
            is_reminder_due = reminded.more
        await self._forget(now)

    async def _forget(self, now: float) -> None:
        """Let go of what is over, a portion of each kind at a time, so that nobody waits long for it."""
        if now < self._forget_at:
            return
        left = 0
        for forget in (
            self._forget_requests,
            self._forget_inbound,
            self._forget_outbound,
            self._forget_runs,
            self._forget_records,
        ):
            left += await self._store.write(partial(forget, now))
        self._forget_at = now if left else now + FORGETS_EACH

    def _forget_requests(self, now: float, tx: Transaction) -> int:
        """Long after the last time that they could come again."""
        return tx.webhook_events.forget(now - min(WEBHOOKS_KEPT, self._keep))

    def _forget_inbound(self, now: float, tx: Transaction) -> int:
        tx.retention.forget_counts(int(now // DAY))
        return tx.retention.forget_inbound(now - self._keep)

    def _forget_outbound(self, now: float, tx: Transaction) -> int:
        return tx.retention.forget_outbound(now - self._keep)

    def _forget_runs(self, now: float, tx: Transaction) -> int:
        return tx.retention.forget_runs(now - self._keep, WINDOW)

    def _forget_records(self, now: float, tx: Transaction) -> int:
        return tx.retention.forget_records(now - self._keep)

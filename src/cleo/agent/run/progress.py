"""How much of a run is saved: each step is a row before the next begins."""

from dataclasses import dataclass

from cleo.agent.model.exchange import Exchange
from cleo.agent.run.claim import ClaimedRun
from cleo.agent.run.commit import Committer
from cleo.domain.failpoint import failpoint
from cleo.ports import Store


@dataclass(frozen=True, slots=True)
class Progress:
    """Saves what is new in an exchange."""

    store: Store
    committer: Committer
    claimed: ClaimedRun
    exchange: Exchange

    async def checkpoint(self) -> None:
        """Save what is new; raises `Fenced`."""
        count = len(self.exchange.messages)
        if count > self.exchange.stored:
            await self.store.write(lambda tx: self.committer.checkpoint(tx, self.claimed, self.exchange))
            self.exchange.stored = count
            self.claimed.parked = None  # it is answered now
            failpoint("checkpoint.after_commit")

"""How much of a run is saved: each step is a row before the next begins."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic_ai.messages import ModelMessage

from cleo.agent.run.claim import ClaimedRun
from cleo.agent.run.commit import Committer
from cleo.agent.run.resume import ResumePoint
from cleo.domain.failpoint import failpoint
from cleo.ports import Store


@dataclass
class Progress:
    """Saves what is new. Tool calls run side by side; one of them saves for all."""

    store: Store
    committer: Committer
    claimed: ClaimedRun
    resume_point: ResumePoint
    saved: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def checkpoint(self, messages: Sequence[ModelMessage]) -> None:
        """Save what is new in the list of all messages; raises `Fenced`."""
        async with self.lock:
            new = self.unsaved(messages[len(self.resume_point.start.window) :])
            if new:
                answers = self.resume_point.answers
                await self.store.write(lambda tx: self.committer.checkpoint(tx, self.claimed, new, answers))
                self.saved += len(new)
                failpoint("checkpoint.after_commit")

    def unsaved(self, added: Sequence[ModelMessage]) -> list[ModelMessage]:
        """Return which of the messages that the run added (and of its unsaved start) are not saved yet."""
        return [*self.resume_point.unsaved, *added][self.saved :]

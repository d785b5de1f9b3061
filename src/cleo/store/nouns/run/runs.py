"""Turns of the agent."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from cleo.domain.conversation import ConversationId
from cleo.domain.run import Run, RunState, Stop
from cleo.ports.clock import Clock
from cleo.store.nouns.conversations import guard, is_still_ours
from cleo.store.schema import is_open_run, runs
from cleo.store.session import Session

RUN = (
    runs.c.id,
    runs.c.conversation,
    runs.c.kind,
    runs.c.state,
    runs.c.attempts,
    runs.c.prompted,
    runs.c.ref,
    runs.c.retry_at,
    runs.c.waiting_since,
    runs.c.stop,
)
_RUN = select(*RUN)
_OPEN = _RUN.where(runs.c.conversation == bindparam("chat"), is_open_run)
_RECENT = _RUN.order_by(runs.c.seq.desc()).limit(bindparam("newest"))
_START = insert(runs)
_UPDATE = update(runs).where(runs.c.id == bindparam("it"))
_UPDATE_OURS = _UPDATE.where(is_still_ours(bindparam("in_chat")))
_STOP = update(runs).where(runs.c.conversation == bindparam("chat"), is_open_run)


_FIELDS = tuple(column.name for column in RUN)


class SqlRuns:
    """Implements `cleo.ports.Runs`. The database refuses a second open run of a conversation."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._session = session
        self._clock = clock

    def open(self, conversation: ConversationId) -> Run | None:
        """The run that is not finished, if there is one."""
        row = self._session.row(_OPEN, {"chat": conversation})
        return None if row is None else run_of(row)

    def start(self, run: Run) -> None:
        """Keep a new run."""
        self._session.run(_START, asdict(run))

    def update(self, run: Run, *, epoch: int | None = None) -> None:
        """Save attempts, prompted, state, and until when it waits; raises `Fenced` if the epoch is not that one."""
        changes = {
            "attempts": run.attempts,
            "prompted": run.prompted,
            "state": run.state,
            "retry_at": run.retry_at,
            "waiting_since": run.waiting_since,
            "ended_at": None if run.state == "open" else self._clock.now(),
        }
        if epoch is None:
            self._session.run(_UPDATE, {"it": run.id, **changes})
            return
        ours = {"it": run.id, "in_chat": run.conversation, "epoch": epoch, **changes}
        if self._session.run(_UPDATE_OURS, ours) == 0:
            guard(self._session, run.conversation, epoch)

    def stop(self, conversation: ConversationId, how: Stop) -> Run | None:
        """Ask the run that is not finished to end; return it, None: there is none."""
        self._session.run(_STOP, {"chat": conversation, "stop": how})
        return self.open(conversation)

    def recent(self, limit: int) -> Sequence[tuple[Run, RunState]]:
        """The newest runs of all conversations, newest first."""
        found = [run_of(row) for row in self._session.rows(_RECENT, {"newest": limit})]
        return [(run, run.state) for run in found]


def run_of(row: Sequence[Any]) -> Run:
    """Read the values of `RUN`."""
    return Run(**dict(zip(_FIELDS, row, strict=True)))

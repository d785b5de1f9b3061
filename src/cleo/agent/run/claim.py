"""Step 4 of the line: what there is to do in a conversation now, claimed before anybody works on it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import uuid4

from pydantic_ai.messages import ModelMessage

from cleo.agent.approval.settle import expire_questions, is_settled
from cleo.agent.loop_guard import LoopGuard, undoubted
from cleo.agent.message_changes import is_change, take_untold
from cleo.agent.model.window_cache import WindowCache
from cleo.agent.outbox.queue import OutboxQueue
from cleo.domain.access import Access
from cleo.domain.confirmation import FINAL, Confirmation, cancel, detach, finish, mark_reported
from cleo.domain.content import Text
from cleo.domain.conversation import Conversation, ConversationId
from cleo.domain.identity import PersonId
from cleo.domain.message import InboxItem
from cleo.domain.run import MAX_CRASHES, Run, RunId, RunKind
from cleo.ports import DeadLetter, Parked, Transaction, Workload

WINDOW = 400
"""Messages of the transcript that are read; how many of them the model gets is bounded by their size."""
MOST = 10
"""Messages that one turn answers. The rest of a long burst has turns of its own: all of it in one would want more
tool calls than a turn may make, and all of it would fail."""

_DEBOUNCE_QUIET = 0.3
_DEBOUNCE_LONGEST = 1.5

GAVE_UP = "⚠️ Sorry, I tried several times and could not handle that. My owner can see it in the log."


@dataclass(slots=True, kw_only=True)
class ClaimedRun:
    """One run with everything it begins with, read in one transaction."""

    run: Run
    epoch: int
    conversation: Conversation
    person: PersonId
    items: Sequence[InboxItem] = ()
    changes: Sequence[InboxItem] = ()
    """Edits and deletions of what was read before; the model learns them with this prompt."""
    window: Sequence[ModelMessage] | None = None
    """The newest messages of the transcript, oldest first, where they were in memory."""
    bodies: Sequence[bytes] = ()
    """The same as they are stored, where they were not."""
    bounds: tuple[int, int] = (0, 0)
    """The revision after which the conversation began, and that of its newest message."""
    parked: Parked | None = None
    rows: Sequence[Confirmation] = ()
    """The questions of the parked batch."""
    late: Confirmation | None = None
    ended_questions: list[Confirmation] = field(default_factory=list[Confirmation])
    """Detached questions that ended; the model learns it with this prompt."""
    lost: Sequence[DeadLetter] = ()
    """Messages of Cleo's that never arrived; the model learns it with this prompt."""
    poison_candidate: bool = False
    """It went down with the process each time but the last one is left: that one counts only once it begins."""


@dataclass(frozen=True, slots=True)
class Wait:
    """More may come in a moment: look again after `seconds`."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimer:
    """Claimer jobs for people who may be answered."""

    access: Access
    queue: OutboxQueue
    guard: LoopGuard
    windows: WindowCache = field(default_factory=WindowCache)
    begun: set[RunId] = field(default_factory=set[RunId])
    """Runs that this process has worked on: it outlived them."""

    def give_up_hopeless(self, tx: Transaction, work: Workload, now: float) -> Workload:
        """Give up a run that crashed again and again; return what there is to do then."""
        if work.run is None or work.run.attempts < MAX_CRASHES or _waits_for_model(work.run, now):
            return work
        _give_up(tx, self.queue, work, work.run, now)
        return tx.workloads.look(work.conversation.id, MOST)

    def claim(self, tx: Transaction, work: Workload, now: float, *, busy: bool) -> ClaimedRun | Wait | None:
        """Take the next run: an unfinished run, new messages, a settled batch, or a late yes.

        The conversation is the caller's, under the epoch of `work`. `busy` tells that the worker comes from another
        run, so that what is new came in meanwhile.
        """
        if work.run and _waits_for_model(work.run, now):
            return None  # what came since waits behind it
        if work.run:
            return self._go_on(tx, work, work.run)
        unreported = expire_questions(tx, work.conversation.id, now) if work.has_unreported else ()
        changes: Sequence[InboxItem] = ()
        if work.new and work.has_changes:
            changes = take_untold(tx, work.conversation.id, now)
            work = tx.workloads.look(work.conversation.id, MOST)
        items = self._allowed(tx, work)
        if wait := _debounce(items, now, busy=busy):
            return wait
        if self.guard.holds(tx, work, items, now):
            items = ()
        taken = (*changes, *items) if items else ()
        new = _new(tx, work, taken, unreported, now)
        if new is None:
            return None
        self.begun.add(new.id)
        return self._load(tx, work, new, taken, unreported)

    def _go_on(self, tx: Transaction, work: Workload, run: Run) -> ClaimedRun:
        unreported = tx.confirmation_lookup.unreported(run.conversation) if work.has_unreported else ()
        taken = [item for item in tx.inbox_lookup.of_run(run.id) if item.state == "taken"]
        claimed = self._load(tx, work, run, taken, unreported)
        claimed.poison_candidate = run.attempts == MAX_CRASHES - 1 and run.id not in self.begun
        if not claimed.poison_candidate:
            self._count(tx, claimed)
        return claimed

    def try_again(self, tx: Transaction, claimed: ClaimedRun) -> None:
        """Count the last attempt of a poison candidate, now that it begins."""
        tx.conversations.guard(claimed.conversation.id, claimed.epoch)
        self._count(tx, claimed)

    def _count(self, tx: Transaction, claimed: ClaimedRun) -> None:
        claimed.run = replace(claimed.run, attempts=claimed.run.attempts + 1, retry_at=None)
        tx.runs.update(claimed.run)
        self.begun.add(claimed.run.id)

    def _allowed(self, tx: Transaction, work: Workload) -> Sequence[InboxItem]:
        """Drop what came from people who may not be answered any more, and what Cleo said itself."""
        while True:
            dropped = [item.seq for item in work.new if item.seq in work.own or self._is_stranger(work, item)]
            if not dropped:
                return undoubted(work)
            tx.inbox.move(dropped, "noted")
            work = tx.workloads.look(work.conversation.id, MOST)

    def _is_stranger(self, work: Workload, item: InboxItem) -> bool:
        return self.access.role(work.senders[item.person]) == "stranger"

    def _load(
        self,
        tx: Transaction,
        work: Workload,
        run: Run,
        taken: Sequence[InboxItem],
        unreported: Sequence[Confirmation],
    ) -> ClaimedRun:
        items, changes = _parted(taken)
        conversation, parked = work.conversation, work.parked
        late = tx.confirmations.get(run.ref) if run.ref else None
        window = self.windows.get(run.conversation, work.epoch, work.bounds)
        rows = _of_batch(unreported, parked) if parked else []
        asked_by = _asked_by(tx, run, [late] if late else rows)
        asks = run.kind == "message" and not run.prompted
        return ClaimedRun(
            run=run,
            epoch=work.epoch,
            conversation=conversation,
            person=items[-1].person if items else asked_by or conversation.person or PersonId(""),
            items=items,
            changes=changes,
            window=window,
            bodies=tx.transcript.window(run.conversation, WINDOW) if window is None else (),
            bounds=work.bounds,
            parked=parked,
            rows=rows,
            late=late,
            ended_questions=[row for row in unreported if asks and row.detached and row.state in FINAL],
            lost=tx.dead_letters.unreported(run.conversation) if asks and work.has_losses else (),
        )


def _waits_for_model(run: Run, now: float) -> bool:
    return not run.stop and run.retry_at is not None and run.retry_at > now


def _debounce(items: Sequence[InboxItem], now: float, *, busy: bool) -> Wait | None:
    """A lone message is never delayed; messages that come in a rush wait a moment for each other."""
    if not items or len(items) == MOST or not (busy or len(items) > 1):
        return None
    quiet = now - items[-1].received_at
    if quiet < _DEBOUNCE_QUIET and now - items[0].received_at < _DEBOUNCE_LONGEST:
        return Wait(max(_DEBOUNCE_QUIET - max(quiet, 0.0), 0.01))
    return None


def _new(
    tx: Transaction,
    work: Workload,
    taken: Sequence[InboxItem],
    unreported: Sequence[Confirmation],
    now: float,
) -> Run | None:
    conversation = work.conversation.id
    if taken:
        run = _start(tx, conversation, "message")
        tx.inbox.move([item.seq for item in taken], "taken", run.id)
        return run
    if work.parked and is_settled(_of_batch(unreported, work.parked), now):
        return _start(tx, conversation, "resume")
    late = next((row for row in unreported if row.detached and row.state == "approved"), None)
    return _start(tx, conversation, "late", late.ref) if late else None


def _parted(taken: Sequence[InboxItem]) -> tuple[Sequence[InboxItem], Sequence[InboxItem]]:
    """Return the messages of a run, and the changes of earlier ones that it is told."""
    return [each for each in taken if not is_change(each.message)], [
        each for each in taken if is_change(each.message)
    ]


def _start(tx: Transaction, conversation: ConversationId, kind: RunKind, ref: str = "") -> Run:
    run = Run(id=RunId(uuid4().hex), conversation=conversation, kind=kind, attempts=1, ref=ref)
    tx.runs.start(run)
    return run


def _batch(tx: Transaction, conversation: ConversationId, parked: Parked) -> list[Confirmation]:
    return _of_batch(tx.confirmation_lookup.unreported(conversation), parked)


def _of_batch(unreported: Sequence[Confirmation], parked: Parked) -> list[Confirmation]:
    return [row for row in unreported if row.batch == parked.batch and not row.detached]


def _asked_by(tx: Transaction, run: Run, rows: Sequence[Confirmation]) -> PersonId:
    """Tell who wanted what was asked about. After a crash the batch may be settled: it is the newest then."""
    if not rows and run.kind == "resume":
        newest = tx.confirmation_lookup.newest(run.conversation)
        rows = [newest] if newest else []
    return rows[0].asked_by if rows else PersonId("")


def _give_up(tx: Transaction, queue: OutboxQueue, work: Workload, run: Run, now: float) -> None:
    """Close a run that crashed again and again: its messages become dead letters, the chat is told."""
    tx.runs.update(replace(run, state="failed"))
    parked = work.parked if run.kind == "resume" else None
    asked_for = tx.inbox_lookup.of_run(parked.run) if parked and parked.run else ()
    items = [*tx.inbox_lookup.of_run(run.id), *asked_for]
    tx.inbox.move([item.seq for item in items], "dead")
    reason = f"the run failed {run.attempts} times"
    for item in _parted(items)[0]:
        letter = DeadLetter(
            kind="inbound", key=f"inbox:{item.seq}", conversation=run.conversation, reason=reason, at=now
        )
        tx.dead_letters.add(letter)
    if parked:  # a run of another kind is not about these questions
        for row in _batch(tx, run.conversation, parked):
            _leave(tx, row, now)
        tx.transcript.park(run.conversation, None)
    if run.ref and (row := tx.confirmations.get(run.ref)):
        if row.state == "approved" and (over := cancel(row)):
            tx.confirmations.save(mark_reported(over), before=row.state)
        elif row.state == "executing":
            _leave(tx, row, now)
    queue.put(tx, work.conversation, Text(body=GAVE_UP), key=f"{run.id}:gave-up", purpose="notice")


def _leave(tx: Transaction, row: Confirmation, now: float) -> None:
    """Let a question live on alone; what was begun will never be known."""
    ended = finish(row, "unknown")
    tx.confirmations.save(detach(ended or row), before=row.state)
    if ended:
        tx.confirmations.log(row.ref, ended.state, at=now, detail="its run was given up")

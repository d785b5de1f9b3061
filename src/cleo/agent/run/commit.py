"""Step 7 of the line: everything that a turn came to, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cleo.agent.approval.ask import Asker
from cleo.agent.approval.settle import close_batch
from cleo.agent.model.exchange import Exchange, write_body
from cleo.agent.run.claim import ClaimedRun
from cleo.agent.run.model_loop import RunResult
from cleo.agent.run.stop import settle_stopped
from cleo.domain.confirmation import Confirmation, cancel, mark_reported
from cleo.domain.content import Text
from cleo.domain.conversation import ConversationId
from cleo.domain.errors import ModelError
from cleo.domain.message import Quoted
from cleo.domain.spending import Spending
from cleo.ports import Parked, Transaction

DONE_ANYWAY = "What you confirmed was carried out."


@dataclass(frozen=True, slots=True, kw_only=True)
class Committer:
    """Writes a turn's result: history, questions, replies, and that its messages are answered."""

    asker: Asker

    def checkpoint(self, tx: Transaction, claimed: ClaimedRun, exchange: Exchange) -> None:
        """Save the turn so far: its input counts as read, a crash goes on from here."""
        if claimed.run.prompted:
            tx.conversations.guard(claimed.conversation.id, claimed.epoch)
        else:
            claimed.run = replace(claimed.run, prompted=True)
            tx.runs.update(claimed.run, epoch=claimed.epoch)
        self._remember(tx, claimed, exchange)
        if exchange.grants is not None:  # who goes on after a crash does not know them any more
            close_batch(tx, claimed.rows, exchange.grants)

    def commit(
        self, tx: Transaction, claimed: ClaimedRun, exchange: Exchange, result: RunResult, now: float
    ) -> set[ConversationId]:
        """Finish the run with what is not saved yet; tells the conversations with new messages to send."""
        over = replace(claimed.run, state="failed" if result.error else "done")
        tx.runs.update(over, epoch=claimed.epoch)
        tx.inbox.move([item.seq for item in (*claimed.changes, *claimed.items)], "done")
        wake = {claimed.conversation.id}
        revision = self._remember(tx, claimed, exchange)
        if result.exit == "stopped":
            settle_stopped(tx, self.asker.queue, claimed, exchange, now)
        self._settle(tx, claimed, exchange)
        if result.planned:
            tx.transcript.park(claimed.conversation.id, Parked(batch=revision))
            wake |= self.asker.ask(
                tx,
                result.planned,
                conversation=claimed.conversation,
                person=claimed.person,
                batch=revision,
                now=now,
            )
        self._reply(tx, claimed, [self._excuse(tx, claimed, result.error)] if result.error else result.parts)
        if result.spent.usage.total_tokens:
            tx.spendings.add(_spending(claimed, result, now))
        return wake

    def _remember(self, tx: Transaction, claimed: ClaimedRun, exchange: Exchange) -> int:
        """Append messages; the batch that was parked before them is answered now."""
        bodies = [write_body(message) for message in exchange.unstored]
        for place in exchange.replaced:
            if place < exchange.stored:
                body = write_body(exchange.messages[place])
                tx.transcript_rows.replace(claimed.conversation.id, exchange.first_revision + place, body)
        newest = exchange.first_revision + exchange.stored - 1
        revision = tx.transcript.append(claimed.conversation.id, claimed.run.id, bodies, after=newest)
        if claimed.parked:
            tx.transcript.park(claimed.conversation.id, None)
            if claimed.parked.run:  # who asked has not answered: that is for this run to do, or to give up
                tx.inbox.hand_over(claimed.parked.run, claimed.run.id)
        for row in claimed.ended_questions:
            _report(tx, row.ref)
        tx.dead_letters.mark_reported(claimed.lost)
        return revision

    def _settle(self, tx: Transaction, claimed: ClaimedRun, exchange: Exchange) -> None:
        if exchange.grants is not None:
            close_batch(tx, claimed.rows, exchange.grants)
        if claimed.late:
            _report(tx, claimed.late.ref, cancel_unused=True)

    def _excuse(self, tx: Transaction, claimed: ClaimedRun, error: ModelError) -> str:
        questions = [*claimed.rows, *([claimed.late] if claimed.late else [])]
        after = {row.state for each in questions if (row := tx.confirmations.get(each.ref))}
        return f"⚠️ {error}" + (f" {DONE_ANYWAY}" if "succeeded" in after else "")

    def _reply(self, tx: Transaction, claimed: ClaimedRun, parts: Sequence[str]) -> None:
        quoted = _quote(claimed) if claimed.conversation.is_group else None
        texts = [Text(body=part) for part in parts if part.strip()]
        to, key = claimed.conversation, claimed.run.id
        self.asker.queue.put_all(tx, to, texts, key=key, purpose="reply", quoted=quoted)


def _report(tx: Transaction, ref: str, *, cancel_unused: bool = False) -> None:
    """Note that the transcript holds how a question ended; a grant that was not used is over, if asked for."""
    row = tx.confirmations.get(ref)
    if row is None:
        return
    after: Confirmation = (cancel(row) if cancel_unused and row.state == "approved" else None) or row
    tx.confirmations.save(mark_reported(after), before=row.state)


def _quote(claimed: ClaimedRun) -> Quoted | None:
    if not claimed.items:
        return None
    message = claimed.items[-1].message
    text = message.content.body if isinstance(message.content, Text) else None
    return Quoted(id=message.id, sender=message.sender, text=text)


def _spending(claimed: ClaimedRun, result: RunResult, now: float) -> Spending:
    cost = result.spent.usage.cost
    return Spending(
        conversation=claimed.conversation.id,
        run=claimed.run.id,
        kind="chat",
        model=result.spent.model,
        tokens_in=result.spent.usage.input_tokens,
        tokens_out=result.spent.usage.output_tokens,
        cost=None if cost is None else float(cost),
        at=now,
    )

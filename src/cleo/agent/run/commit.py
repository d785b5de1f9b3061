"""Step 7 of the line: everything that a turn came to, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pydantic import TypeAdapter
from pydantic_ai import DeferredToolRequests, DeferredToolResults
from pydantic_ai.messages import ModelMessage

from cleo.agent.approval import confirm
from cleo.agent.approval.confirm import Asker
from cleo.agent.run.claim import Job
from cleo.agent.run.model_loop import End, bodies
from cleo.domain.content import Text
from cleo.domain.conversation import ConversationId
from cleo.domain.errors import ModelError
from cleo.domain.message import OutboxItem, Quoted
from cleo.ports import Channel, Parked, Transaction

REQUESTS: TypeAdapter[DeferredToolRequests] = TypeAdapter(DeferredToolRequests)
"""Reads and writes a parked batch."""

DONE_ANYWAY = "What you confirmed was carried out."


@dataclass(frozen=True, slots=True, kw_only=True)
class Answerer:
    """Writes a turn's end: history, questions, replies, and that its messages are answered."""

    asker: Asker
    channel: Channel

    def checkpoint(
        self, tx: Transaction, job: Job, messages: Sequence[ModelMessage], answers: DeferredToolResults | None
    ) -> None:
        """Save the turn so far: its input counts as read, a crash goes on from here."""
        tx.conversations.guard(job.conversation.id, job.epoch)
        self._remember(tx, job, messages)
        if answers:  # who goes on after a crash does not know them any more
            confirm.close(tx, job.rows, answers)
        if not job.run.prompted:
            job.run = replace(job.run, prompted=True)
            tx.runs.update(job.run)

    def commit(
        self, tx: Transaction, job: Job, end: End, answers: DeferredToolResults | None, now: float
    ) -> set[ConversationId]:
        """Finish the run with what is not saved yet; tells the conversations with new messages to send."""
        tx.conversations.guard(job.conversation.id, job.epoch)
        wake = {job.conversation.id}
        revision = self._remember(tx, job, end.messages)
        self._settle(tx, job, answers)
        if end.parked:
            tx.history.park(
                job.conversation.id, Parked(batch=revision, requests=REQUESTS.dump_json(end.parked))
            )
            wake |= self.asker.ask(
                tx, end.parked, conversation=job.conversation, person=job.person, batch=revision, now=now
            )
        self._reply(tx, job, [self._excuse(tx, job, end.error)] if end.error else end.parts)
        tokens = end.usage.total_tokens
        if tokens:
            tx.history.spend(job.conversation.id, job.run.id, tokens, 0.0, now)
        tx.inbox.move([item.seq for item in job.items], "done")
        tx.runs.update(replace(job.run, state="failed" if end.error else "done"))
        return wake

    def _remember(self, tx: Transaction, job: Job, messages: Sequence[ModelMessage]) -> int:
        """Append messages; the batch that was parked before them is answered now."""
        revision = tx.history.append(job.conversation.id, job.run.id, bodies(messages))
        if job.parked:
            tx.history.park(job.conversation.id, None)
        for row in job.told:
            tx.confirmations.move(row.ref, when={row.state}, to=row.state, changes={"told": True})
        tx.dead_letters.tell(job.lost)
        return revision

    def _settle(self, tx: Transaction, job: Job, answers: DeferredToolResults | None) -> None:
        if answers:
            confirm.close(tx, job.rows, answers)
        if job.late:
            row = tx.confirmations.find(ref=job.late.ref)[0]
            to = "cancelled" if row.state == "approved" else row.state
            tx.confirmations.move(row.ref, when={row.state}, to=to, changes={"told": True})

    def _excuse(self, tx: Transaction, job: Job, error: ModelError) -> str:
        questions = [*job.rows, *([job.late] if job.late else [])]
        after = {tx.confirmations.find(ref=row.ref)[0].state for row in questions}
        return f"⚠️ {error}" + (f" {DONE_ANYWAY}" if "succeeded" in after else "")

    def _reply(self, tx: Transaction, job: Job, parts: Sequence[str]) -> None:
        quoted = _quote(job) if job.conversation.is_group else None
        for number, part in enumerate(part for part in parts if part.strip()):
            key = f"{job.run.id}:{number}"
            tx.outbox.add(
                OutboxItem(
                    key=key,
                    conversation=job.conversation.id,
                    content=Text(body=part),
                    quoted=quoted if number == 0 else None,
                    message_id=self.channel.message_id(key),
                )
            )


def _quote(job: Job) -> Quoted | None:
    if not job.items:
        return None
    message = job.items[-1].message
    text = message.content.body if isinstance(message.content, Text) else None
    return Quoted(id=message.id, sender=message.sender, text=text)

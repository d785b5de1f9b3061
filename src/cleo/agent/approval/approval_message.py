"""One inbound message while it is read as an answer, beside what was asked and said in its chat."""

from collections.abc import Sequence
from dataclasses import dataclass

from cleo.agent.outbox.queue import OutboxQueue
from cleo.domain.confirmation import Confirmation
from cleo.domain.content import Reaction, Text
from cleo.domain.conversation import Conversation
from cleo.domain.delivery import REACHED
from cleo.domain.identity import Person
from cleo.domain.message import Inbound, OutboxState, OutgoingMessage
from cleo.ports import Transaction

_SAID_SINCE = 100
"""Messages behind a question that are looked at: not all that were queued went out."""

_IN_DOUBT: frozenset[OutboxState] = frozenset({"sending", "uncertain", "unknown"})
"""States of a question's message that may be there under an id that nobody has told."""


@dataclass(slots=True, frozen=True)
class ApprovalMessage:
    """The message, and who wrote it where; `now` in Unix seconds."""

    tx: Transaction
    inbound: Inbound
    conversation: Conversation
    person: Person
    now: float
    queue: OutboxQueue

    def hint(self, text: str) -> None:
        """Say how to answer, or why it had no effect; once for each message."""
        key = f"hint:{self.conversation.id}:{self.inbound.sender}:{self.inbound.id}"
        self.queue.put(self.tx, self.conversation, Text(body=text), key=key, purpose="notice")

    def log(self, confirmation: Confirmation, kind: str, detail: str = "") -> None:
        """Append to the audit trail of the question."""
        self.tx.confirmations.log(confirmation.ref, kind, at=self.now, by=self.person.id, detail=detail)

    def was_shown(self, row: Confirmation) -> bool:
        """Tell whether the question reached this chat: it may have reached another one, and still wait here."""
        return any(prompt.state in REACHED for prompt in self._prompts(row))

    def is_own(self, row: Confirmation) -> bool:
        """Tell whether this very person's words in this very chat led to the question."""
        return row.asked_by == self.person.id and row.conversation == self.conversation.id

    def is_last_said(self, row: Confirmation) -> bool:
        """Tell whether nothing that Cleo said here came after the question, as far as somebody may have seen it."""
        asked = max(prompt.seq for prompt in self._prompts(row) if prompt.state in REACHED)
        later = self.tx.outbox_lookup.recent(_SAID_SINCE, conversation=self.conversation.id, after=asked)
        return not any(
            each.state in REACHED | _IN_DOUBT and not isinstance(each.content, Reaction) for each in later
        )

    def is_awaiting_id(self, row: Confirmation) -> bool:
        """Tell whether nobody has told the id of a message that asks it."""
        return any(prompt.message_id is None for prompt in self._prompts(row))

    def is_being_sent(self, row: Confirmation) -> bool:
        """Tell whether it is being found out what became of a message that asks it."""
        return any(prompt.state in ("sending", "uncertain") for prompt in self._prompts(row))

    def may_have_other_ids(self, row: Confirmation) -> bool:
        """Tell whether a message that asks it may be there under an id that nobody has told."""
        return any(
            (prompt.message_id is None and prompt.state in _IN_DOUBT)
            or (prompt.attempt > 1 and prompt.second_id is None)
            for prompt in self._prompts(row)
        )

    def _prompts(self, row: Confirmation) -> Sequence[OutgoingMessage]:
        """Return the messages that ask the question in this chat."""
        prompts = self.tx.outbox_lookup.prompts(row.ref)
        return [prompt for prompt in prompts if prompt.conversation == self.conversation.id]

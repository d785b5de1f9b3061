"""What people say to Cleo itself, not to the model: `/stop`, `/new`, `/status`. They are read on arrival."""

from dataclasses import dataclass
from typing import Literal

from cleo.agent.outbox.queue import OutboxQueue
from cleo.agent.run.stop import begin_anew
from cleo.domain.confirmation import OPEN
from cleo.domain.content import Text
from cleo.domain.conversation import Conversation
from cleo.domain.message import Inbound
from cleo.domain.run import Run
from cleo.ports import Transaction

Command = Literal["stop", "new", "status"]

NOTHING_RUNS = "Nothing is running."
ANEW = "🆕 We begin anew: I start from here. Notes, reminders and open questions stay."

_WORDS: dict[str, Command] = {"/stop": "stop", "/new": "new", "/status": "status"}


def read_command(inbound: Inbound) -> tuple[Command, bool] | None:
    """Read a message as a command, by its whole text; True: it was the word alone, which may mean something else."""
    if not isinstance(inbound.content, Text) or inbound.forwarded or len(inbound.content.body) > 20:
        return None
    word = inbound.content.body.strip().casefold()
    if word in _WORDS:
        return _WORDS[word], False
    return ("stop", True) if word.rstrip(".!") == "stop" else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """Obeys commands of people who may talk to Cleo; `model` is what `/status` calls the model."""

    queue: OutboxQueue
    model: str = ""

    def obey(self, tx: Transaction, inbound: Inbound, conversation: Conversation, now: float) -> bool:
        """Do what a message says, if it is a command; nothing else is done with it then."""
        found = read_command(inbound)
        if found is None:
            return False
        command, is_bare = found
        if command == "status":
            said = self._status(tx, conversation, now)
        elif command == "new":
            if tx.runs.stop(conversation.id, "new"):  # the run settles what it took
                tx.transcript_rows.begin_anew(conversation.id)
            else:
                begin_anew(tx, conversation.id)
            said = ANEW
        elif tx.runs.stop(conversation.id, "stop"):
            return True  # whoever runs it tells what was done
        elif is_bare:
            return False
        else:
            said = NOTHING_RUNS
        key = f"command:{conversation.id}:{inbound.sender}:{inbound.id}"
        self.queue.put(tx, conversation, Text(body=said), key=key, purpose="notice")
        return True

    def _status(self, tx: Transaction, conversation: Conversation, now: float) -> str:
        questions = [
            row.ref for row in tx.confirmation_lookup.unreported(conversation.id) if row.state in OPEN
        ]
        waiting = len(tx.inbox.new(conversation.id)) - 1  # the command itself does not wait
        lines = [
            f"Model: {self.model}" if self.model else "",
            _of_run(tx, tx.runs.open(conversation.id), now),
            f"Open questions: {', '.join(questions) or 'none'}",
            f"Messages that wait: {waiting}",
        ]
        return "\n".join(line for line in lines if line)


def _of_run(tx: Transaction, run: Run | None, now: float) -> str:
    if run is None:
        return NOTHING_RUNS
    if run.waiting_since is not None:
        return f"Waiting for the model for {_long(now - run.waiting_since)}."
    taken = [item for item in tx.inbox_lookup.of_run(run.id) if item.state == "taken"]
    return f"Working for {_long(now - taken[0].received_at)}." if taken else "Working."


def _long(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"

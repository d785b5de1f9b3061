"""What came in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from cleo.domain.content import MessageId
from cleo.domain.conversation import ConversationId
from cleo.domain.identity import PersonId
from cleo.domain.message import Inbound, InboxItem, InboxState
from cleo.domain.run import RunId


class Inbox(Protocol):
    """What came in, in arrival order."""

    def add(
        self, message: Inbound, conversation: ConversationId, person: PersonId, state: InboxState
    ) -> int | None:
        """Keep it and tell its seq; None: it was here before."""
        ...

    def new(
        self, conversation: ConversationId, most: int = 10_000, *, newest: bool = False
    ) -> Sequence[InboxItem]:
        """What waits for a run, oldest first; at most so many, the oldest or the newest of them."""
        ...

    def hand_over(self, before: RunId, run: RunId) -> None:
        """Let `run` owe what `before` did: that one ended in a question, and `run` goes on with its outcome."""
        ...

    def move(self, seqs: Iterable[int], state: InboxState, run: RunId | None = None) -> None:
        """Change the state, and the run if one is given."""
        ...

    def rewrite(self, seq: int, message: Inbound) -> None:
        """Keep what was changed in a message since."""
        ...


class InboxLookup(Protocol):
    """Finds what came in."""

    def about(self, conversation: ConversationId, message_id: MessageId) -> Sequence[InboxItem]:
        """The message with this id in the chat, and the edits and deletions of it, oldest first."""
        ...

    def changes(self, conversation: ConversationId, most: int) -> Sequence[InboxItem]:
        """The newest edits and deletions that wait for a run, oldest first."""
        ...

    def early(self, conversation: ConversationId) -> Sequence[InboxItem]:
        """The answers to questions whose message ids nobody has told yet, oldest first."""
        ...

    def of_run(self, run: RunId) -> Sequence[InboxItem]:
        """What the run owes an answer to, oldest first: what it took, and what was handed over to it."""
        ...

    def waiting(self, limit: int) -> int:
        """Count what waits for a run, in all conversations, up to `limit`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """How much is kept a day of what nobody answers."""

    messages: int
    """Of one person."""
    bytes: int
    """Of one person."""
    bytes_of_all: int


class Unanswered(Protocol):
    """How much of what nobody answers is kept."""

    def has_room(self, person: PersonId, message: Inbound, day: int, quota: Quota) -> bool:
        """Tell whether a message of that day (since 1970) is within the quota, and count it if so."""
        ...

    def skip(self, message: Inbound) -> bool:
        """Remember only that it came; False: it was here before."""
        ...


class Retention(Protocol):
    """Lets go of what is over, a portion at a time; each tells how many, 0 when nothing is left."""

    def forget_inbound(self, before: float) -> int:
        """Remove messages that came before then (Unix seconds) and are done with; their repeats stay known."""
        ...

    def forget_outbound(self, before: float) -> int:
        """Remove messages that were queued before then (Unix seconds) and came to an end."""
        ...

    def forget_runs(self, before: float, window: int) -> int:
        """Remove runs that ended before then, and what models read and said in them, but for the newest of each chat.

        `window` is how many messages of a transcript stay however old they are.
        """
        ...

    def forget_records(self, before: float) -> int:
        """Remove what is known of tool calls, questions, costs and losses that ended before then."""
        ...

    def forget_counts(self, day: int) -> None:
        """Remove the counts of unanswered messages of days before this one."""
        ...

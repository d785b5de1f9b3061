"""The chats, who may write to them now, and what there is to do in them."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Protocol

from cleo.domain.conversation import Conversation, ConversationId
from cleo.domain.identity import Person, PersonId
from cleo.domain.message import InboxItem, OutgoingMessage
from cleo.domain.run import Run
from cleo.ports.store.transcript import Parked


class Conversations(Protocol):
    """The chats, and who may write to them now."""

    def open(self, conversation: Conversation, *, known: Conversation | None = None) -> Conversation:
        """Get it, or make it; `known` is what was read of it before.

        Its `last_inbound`, and from where that came, is kept when it is newer than what is known.
        """
        ...

    def get(self, conversation: ConversationId) -> Conversation:
        """Get it; raises `KeyError`."""
        ...

    def lease(self, conversation: ConversationId) -> int:
        """Take the conversation over: raises its epoch and tells the new one."""
        ...

    def guard(self, conversation: ConversationId, epoch: int) -> None:
        """Raise `Fenced` when somebody took the conversation over since."""
        ...

    def pause(self, conversation: ConversationId, until: float) -> None:
        """Let no run for new messages begin there until then (Unix seconds)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Whatever decides what comes next in a conversation, as one statement read it."""

    conversation: Conversation
    epoch: int
    run: Run | None
    """The run that is not finished."""
    new: Sequence[InboxItem]
    """What waits for a run, oldest first."""
    own: Set[int]
    """The seqs of those that Cleo sent itself: they came back before the answer to their send told the id."""
    senders: Mapping[PersonId, Person]
    """Who sent that, by the ids in its items."""
    next: OutgoingMessage | None
    """The oldest message that is not sent, also when it may not be sent yet (`next_at`)."""
    more: bool
    """Whether another one waits behind that."""
    parked: Parked | None
    bounds: tuple[int, int]
    """The revision after which the transcript began, and the newest one."""
    has_unreported: bool
    """Whether there are questions whose outcome is not in the transcript."""
    has_losses: bool
    """Whether messages never arrived of which the model does not know."""
    has_changes: bool
    """Whether edits or deletions wait for a run."""


class Workloads(Protocol):
    """What there is to do, in one conversation and in all."""

    def look(self, conversation: ConversationId, most: int) -> Workload:
        """Read it, with at most `most` new messages; raises `KeyError`.

        Nobody else can take the conversation over until the transaction ends: compare the epoch.
        """
        ...

    def due(self, now: float, *, after: str = "", most: int = 1000) -> Sequence[ConversationId]:
        """Return conversations with something to do at `now`, ordered by id: the first `most` behind `after`."""
        ...

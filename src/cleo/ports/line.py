"""The nouns of the line, from message in to reply out, as tables that a transaction offers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from cleo.domain.confirmation import Confirmation, State
from cleo.domain.content import MessageId
from cleo.domain.conversation import Conversation, ConversationId
from cleo.domain.identity import PersonId
from cleo.domain.message import Inbound, InboxItem, InboxState, OutboxItem, OutboxState, Receipt
from cleo.domain.run import Run, RunId, RunState
from cleo.domain.webhook_batch import Item, Post


class Inbox(Protocol):
    """What came in, in arrival order."""

    def add(
        self, message: Inbound, conversation: ConversationId, person: PersonId, state: InboxState
    ) -> int | None:
        """Keep it and tell its seq; None: it was here before."""
        ...

    def new(self, conversation: ConversationId) -> Sequence[InboxItem]:
        """What waits for a run, oldest first."""
        ...

    def waiting(self, limit: int) -> int:
        """Count what waits for a run, in all conversations, up to `limit`."""
        ...

    def of_run(self, run: RunId) -> Sequence[InboxItem]:
        """What the run took, oldest first."""
        ...

    def move(self, seqs: Iterable[int], state: InboxState, run: RunId | None = None) -> None:
        """Change the state, and the run if one is given."""
        ...


class Items(Protocol):
    """What webhooks that batch told, item by item, as it came."""

    def keep(self, post: Post) -> int:
        """Keep the request as it came; tells its number."""
        ...

    def add(self, post: int, item: Item) -> bool:
        """Keep an item of it; False: it was here before."""
        ...

    def receipts(self, message_id: MessageId) -> Sequence[Receipt]:
        """What was told about a message, in the order of its telling."""
        ...

    def news_since(self, at: float) -> bool:
        """Whether anything at all was told since then (Unix seconds): so news do come through."""
        ...

    def forget(self, before: float) -> int:
        """Remove what came before then (Unix seconds), a portion at a time; tells how many requests."""
        ...


class Outbox(Protocol):
    """What goes out, in order for each conversation."""

    def add(self, item: OutboxItem) -> bool:
        """Queue it; False: the key was here before and nothing changed."""
        ...

    def next(self, conversation: ConversationId) -> OutboxItem | None:
        """The oldest item that is not sent, also when it may not be sent yet (`next_at`)."""
        ...

    def update(self, item: OutboxItem) -> None:
        """Save what became of `item.key`; news that is older than what is known changes nothing."""
        ...

    def find(
        self,
        *,
        key: str | None = None,
        conversation: ConversationId | None = None,
        message_id: MessageId | None = None,
        asks: str | None = None,
        states: Iterable[OutboxState] | None = None,
    ) -> Sequence[OutboxItem]:
        """All that match, oldest first. Some of it must be given; `asks` is the ref of a question."""
        ...

    def recent(self, limit: int) -> Sequence[OutboxItem]:
        """The newest items of all conversations, newest first."""
        ...


class Conversations(Protocol):
    """The chats, and who may write to them now."""

    def open(self, conversation: Conversation) -> Conversation:
        """Get it, or make it. What was `heard`, and from where, is kept when it is newer than what is known."""
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

    def due(self, now: float) -> Sequence[ConversationId]:
        """Every conversation with something to do at `now`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """A batch of tool calls that waits for answers; `requests` is the model library's own JSON."""

    batch: int
    """The revision of the history with which it was parked."""
    requests: bytes
    run: RunId | None = None
    """Which run parked it; known when it is read back."""


class History(Protocol):
    """The model's messages of a conversation, one row each, append only; bodies are the library's JSON."""

    def window(self, conversation: ConversationId, limit: int) -> Sequence[bytes]:
        """The newest `limit` messages, oldest first."""
        ...

    def append(self, conversation: ConversationId, run: RunId, bodies: Sequence[bytes]) -> int:
        """Add messages; tells the new revision."""
        ...

    def parked(self, conversation: ConversationId) -> Parked | None:
        """The open batch, if there is one."""
        ...

    def park(self, conversation: ConversationId, parked: Parked | None) -> None:
        """Set or clear the open batch."""
        ...

    def spend(self, conversation: ConversationId, run: RunId, tokens: int, cost: float, at: float) -> None:
        """Note what a model call cost (tokens, US dollars)."""
        ...


class Runs(Protocol):
    """Turns of the agent."""

    def open(self, conversation: ConversationId) -> Run | None:
        """The run that is not finished, if there is one."""
        ...

    def start(self, run: Run) -> None:
        """Keep a new run."""
        ...

    def update(self, run: Run) -> None:
        """Save attempts, prompted and state."""
        ...

    def recent(self, limit: int) -> Sequence[tuple[Run, RunState]]:
        """The newest runs of all conversations, newest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One execution of a tool. `started` without an end means: nobody knows what it did."""

    key: str
    tool: str
    state: Literal["started", "done", "failed", "unknown"]
    value: str = ""


class Ledger(Protocol):
    """Which tool calls started, so that none runs twice."""

    def claim(self, key: str, tool: str, at: float) -> LedgerEntry | None:
        """Write `started`; None: it is ours. Otherwise tells what is known of the earlier start."""
        ...

    def finish(self, key: str, state: Literal["done", "failed", "unknown"], value: str, at: float) -> None:
        """Write how it ended."""
        ...


class Confirmations(Protocol):
    """The questions. Every change of state is one conditional update."""

    def add(self, confirmation: Confirmation, prompts: Iterable[tuple[ConversationId, str]]) -> None:
        """Keep a question with the outbox keys of the messages that ask it, and where they go.

        The same question again is asked by these messages alone: an answer to the old ones is none.
        """
        ...

    def find(
        self,
        *,
        ref: str | None = None,
        conversation: ConversationId | None = None,
        states: Iterable[State] | None = None,
        told: bool | None = None,
    ) -> Sequence[Confirmation]:
        """All that match, oldest first."""
        ...

    def asked_in(
        self, conversation: ConversationId, message_id: MessageId | None = None
    ) -> Sequence[Confirmation]:
        """Those the model waits for whose prompt went to this chat; or that this very message asked; oldest first."""
        ...

    def move(
        self, ref: str, *, when: Iterable[State], to: State, changes: dict[str, object] | None = None
    ) -> bool:
        """Change the state if it is one of `when`; with `changes` to other fields. False: somebody was first."""
        ...

    def note(self, ref: str, kind: str, *, at: float, by: PersonId | None = None, detail: str = "") -> None:
        """Append to the audit trail."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """Something that was given up, so that its neighbours could go on."""

    kind: Literal["inbound", "outbound"]
    key: str
    conversation: ConversationId
    reason: str
    at: float
    told: bool = False
    """The model knows, where it should."""


class DeadLetters(Protocol):
    """What was given up, for the owner to see."""

    def add(self, letter: DeadLetter) -> None:
        """Keep it; the same kind and key again changes nothing."""
        ...

    def recent(self, limit: int) -> Sequence[DeadLetter]:
        """The newest, newest first."""
        ...

    def untold(self, conversation: ConversationId) -> Sequence[DeadLetter]:
        """Messages to this chat that never arrived and that the model does not know of, oldest first."""
        ...

    def tell(self, letters: Iterable[DeadLetter]) -> None:
        """Note that the model knows of them."""
        ...

"""What came in."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any, cast

from sqlalchemy import bindparam, func, select, update
from sqlalchemy import cast as sql_cast

from cleo.domain.content import Edit, MessageId, Reaction, Revoke
from cleo.domain.conversation import DEFAULT_ACCOUNT, ConversationId
from cleo.domain.identity import PersonId
from cleo.domain.message import Inbound, InboxItem, InboxState
from cleo.domain.run import RunId
from cleo.ports.clock import Clock
from cleo.store.codec import INBOUND, decode, encode
from cleo.store.dialect import insert_once, portions
from cleo.store.schema import inbox, is_change, is_early, is_new, past_messages
from cleo.store.session import Session

ITEM = (inbox.c.seq, inbox.c.conversation, inbox.c.person, inbox.c.body, inbox.c.received_at, inbox.c.state)

_ITEM = select(*ITEM).order_by(inbox.c.seq)
_HERE = (inbox.c.conversation == bindparam("conversation"), is_new)
_NEW = _ITEM.where(*_HERE).limit(bindparam("most"))
_NEWEST = select(*ITEM).where(*_HERE).order_by(inbox.c.seq.desc()).limit(bindparam("most"))
_WAITING = select(func.count()).select_from(
    select(inbox.c.seq).where(is_new).limit(bindparam("most")).subquery()
)
_OF_RUN = _ITEM.where(inbox.c.run == bindparam("run"))
_ABOUT = _ITEM.where(inbox.c.conversation == bindparam("conversation"), inbox.c.about == bindparam("message"))
_CHANGES = (
    select(*ITEM)
    .where(inbox.c.conversation == bindparam("conversation"), is_change)
    .order_by(inbox.c.seq.desc())
    .limit(bindparam("most"))
)
_EARLY = _ITEM.where(inbox.c.conversation == bindparam("conversation"), is_early)
_MOVE = update(inbox).where(inbox.c.seq.in_(bindparam("seqs", expanding=True)))
_HAND_OVER = update(inbox).where(inbox.c.run == bindparam("before"))
_REWRITE = update(inbox).where(inbox.c.seq == bindparam("it"))

_COLUMNS = (
    inbox.c.fingerprint,
    inbox.c.conversation,
    inbox.c.person,
    inbox.c.state,
    inbox.c.received_at,
    inbox.c.body,
    inbox.c.about,
)
_IS_PAST = (
    select(past_messages.c.fingerprint)
    .where(past_messages.c.fingerprint == bindparam("its_fingerprint"))
    .exists()
)


class SqlInbox:
    """Implements `cleo.ports.Inbox`. A repeat is known however late it comes, also when its row is gone."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._session = session
        self._clock = clock
        unknown = select(*(sql_cast(bindparam(f"its_{c.name}"), c.type) for c in _COLUMNS)).where(~_IS_PAST)
        self._add = (
            insert_once(session, inbox)
            .from_select([c.name for c in _COLUMNS], unknown)
            .returning(inbox.c.seq)
        )

    def add(
        self, message: Inbound, conversation: ConversationId, person: PersonId, state: InboxState
    ) -> int | None:
        """Keep it and tell its seq; None: it was here before."""
        row = {
            "fingerprint": fingerprint(message),
            "conversation": conversation,
            "person": person,
            "state": state,
            "received_at": self._clock.now(),
            "body": encode(INBOUND, message),
            "about": about(message),
        }
        return self._session.value(self._add, {f"its_{name}": value for name, value in row.items()})

    def new(
        self, conversation: ConversationId, most: int = 10_000, *, newest: bool = False
    ) -> Sequence[InboxItem]:
        """What waits for a run, oldest first; at most so many, the oldest or the newest of them."""
        rows = self._session.rows(_NEWEST if newest else _NEW, {"conversation": conversation, "most": most})
        return [item_of(row) for row in (reversed(rows) if newest else rows)]

    def hand_over(self, before: RunId, run: RunId) -> None:
        """Let `run` owe what `before` did: that one ended in a question, and `run` goes on with its outcome."""
        self._session.run(_HAND_OVER, {"before": before, "run": run})

    def move(self, seqs: Iterable[int], state: InboxState, run: RunId | None = None) -> None:
        """Change the state, and the run if one is given."""
        changes = {"state": state} if run is None else {"state": state, "run": run}
        for portion in portions(seqs):
            self._session.run(_MOVE, {"seqs": portion, **changes})

    def rewrite(self, seq: int, message: Inbound) -> None:
        """Keep what was changed in a message since."""
        self._session.run(_REWRITE, {"it": seq, "body": encode(INBOUND, message)})


class SqlInboxLookup:
    """Implements `cleo.ports.InboxLookup`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def about(self, conversation: ConversationId, message_id: MessageId) -> Sequence[InboxItem]:
        """The message with this id in the chat, and the edits and deletions of it, oldest first."""
        rows = self._session.rows(_ABOUT, {"conversation": conversation, "message": message_id})
        return [item_of(row) for row in rows]

    def changes(self, conversation: ConversationId, most: int) -> Sequence[InboxItem]:
        """The newest edits and deletions that wait for a run, oldest first."""
        rows = self._session.rows(_CHANGES, {"conversation": conversation, "most": most})
        return [item_of(row) for row in reversed(rows)]

    def early(self, conversation: ConversationId) -> Sequence[InboxItem]:
        """The answers to questions whose message ids nobody has told yet, oldest first."""
        return [item_of(row) for row in self._session.rows(_EARLY, {"conversation": conversation})]

    def of_run(self, run: RunId) -> Sequence[InboxItem]:
        """What the run owes an answer to, oldest first: what it took, and what was handed over to it."""
        rows = self._session.rows(_OF_RUN, {"run": run})
        return [item_of(row) for row in rows]

    def waiting(self, limit: int) -> int:
        """Count what waits for a run, in all conversations, up to `limit`."""
        return self._session.value(_WAITING, {"most": limit})


def fingerprint(message: Inbound) -> bytes:
    """Tell in 16 bytes what makes a message the same message.

    An id is unique only with its number, chat and sender. Reactions come from some bridges under the id of
    their target, so what they say and when belongs to them too.
    """
    parts: list[str | int] = [message.channel, message.number_id, message.chat, message.sender, message.id]
    if message.account != DEFAULT_ACCOUNT:  # the default one has none, as it always was
        parts += ["account", message.account]
    if isinstance(message.content, Reaction):
        parts += ["reaction", message.content.to, message.content.emoji, message.at]
    return hashlib.sha256(json.dumps(parts).encode()).digest()[:16]


def about(message: Inbound) -> MessageId | None:
    """Return the id by which others refer to a message, or that of the one which it changes or deletes."""
    match message.content:
        case Edit(of=of) | Revoke(of=of):
            return of
        case Reaction():
            return None
        case _:
            return message.id


def item_of(row: Sequence[Any]) -> InboxItem:
    """Read the values of `ITEM`."""
    seq, conversation, person, body, received_at, state = row
    return InboxItem(
        seq=seq,
        conversation=ConversationId(conversation),
        person=PersonId(person),
        message=decode(INBOUND, body),
        received_at=received_at,
        state=cast(InboxState, state),
    )

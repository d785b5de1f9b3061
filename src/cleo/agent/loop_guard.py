"""Finds what no person wrote: Cleo's own messages that come back, and answers at a pace that no person has."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from itertools import takewhile

import structlog

from cleo.agent.outbox.owner_chats import owner_chats
from cleo.agent.outbox.queue import OutboxQueue
from cleo.domain.access import Access
from cleo.domain.content import Text
from cleo.domain.conversation import ConversationId
from cleo.domain.identity import namespace, value
from cleo.domain.message import InboxItem
from cleo.ports import RunSpan, Transaction, Workload

PAUSE = 600.0
"""Seconds that a chat is left alone. What comes meanwhile waits."""

_REMEMBERED = 1000

_log = structlog.get_logger("cleo.run")


@dataclass(frozen=True, slots=True)
class _Pace:
    """In `window` seconds at most `times` the limit of turns, each of whose message came `within` seconds."""

    window: float
    within: float
    times: int


_PACES = (_Pace(60.0, 2.0, 1), _Pace(3600.0, 10.0, 6))
"""A program answers at once. One with a model of its own takes longer, and goes on for longer than a person would."""
_LONGEST = max(pace.window for pace in _PACES)
_UNHURRIED = max(pace.within for pace in _PACES)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopGuard:
    """Finds loops. A message that came before Cleo's answer to the one before is no answer to it: a burst is none."""

    access: Access
    queue: OutboxQueue
    limit: int = 20
    """Turns a minute; 0: none is too many."""
    _uncounted: dict[ConversationId, int] = field(default_factory=dict[ConversationId, int])
    """Turns of a chat that may begin before they are counted again."""

    def holds(self, tx: Transaction, work: Workload, items: Sequence[InboxItem], now: float) -> bool:
        """Tell whether these messages wait; pauses the chat, and tells it to the owners, when they are one too many.

        An owner who takes more time than a program ends a pause; answers to questions and commands never come here.
        """
        chat = work.conversation
        paused_until = chat.paused_until or 0.0
        if not self.limit or not items or (now >= paused_until and self._has_room(chat.id)):
            return False
        turns = tx.run_spans.ended_since(chat.id, now - _LONGEST, self.limit * _PACES[-1].times + 1)
        if now < paused_until:
            if not self._is_unhurried_owner(tx, work, turns):
                return True
            tx.conversations.pause(chat.id, now)
            return False
        since = [turn for turn in turns if turn.ended_at >= paused_until]
        room = min(self._room(pace, since, items[0], now) for pace in _PACES)
        if room < 0:
            self._pause(tx, work, now)
            return True
        self._uncounted[chat.id] = min(room, self.limit // 8)
        if len(self._uncounted) > _REMEMBERED:
            del self._uncounted[next(iter(self._uncounted))]
        return False

    def _has_room(self, chat: ConversationId) -> bool:
        """Tell whether the chat need not be counted again; of many processes, each may let in an eighth more."""
        left = self._uncounted.pop(chat, 0)
        if left > 0:
            self._uncounted[chat] = left - 1
        return left > 0

    def _room(self, pace: _Pace, turns: Sequence[RunSpan], item: InboxItem, now: float) -> int:
        """Count the turns that may still come at once, this one not among them; less than 0: it is too many."""
        recent = [turn for turn in turns if turn.ended_at >= now - pace.window]
        came = [item.received_at, *(turn.came_at for turn in recent)]
        waits = [at - before.ended_at for at, before in zip(came, recent, strict=False)]
        return self.limit * pace.times - 1 - sum(0 < wait <= pace.within for wait in waits)

    def _is_unhurried_owner(self, tx: Transaction, work: Workload, turns: Sequence[RunSpan]) -> bool:
        [newest] = tx.inbox.new(work.conversation.id, 1, newest=True)
        is_unhurried = newest.received_at - (turns[0].ended_at if turns else 0.0) > _UNHURRIED
        return is_unhurried and self.access.role(tx.people.get(newest.person)) == "owner"

    def _pause(self, tx: Transaction, work: Workload, now: float) -> None:
        chat = work.conversation
        tx.conversations.pause(chat.id, now + PAUSE)
        _log.warning("chat paused: its messages come at the pace of a program", minutes=round(PAUSE / 60))
        with_whom = value(chat.address) if namespace(chat.address) == "phone" else chat.address
        said = (
            f"⚠️ In the chat with {with_whom} somebody answers me as fast as only a program does, so I wait "
            f"{PAUSE / 60:.0f} minutes before I answer there again. If it is a program that should not write to me, "
            "take its number off the list."
        )
        day = datetime.fromtimestamp(now, UTC).date()
        for owner in owner_chats(tx, self.access, chat.account_key, now):
            key = f"loop:{day}:{sha256(f'{chat.id} {owner.id}'.encode()).hexdigest()[:16]}"
            self.queue.put(tx, owner, Text(body=said), key=key, purpose="notice")


def undoubted(work: Workload) -> Sequence[InboxItem]:
    """Return what is new, up to a message that says what is next to be sent.

    That one is Cleo's own, come back from a send that was cut off, or a person's: its id shows which once the send is
    answered, and nothing that Cleo has to say to it could go out before.
    """
    words = work.next.content if work.next else None
    return tuple(takewhile(lambda item: item.message.content != words, work.new))

"""How much waits for an answer, counted only as often as it can have reached the bound."""

from dataclasses import dataclass

from cleo.domain.conversation import ConversationId
from cleo.ports import Transaction


@dataclass(slots=True)
class Backlog:
    """At most `most` messages wait; of many processes, each may exceed it by an eighth.

    After a count so many messages are let in uncounted as fitted then, at most an eighth of the bound. Asked within
    transactions, which one thread runs.
    """

    most: int
    _uncounted: int = 0

    def is_full(self, tx: Transaction, conversation: ConversationId) -> bool:
        """Tell whether one that was just kept there is too much.

        A chat in which nothing else waits is always heard, so that busy ones cannot shut it out.
        """
        if self._uncounted > 0:
            self._uncounted -= 1
            return False
        room = self.most - tx.inbox_lookup.waiting(self.most + 1)
        self._uncounted = max(0, min(room, self.most // 8))
        return room < 0 and len(tx.inbox.new(conversation, 2)) > 1

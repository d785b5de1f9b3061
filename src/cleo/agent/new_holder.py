"""Tells the owners when a phone number belongs to another WhatsApp account than before."""

import structlog

from cleo.agent.outbox.owner_chats import owner_chats
from cleo.agent.outbox.queue import OutboxQueue
from cleo.domain.access import Access
from cleo.domain.content import Text
from cleo.domain.conversation import AccountKey, ConversationId
from cleo.domain.identity import Person, value
from cleo.ports import Transaction

_log = structlog.get_logger("cleo.people")

WORDS = (
    "⚠️ {number} writes from another WhatsApp account than before: the number was given to somebody else, or the "
    "account was made anew. I began a new conversation, which knows nothing of the one before. If you do not know "
    "who has the number now, take it off the list of people whom I answer."
)


def tell_new_holder(
    tx: Transaction, person: Person, account: AccountKey, *, access: Access, queue: OutboxQueue, now: float
) -> set[ConversationId]:
    """Queue a notice for each owner, once for each number and account; return their chats."""
    if not person.taken_over or access.role(person) == "stranger":
        return set()
    _log.warning("a number has a new holder", numbers=len(person.taken_over))
    chats = owner_chats(tx, access, account, now)
    for chat in chats:
        for number in sorted(person.taken_over):
            words = Text(body=WORDS.format(number=value(number)))
            queue.put(tx, chat, words, key=f"holder:{number}:{person.id}:{chat.id}", purpose="notice")
    return {chat.id for chat in chats}

"""Keeps what the network says about the account, and tells it to the owners, once each."""

from collections.abc import Mapping

import structlog
from pydantic import TypeAdapter

from cleo.agent.outbox.owner_chats import owner_chats
from cleo.agent.outbox.queue import OutboxQueue
from cleo.domain.access import Access
from cleo.domain.content import Text
from cleo.domain.conversation import ConversationId
from cleo.domain.health import AccountNews
from cleo.ports import Transaction

ACCOUNT_NEWS = "account_news"
"""The installation fact with the newest news about each subject, as a JSON object."""
_MOST = 20
_NEWS = TypeAdapter(dict[str, str])

_log = structlog.get_logger("cleo.account")


def note_news(
    tx: Transaction, news: AccountNews, *, key: str, access: Access, queue: OutboxQueue, now: float
) -> set[ConversationId]:
    """Keep it, and queue a notice for each owner if it is new; `key` names the event. Return their chats."""
    known = dict(account_news(tx.installation.get(ACCOUNT_NEWS)))
    if known.pop(news.subject, "") == news.words:
        return set()
    if news.words:
        known[news.subject] = news.words
    tx.installation.set(ACCOUNT_NEWS, _NEWS.dump_json(dict([*known.items()][-_MOST:])).decode())
    if not news.words:
        return set()
    _log.warning("news of the account", subject=news.subject)
    chats = owner_chats(tx, access, news.account_key, now)
    for chat in chats:
        queue.put(tx, chat, Text(body=f"⚠️ {news.words}"), key=f"news:{key}:{chat.id}", purpose="notice")
    return {chat.id for chat in chats}


def account_news(fact: str) -> Mapping[str, str]:
    """Read the installation fact: the words by subject, oldest first."""
    return _NEWS.validate_json(fact) if fact else {}

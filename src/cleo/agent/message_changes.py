"""What is done to earlier messages: what waits is read as it is now; of what was read before, the next turn is told.

Only the author of a message edits or deletes it; what others say about it has no effect. Votes, pins and changes of a
group are told as they are.
"""

from collections.abc import Sequence
from dataclasses import replace

from cleo.agent.described import in_words
from cleo.domain.content import Content, Edit, File, Other, Reaction, Revoke, Text, is_about_another
from cleo.domain.conversation import ConversationId
from cleo.domain.message import Inbound, InboxItem, InboxState, Quoted
from cleo.ports import Transaction

TOLD = 10
"""Changes that a turn is told; of more, the newest."""
_LOOKED_AT = 100
_EARLY = 10 * 60.0
"""Seconds for which a change may be here before its message."""
_READ: frozenset[InboxState] = frozenset({"taken", "done", "dead"})


def is_change(message: Inbound) -> bool:
    """Return whether it is about an earlier message or the chat, and waits for somebody to say something.

    A reaction is not told: it answers a question, or nothing.
    """
    return is_about_another(message.content) and not isinstance(message.content, Reaction)


def take_in(tx: Transaction, change: InboxItem, now: float) -> None:
    """Apply it to its message if it is a change that just came in, or let the next turn be told."""
    content = change.message.content
    if not isinstance(content, Edit | Revoke):
        tx.inbox.move([change.seq] if is_change(change.message) else [], "change")
        return
    about = tx.inbox_lookup.about(change.conversation, content.of)
    own = [each for each in about if _is_by_author(tx, each, change)]
    target = next((each for each in own if not is_change(each.message)), None)
    state: InboxState = "noted"
    if target is None:
        state = "change" if now - change.received_at < _EARLY else "noted"
    elif target.state == "new":
        _apply(tx, target, change)
    elif target.state in _READ:
        untold = [each for each in own if each.state == "change" and each.seq != change.seq]
        _keep_what_was_read(tx, target, change, untold)
        state = "change"
    tx.inbox.move([change.seq], state)


def take_untold(tx: Transaction, conversation: ConversationId, now: float) -> Sequence[InboxItem]:
    """Return the changes that the next turn is told, after those that came before their messages were applied."""
    waiting = tx.inbox_lookup.changes(conversation, _LOOKED_AT)
    for early in [each for each in waiting if not _was_read(each)]:
        take_in(tx, early, now)
    told = [each for each in waiting if _was_read(each)]
    tx.inbox.move([each.seq for each in told[:-TOLD]], "noted")
    return told[-TOLD:]


def _apply(tx: Transaction, target: InboxItem, change: InboxItem) -> None:
    if isinstance(change.message.content, Edit):
        words = _reworded(target.message.content, change.message.content.body)
        tx.inbox.rewrite(target.seq, replace(target.message, content=words))
    else:
        tx.inbox.move([target.seq], "noted")


def _keep_what_was_read(
    tx: Transaction, target: InboxItem, change: InboxItem, untold: Sequence[InboxItem]
) -> None:
    """Note in the change what the model read before it; it stands for all changes that were not told yet."""
    before = next((each.message.quoted for each in untold if _was_read(each)), None)
    before = before or Quoted(
        id=target.message.id, sender=target.message.sender, text=in_words(target.message.content)
    )
    tx.inbox.rewrite(change.seq, replace(change.message, quoted=before))
    tx.inbox.move([each.seq for each in untold], "noted")
    if isinstance(change.message.content, Edit):
        _apply(tx, target, change)


def _was_read(change: InboxItem) -> bool:
    """Return whether it can be told: an edit or deletion notes what was read before it."""
    content, quoted = change.message.content, change.message.quoted
    return not isinstance(content, Edit | Revoke) or (quoted is not None and quoted.id == content.of)


def _reworded(content: Content, body: str) -> Content:
    match content:
        case File():
            return replace(content, caption=body)
        case Text() | Other():
            return replace(content, body=body)
        case _:
            return content


def _is_by_author(tx: Transaction, item: InboxItem, change: InboxItem) -> bool:
    return not item.message.from_me and (
        item.person == change.person or tx.people.get(item.person).id == tx.people.get(change.person).id
    )

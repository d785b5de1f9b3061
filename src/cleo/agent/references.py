"""What replies refer to: the message that is quoted, found by its id among what came in and what went out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cleo.agent.message_changes import is_change
from cleo.domain.content import Content, Edit, Revoke
from cleo.domain.identity import PersonId
from cleo.domain.message import InboxItem, Quoted
from cleo.ports import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A message that was replied to."""

    content: Content
    item: InboxItem | None = None
    """None: Cleo wrote it."""

    @property
    def person(self) -> PersonId | None:
        """Who wrote it; None: Cleo."""
        return self.item.person if self.item else None


def find_references(tx: Transaction, items: Iterable[InboxItem]) -> Mapping[int, Reference]:
    """Return what each item replies to, by its seq, where that is known here.

    Some backends tell only an id, and what others tell of the message, the phone of the person has made up.
    """
    found: dict[int, Reference] = {}
    for item in items:
        quoted = item.message.quoted
        if (
            quoted
            and not isinstance(item.message.content, Edit | Revoke)
            and (reference := _find(tx, item, quoted))
        ):
            found[item.seq] = reference
    return found


def _find(tx: Transaction, item: InboxItem, quoted: Quoted) -> Reference | None:
    for sent in tx.outbox_lookup.by_message_id(item.conversation, quoted.id):
        return Reference(content=sent.content)
    known = [
        each for each in tx.inbox_lookup.about(item.conversation, quoted.id) if not is_change(each.message)
    ]
    by_sender = [each for each in known if each.message.sender == quoted.sender]
    of = next(iter(by_sender or known), None)
    return Reference(content=of.message.content, item=of) if of else None

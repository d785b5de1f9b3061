"""The chats with the owners, where Cleo tells them what concerns nobody else."""

from cleo.domain.access import Access
from cleo.domain.conversation import AccountKey, Conversation, conversation_id
from cleo.domain.identity import Person, main_address
from cleo.ports import Transaction


def owner_chats(tx: Transaction, access: Access, account: AccountKey, now: float) -> list[Conversation]:
    """Return the direct chat with each owner on an account, opened if need be; `now` in Unix seconds."""
    owners = {owner.id: owner for owner in tx.people.owners()}
    for address in sorted(access.owners):
        owner = tx.people.resolve(frozenset({address}), "", now)
        owners[owner.id] = owner
    return [_direct(tx, account, owner) for owner in owners.values()]


def _direct(tx: Transaction, account: AccountKey, owner: Person) -> Conversation:
    chat = Conversation(
        id=conversation_id(account, owner.id),
        channel=account.channel,
        account=account.account,
        address=main_address(owner.addresses),
        person=owner.id,
    )
    return tx.conversations.open(chat)

"""Cleo is reached another way now: another backend, or another number. What was open is taken along."""

from cleo.agent.approval.confirm import MOVES, Asker
from cleo.agent.outbox.delivery_status import DeliveryStatus
from cleo.domain.conversation import ConversationId
from cleo.ports import Clock, Transaction

ACCOUNT = "account"
"""The mark that names the account in use."""
LOST = "It was being sent while Cleo was moved to another way to WhatsApp; nobody knows whether it arrived."


def switch_account(tx: Transaction, account: str, asker: Asker, clock: Clock) -> set[ConversationId]:
    """Notice a move since the last start, once; tells the conversations with something to do.

    Conversations, history, reminders and what waits to be sent stay. What was being sent is settled: news of it
    do not come any more. Open questions are asked again.
    """
    before = tx.installation.get(ACCOUNT)
    if before == account:
        return set()
    tx.installation.set(ACCOUNT, account)
    if not before:
        return set()
    tx.installation.set(MOVES, str(int(tx.installation.get(MOVES) or "0") + 1))
    delivery = DeliveryStatus(clock=clock)
    wake: set[ConversationId] = set()
    for item in tx.outbox.find(states={"sending", "uncertain"}):
        delivery.fail(tx, item, LOST, state="unknown")
        wake.add(item.conversation)
    for row in tx.confirmations.find(states={"pending"}):
        wake |= asker.ask_anew(tx, row, clock.now())
    for item in tx.outbox.find(states={"held"}):  # the other way may hold nothing back, or hold it again
        delivery.release(tx, item.conversation)
        wake.add(item.conversation)
    return wake

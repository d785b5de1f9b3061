"""An account is reached another way now: by another backend, or with another number. What was open is taken along."""

import structlog

from cleo.agent.account_number import is_same_number, number_fact, switch_fact
from cleo.agent.approval.ask import Asker
from cleo.agent.outbox.delivery_status import DeliveryStatus
from cleo.domain.conversation import AccountKey, ConversationId
from cleo.ports import Clock, Transaction

LOST = "It was being sent while Cleo was moved to another way to WhatsApp; nobody knows whether it arrived."

_log = structlog.get_logger("cleo.account")


def switch_account(
    tx: Transaction, account: AccountKey, number: str, *, asker: Asker, delivery: DeliveryStatus, clock: Clock
) -> set[ConversationId]:
    """Notice another number (see `account_number`), once; return the conversations with something to do.

    Conversations, transcript, reminders and what waits to be sent stay. What was being sent is settled: its statuses
    do not come any more. Open questions are asked again.
    """
    before = tx.installation.get(number_fact(account))
    if not before or number.startswith(before):  # the number was not known before
        tx.installation.set(number_fact(account), number)
    if not before or is_same_number(before, number):
        return set()
    tx.installation.set(number_fact(account), number)
    tx.installation.set(switch_fact(account), f"{clock.now():.0f}")
    return _take_along(tx, account, asker=asker, delivery=delivery, clock=clock)


def _take_along(
    tx: Transaction, account: AccountKey, *, asker: Asker, delivery: DeliveryStatus, clock: Clock
) -> set[ConversationId]:
    _log.warning("account has another number", account=str(account))
    wake: set[ConversationId] = set()
    for message in tx.outbox_lookup.in_doubt(account):
        delivery.fail(tx, message, LOST, state="unknown")
        wake.add(message.conversation)
    for row in tx.confirmation_lookup.pending():
        if tx.conversations.get(row.conversation).account_key == account:
            wake |= asker.ask_anew(tx, row, clock.now())
    for message in tx.outbox_lookup.held():  # the other way may hold nothing back, or hold it again
        if tx.conversations.get(message.conversation).account_key == account:
            delivery.release(tx, message.conversation)
            wake.add(message.conversation)
    return wake

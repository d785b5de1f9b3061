"""What a channel handed over: a fake of `ports.Receive`."""

from dataclasses import dataclass, field

from cleo.domain.errors import Overloaded, StoreError
from cleo.domain.message import Inbound, Receipt
from cleo.domain.webhook_batch import WebhookBatch
from cleo.ports import IntakeStatus


@dataclass
class RecordingReceiver:
    """Keeps everything once, like the inbox: the same id in the same chat from the same sender is a duplicate."""

    messages: list[Inbound] = field(default_factory=list[Inbound])
    receipts: list[Receipt] = field(default_factory=list[Receipt])
    batches: list[WebhookBatch] = field(default_factory=list[WebhookBatch])
    broken: bool = False
    full: bool = False

    async def message(self, inbound: Inbound) -> IntakeStatus:
        self._keep()
        known = {(m.account, m.chat, m.sender, m.id) for m in self.messages}
        if (inbound.account, inbound.chat, inbound.sender, inbound.id) in known:
            return "duplicate"
        self.messages.append(inbound)
        return "accepted"

    async def receipt(self, receipt: Receipt) -> IntakeStatus:
        self._keep()
        self.receipts.append(receipt)
        return "accepted"

    async def batch(self, batch: WebhookBatch) -> int:
        self._keep()
        known = {event.key for each in self.batches for event in each.events}
        self.batches.append(batch)
        return len({event.key for event in batch.events} - known)

    def _keep(self) -> None:
        if self.broken:
            raise StoreError("The disk is full.")
        if self.full:
            raise Overloaded("7 messages wait for an answer already (CLEO_INBOX_MAX).")

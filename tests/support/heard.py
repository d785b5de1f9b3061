"""What a channel handed over: a fake of `ports.Receive`."""

from dataclasses import dataclass, field
from typing import Literal

from cleo.domain.errors import Overloaded, StoreError
from cleo.domain.message import Inbound, Receipt


@dataclass
class Heard:
    """Keeps everything once, like the inbox: the same id in the same chat from the same sender is a duplicate."""

    messages: list[Inbound] = field(default_factory=list[Inbound])
    receipts: list[Receipt] = field(default_factory=list[Receipt])
    broken: bool = False
    full: bool = False

    async def message(self, inbound: Inbound) -> Literal["accepted", "duplicate", "ignored"]:
        self._keep()
        known = {(m.account, m.chat, m.sender, m.id) for m in self.messages}
        if (inbound.account, inbound.chat, inbound.sender, inbound.id) in known:
            return "duplicate"
        self.messages.append(inbound)
        return "accepted"

    async def receipt(self, receipt: Receipt) -> Literal["accepted", "duplicate", "ignored"]:
        self._keep()
        self.receipts.append(receipt)
        return "accepted"

    def _keep(self) -> None:
        if self.broken:
            raise StoreError("The disk is full.")
        if self.full:
            raise Overloaded("7 messages wait for an answer already (CLEO_INBOX_MAX).")

"""What a channel handed over: a fake of `ports.Receive`."""

from dataclasses import dataclass, field

from cleo.domain.errors import Overloaded, StoreError
from cleo.domain.message import Inbound, Receipt
from cleo.domain.webhook_batch import Post
from cleo.ports import Answer


@dataclass
class Heard:
    """Keeps everything once, like the inbox: the same id in the same chat from the same sender is a duplicate."""

    messages: list[Inbound] = field(default_factory=list[Inbound])
    receipts: list[Receipt] = field(default_factory=list[Receipt])
    posts: list[Post] = field(default_factory=list[Post])
    broken: bool = False
    full: bool = False

    async def message(self, inbound: Inbound) -> Answer:
        self._keep()
        known = {(m.account, m.chat, m.sender, m.id) for m in self.messages}
        if (inbound.account, inbound.chat, inbound.sender, inbound.id) in known:
            return "duplicate"
        self.messages.append(inbound)
        return "accepted"

    async def receipt(self, receipt: Receipt) -> Answer:
        self._keep()
        self.receipts.append(receipt)
        return "accepted"

    async def post(self, post: Post) -> int:
        self._keep()
        known = {item.key for each in self.posts for item in each.items}
        self.posts.append(post)
        return len({item.key for item in post.items} - known)

    def _keep(self) -> None:
        if self.broken:
            raise StoreError("The disk is full.")
        if self.full:
            raise Overloaded("7 messages wait for an answer already (CLEO_INBOX_MAX).")

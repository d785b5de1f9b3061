"""What webhooks that batch told, one row an event."""

from collections.abc import Sequence
from typing import Protocol

from cleo.domain.content import MessageId
from cleo.domain.message import Receipt
from cleo.domain.webhook_batch import WebhookBatch, WebhookEvent


class WebhookEvents(Protocol):
    """What webhooks that batch told, item by item, as it came."""

    def keep(self, batch: WebhookBatch) -> int:
        """Keep the request as it came; tells its number."""
        ...

    def add(self, batch: int, event: WebhookEvent) -> bool:
        """Keep an event of it; False: it was here before."""
        ...

    def receipts(self, message_id: MessageId) -> Sequence[Receipt]:
        """What was told about a message, in the order of its telling."""
        ...

    def any_since(self, at: float) -> bool:
        """Whether anything at all was told since then (Unix seconds): so news do come through."""
        ...

    def forget(self, before: float) -> int:
        """Remove what came before then (Unix seconds), a portion at a time; tells how many requests."""
        ...

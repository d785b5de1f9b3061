"""What webhooks that batch told."""

import zlib
from collections.abc import Sequence

from sqlalchemy import bindparam, delete, insert, select

from cleo.domain.content import MessageId
from cleo.domain.message import Receipt
from cleo.domain.webhook_batch import WebhookBatch, WebhookEvent
from cleo.ports.clock import Clock
from cleo.store.codec import RECEIPT, decode, encode
from cleo.store.dialect import insert_once
from cleo.store.schema import is_about_message, webhook_batches, webhook_events
from cleo.store.session import Session

_PORTION = 500

_KEEP = insert(webhook_batches).returning(webhook_batches.c.seq)
_RECEIPTS = (
    select(webhook_events.c.receipt)
    .where(webhook_events.c.about == bindparam("message"), is_about_message)
    .order_by(webhook_events.c.seq)
)
_SINCE = select(webhook_batches.c.seq).where(webhook_batches.c.at > bindparam("since")).limit(1)
_OLD = (
    select(webhook_batches.c.seq)
    .where(webhook_batches.c.at < bindparam("before"))
    .order_by(webhook_batches.c.at)
    .limit(_PORTION)
)
_FORGET_EVENTS = delete(webhook_events).where(webhook_events.c.batch.in_(bindparam("old", expanding=True)))
_FORGET_BATCHES = delete(webhook_batches).where(webhook_batches.c.seq.in_(bindparam("old", expanding=True)))


class SqlWebhookEvents:
    """Implements `cleo.ports.WebhookEvents`."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._session = session
        self._clock = clock
        self._add = insert_once(session, webhook_events)

    def keep(self, batch: WebhookBatch) -> int:
        """Keep the request as it came; tells its number."""
        row = {"at": self._clock.now(), "channel": batch.channel, "raw": zlib.compress(batch.raw, 1)}
        return self._session.value(_KEEP, row)

    def add(self, batch: int, event: WebhookEvent) -> bool:
        """Keep an event of it; False: it was here before."""
        receipt = event.meaning if isinstance(event.meaning, Receipt) else None
        row = {
            "key": event.key,
            "batch": batch,
            "at": self._clock.now(),
            "kind": event.kind,
            "problem": event.problem,
            "body": event.body,
            "about": receipt.of[0] if receipt and receipt.of else None,
            "receipt": encode(RECEIPT, receipt) if receipt else None,
        }
        return self._session.run(self._add, row) == 1

    def receipts(self, message_id: MessageId) -> Sequence[Receipt]:
        """What was told about a message, in the order of its telling."""
        rows = self._session.rows(_RECEIPTS, {"message": message_id})
        return [decode(RECEIPT, body) for (body,) in rows if body]

    def any_since(self, at: float) -> bool:
        """Whether anything at all was told since then (Unix seconds): so news do come through."""
        return self._session.row(_SINCE, {"since": at}) is not None

    def forget(self, before: float) -> int:
        """Remove what came before then (Unix seconds), a portion at a time; tells how many requests."""
        old = [seq for (seq,) in self._session.rows(_OLD, {"before": before})]
        if old:
            self._session.run(_FORGET_EVENTS, {"old": old})
            self._session.run(_FORGET_BATCHES, {"old": old})
        return len(old)

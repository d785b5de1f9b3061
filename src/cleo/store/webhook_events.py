"""What webhooks that batch told."""

import zlib
from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, delete, insert, select

from cleo.domain.content import MessageId
from cleo.domain.message import Receipt
from cleo.domain.webhook_batch import Item, Post
from cleo.ports.clock import Clock
from cleo.store.codec import RECEIPT, decode, encode
from cleo.store.dialect import insert_once
from cleo.store.schema import is_news, items, posts

_PORTION = 500

_KEEP = insert(posts).returning(posts.c.seq)
_RECEIPTS = (
    select(items.c.receipt).where(items.c.about == bindparam("message"), is_news).order_by(items.c.seq)
)
_NEWS = select(posts.c.seq).where(posts.c.at > bindparam("since")).limit(1)
_OLD = select(posts.c.seq).where(posts.c.at < bindparam("before")).order_by(posts.c.at).limit(_PORTION)
_FORGET_ITEMS = delete(items).where(items.c.post.in_(bindparam("old", expanding=True)))
_FORGET_POSTS = delete(posts).where(posts.c.seq.in_(bindparam("old", expanding=True)))


class SqlItems:
    """Implements `cleo.ports.Items`."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self._add = insert_once(connection, items)

    def keep(self, post: Post) -> int:
        """Keep the request as it came; tells its number."""
        row = {"at": self._clock.now(), "channel": post.channel, "raw": zlib.compress(post.raw, 1)}
        return self._connection.execute(_KEEP, row).scalar_one()

    def add(self, post: int, item: Item) -> bool:
        """Keep an item of it; False: it was here before."""
        receipt = item.event if isinstance(item.event, Receipt) else None
        row = {
            "key": item.key,
            "post": post,
            "at": self._clock.now(),
            "kind": item.kind,
            "problem": item.problem,
            "body": item.body,
            "about": receipt.of[0] if receipt and receipt.of else None,
            "receipt": encode(RECEIPT, receipt) if receipt else None,
        }
        return self._connection.execute(self._add, row).rowcount == 1

    def receipts(self, message_id: MessageId) -> Sequence[Receipt]:
        """What was told about a message, in the order of its telling."""
        rows = self._connection.execute(_RECEIPTS, {"message": message_id}).scalars()
        return [decode(RECEIPT, body) for body in rows if body]

    def news_since(self, at: float) -> bool:
        """Whether anything at all was told since then (Unix seconds): so news do come through."""
        return self._connection.execute(_NEWS, {"since": at}).first() is not None

    def forget(self, before: float) -> int:
        """Remove what came before then (Unix seconds), a portion at a time; tells how many requests."""
        old = list(self._connection.execute(_OLD, {"before": before}).scalars())
        if old:
            self._connection.execute(_FORGET_ITEMS, {"old": old})
            self._connection.execute(_FORGET_POSTS, {"old": old})
        return len(old)

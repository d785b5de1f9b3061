"""Webhooks that batch: requests and their items; what was heard last, and messages in doubt."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_DOUBLE: sa.Double[float] = sa.Double()


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    op.add_column("conversations", sa.Column("heard_account", sa.Text(), nullable=True))
    op.add_column("conversations", sa.Column("heard_id", sa.Text(), nullable=True))
    op.add_column("conversations", sa.Column("heard_at", _DOUBLE, nullable=True))
    op.add_column("outbox", sa.Column("doubted_at", _DOUBLE, nullable=True))
    op.add_column("outbox", sa.Column("repeated", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index("ix_outbox_held", "outbox", ["conversation"], **_where("state = 'held'"))
    op.create_table(
        "marks",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_marks"),
    )
    op.create_table(
        "posts",
        sa.Column("seq", _SERIAL, nullable=False),
        sa.Column("at", _DOUBLE, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_posts"),
    )
    op.create_index("ix_posts_at", "posts", ["at"])
    op.create_table(
        "items",
        sa.Column("seq", _SERIAL, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("post", sa.BigInteger(), nullable=False),
        sa.Column("at", _DOUBLE, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=True),
        sa.Column("receipt", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["post"], ["posts.seq"], name="fk_items_post"),
        sa.PrimaryKeyConstraint("seq", name="pk_items"),
        sa.UniqueConstraint("key", name="uq_items_key"),
    )
    op.create_index("ix_items_post", "items", ["post"])
    op.create_index("ix_items_about", "items", ["about"], **_where("about IS NOT NULL"))

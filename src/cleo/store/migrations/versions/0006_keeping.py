"""Pauses of chats, when turns ended and messages were queued, and what is known of messages that are gone."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_DOUBLE: sa.Double[float] = sa.Double()


def upgrade() -> None:
    op.add_column("conversations", sa.Column("paused_until", _DOUBLE, nullable=True))
    op.add_column("runs", sa.Column("ended_at", _DOUBLE, nullable=True))
    op.create_index("ix_runs_ended_at", "runs", ["conversation", "ended_at"])
    op.add_column("outbox", sa.Column("queued_at", _DOUBLE, nullable=False, server_default="0"))
    op.create_index("ix_outbox_queued_at", "outbox", ["queued_at"])
    op.create_index("ix_inbox_received_at", "inbox", ["received_at"])
    op.create_table(
        "past_messages",
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name="pk_past_messages"),
    )
    op.create_table(
        "unanswered",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("messages", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person", name="pk_unanswered"),
    )
    op.create_index("ix_unanswered_day", "unanswered", ["day"])
    for table, column in {
        "runs": "ended_at",
        "confirmations": "created_at",
        "tool_calls": "ended_at",
        "spending": "at",
        "dead_letters": "at",
    }.items():
        op.create_index(f"ix_{table}_old", table, [column])
    _date_what_is_over()


def _date_what_is_over() -> None:
    """Nobody knows since when: it is kept for as long as what is over now."""
    is_postgres = op.get_bind().dialect.name == "postgresql"
    now = "extract(epoch from now())" if is_postgres else "CAST(strftime('%s', 'now') AS REAL)"
    op.execute(f"UPDATE outbox SET queued_at = {now}")  # noqa: S608 - words from above
    op.execute(f"UPDATE runs SET ended_at = {now} WHERE state != 'open'")  # noqa: S608 - the same

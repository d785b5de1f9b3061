"""The first schema."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_DOUBLE: sa.Double[float] = sa.Double()


def _where(condition: str | sa.ColumnElement[bool]) -> dict[str, Any]:
    clause = sa.text(condition) if isinstance(condition, str) else condition
    return {"sqlite_where": clause, "postgresql_where": clause}


def upgrade() -> None:
    _line()
    _history()
    _confirmations()
    _memory()


def _line() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("epoch", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("parked_batch", sa.BigInteger(), nullable=True),
        sa.Column("parked_requests", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_conversations"),
    )
    op.create_index("ix_conversations_parked", "conversations", ["id"], **_where("parked_batch IS NOT NULL"))
    op.create_table(
        "dead_letters",
        sa.Column("seq", _SERIAL, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", _DOUBLE, nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_dead_letters"),
        sa.UniqueConstraint("kind", "key", name="uq_dead_letters_kind_key"),
    )
    op.create_index(
        "ix_dead_letters_untold",
        "dead_letters",
        ["conversation"],
        **_where(
            sa.and_(sa.column("kind") == sa.literal_column("'outbound'"), sa.column("told") == sa.false())
        ),
    )
    op.create_table(
        "inbox",
        sa.Column("seq", _SERIAL, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("run", sa.Text(), nullable=True),
        sa.Column("received_at", _DOUBLE, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_inbox"),
        sa.UniqueConstraint("fingerprint", name="uq_inbox_fingerprint"),
    )
    op.create_index("ix_inbox_new", "inbox", ["conversation", "seq"], **_where("state = 'new'"))
    op.create_index("ix_inbox_run", "inbox", ["run"], **_where("run IS NOT NULL"))
    op.create_table(
        "outbox",
        sa.Column("seq", _SERIAL, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", _DOUBLE, nullable=False),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_outbox"),
        sa.UniqueConstraint("key", name="uq_outbox_key"),
    )
    op.create_index("ix_outbox_message_id", "outbox", ["conversation", "message_id"])
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["conversation", "seq"],
        **_where("state IN ('queued', 'sending', 'uncertain')"),
    )
    op.create_table(
        "runs",
        sa.Column("seq", _SERIAL, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("prompted", sa.Boolean(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_runs"),
        sa.UniqueConstraint("id", name="uq_runs_id"),
    )
    op.create_index("ix_runs_open", "runs", ["conversation"], unique=True, **_where("state = 'open'"))


def _history() -> None:
    op.create_table(
        "history",
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("conversation", "revision", name="pk_history"),
    )
    op.create_table(
        "spending",
        sa.Column("seq", _SERIAL, nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.Column("cost", _DOUBLE, nullable=False),
        sa.Column("at", _DOUBLE, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_spending"),
    )
    op.create_table(
        "tool_calls",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("tool", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("value", sa.Text(), server_default="", nullable=False),
        sa.Column("started_at", _DOUBLE, nullable=False),
        sa.Column("ended_at", _DOUBLE, nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_tool_calls"),
    )


def _confirmations() -> None:
    op.create_table(
        "confirmation_events",
        sa.Column("seq", _SERIAL, nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("at", _DOUBLE, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_confirmation_events"),
    )
    op.create_index("ix_confirmation_events_ref", "confirmation_events", ["ref"])
    op.create_table(
        "confirmations",
        sa.Column("seq", _SERIAL, nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("tool", sa.Text(), nullable=False),
        sa.Column("tool_hash", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("created_at", _DOUBLE, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("detached", sa.Boolean(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("asked_at", _DOUBLE, nullable=True),
        sa.Column("expires_at", _DOUBLE, nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_via", sa.Text(), nullable=False),
        sa.Column("decided_at", _DOUBLE, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("retry_of", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_confirmations"),
        sa.UniqueConstraint("ref", name="uq_confirmations_ref"),
    )
    op.create_index("ix_confirmations_conversation", "confirmations", ["conversation", "batch"])
    op.create_index(
        "ix_confirmations_pending", "confirmations", ["conversation"], **_where("state = 'pending'")
    )
    op.create_index(
        "ix_confirmations_untold",
        "confirmations",
        ["conversation"],
        **_where(sa.column("told") == sa.false()),
    )
    op.create_table(
        "prompts",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["ref"], ["confirmations.ref"], name="fk_prompts_ref"),
        sa.PrimaryKeyConstraint("key", "ref", name="pk_prompts"),
    )
    op.create_index("ix_prompts_conversation", "prompts", ["conversation"])


def _memory() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("claimed_owner", sa.Boolean(), nullable=False),
        sa.Column("merged_into", sa.Text(), nullable=True),
        sa.Column("first_seen", _DOUBLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
    )
    op.create_index("ix_people_owners", "people", ["id"], **_where(sa.column("claimed_owner") == sa.true()))
    op.create_table(
        "records",
        sa.Column("seq", _SERIAL, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", _DOUBLE, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_records"),
        sa.UniqueConstraint("id", name="uq_records_id"),
    )
    op.create_index("ix_records_conversation", "records", ["conversation", "kind", "name"])
    op.create_table(
        "reminders",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("next_at", _DOUBLE, nullable=True),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reminders"),
    )
    op.create_index("ix_reminders_conversation", "reminders", ["conversation"])
    op.create_index("ix_reminders_due", "reminders", ["next_at"], **_where("next_at IS NOT NULL"))
    op.create_table(
        "aliases",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name="fk_aliases_person"),
        sa.PrimaryKeyConstraint("address", name="pk_aliases"),
    )
    op.create_index("ix_aliases_person", "aliases", ["person"])

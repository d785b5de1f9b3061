"""Accounts, outgoing messages with a purpose, spending by model; and tables and columns named as in the code."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


_TABLES = {
    "history": "transcript",
    "posts": "webhook_batches",
    "items": "webhook_events",
    "marks": "installation",
}
_COLUMNS = (
    ("conversations", "heard_account", "last_inbound_number"),
    ("conversations", "heard_id", "last_inbound_id"),
    ("conversations", "heard_at", "last_inbound_at"),
    ("outbox", "doubted_at", "uncertain_since"),
    ("webhook_events", "post", "batch"),
    ("confirmations", "told", "reported"),
    ("dead_letters", "told", "reported"),
)
_DOUBLE: sa.Double[float] = sa.Double()
_UNREPORTED = sa.column("reported") == sa.false()


def _where(condition: sa.ColumnElement[bool]) -> dict[str, Any]:
    return {"sqlite_where": condition, "postgresql_where": condition}


def upgrade() -> None:
    _rename_tables()
    _rename_columns()
    _rename_indexes()
    _describe_outgoing_messages()
    _split_spending()
    _add_account()
    _let_runs_wait()
    _let_people_in()
    op.execute("UPDATE tool_calls SET state = 'succeeded' WHERE state = 'done'")
    if op.get_bind().dialect.name == "postgresql":
        _rename_constraints()


def _rename_tables() -> None:
    for old, new in _TABLES.items():
        op.rename_table(old, new)


def _rename_columns() -> None:
    for table, old, new in _COLUMNS:
        op.execute(f'ALTER TABLE "{table}" RENAME COLUMN "{old}" TO "{new}"')


def _rename_indexes() -> None:
    """SQLite cannot rename an index: each is made anew."""
    op.drop_index("ix_posts_at", "webhook_batches")
    op.create_index("ix_webhook_batches_at", "webhook_batches", ["at"])
    op.drop_index("ix_items_post", "webhook_events")
    op.create_index("ix_webhook_events_batch", "webhook_events", ["batch"])
    op.drop_index("ix_items_about", "webhook_events")
    op.create_index(
        "ix_webhook_events_about", "webhook_events", ["about"], **_where(sa.column("about").is_not(None))
    )
    op.drop_index("ix_confirmations_untold", "confirmations")
    op.create_index("ix_confirmations_unreported", "confirmations", ["conversation"], **_where(_UNREPORTED))
    op.drop_index("ix_dead_letters_untold", "dead_letters")
    op.create_index(
        "ix_dead_letters_unreported",
        "dead_letters",
        ["conversation"],
        **_where(sa.and_(sa.column("kind") == sa.literal_column("'outbound'"), _UNREPORTED)),
    )


_PURPOSES = (
    ("ask:%", "prompt"),
    ("plan:%", "plan"),
    ("sign:%", "outcome"),
    ("waiting:%", "notice"),
    ("hint:%", "notice"),
    ("welcome:%", "notice"),
    ("%:gave-up", "notice"),
    ("reminder:%", "reminder"),
    ("say:%", "tool"),
    ("knock:%", "reopen"),
)
"""How keys of outgoing messages told what they are for."""


def _describe_outgoing_messages() -> None:
    op.add_column("outbox", sa.Column("purpose", sa.String(16), server_default="reply", nullable=False))
    op.add_column("outbox", sa.Column("asks", sa.Text(), nullable=True))
    op.add_column("outbox", sa.Column("attempt", sa.Integer(), server_default="1", nullable=False))
    for pattern, purpose in _PURPOSES:
        set_purpose = sa.text("UPDATE outbox SET purpose = :purpose WHERE key LIKE :pattern")
        op.execute(set_purpose.bindparams(purpose=purpose, pattern=pattern))
    op.execute("UPDATE outbox SET asks = (SELECT ref FROM prompts WHERE prompts.key = outbox.key)")
    op.execute("UPDATE outbox SET asks = substr(key, 6, 4) WHERE purpose = 'plan'")  # plan:K7Q4:…
    op.execute(sa.text("UPDATE outbox SET attempt = 2 WHERE repeated = :yes").bindparams(yes=True))
    op.drop_column("outbox", "repeated")
    op.drop_table("prompts")
    asking = _where(sa.column("asks").is_not(None))
    op.create_index("ix_outbox_asks", "outbox", ["asks"], **asking)
    op.create_index("ix_outbox_asks_in", "outbox", ["conversation"], **asking)


def _split_spending() -> None:
    """What was spent before has no model; its tokens count as read, and its price was never known."""
    op.rename_table("spending", "spending_before")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER SEQUENCE spending_seq_seq RENAME TO spending_before_seq_seq")
        for table, name in _constraints(["spending_before"]):
            op.execute(f'ALTER TABLE "{table}" RENAME CONSTRAINT "{name}" TO "{name}_before"')
    op.create_table(
        "spending",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("tokens_in", sa.BigInteger(), nullable=False),
        sa.Column("tokens_out", sa.BigInteger(), nullable=False),
        sa.Column("cost", _DOUBLE, nullable=True),
        sa.Column("at", _DOUBLE, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_spending"),
    )
    op.execute(
        "INSERT INTO spending (conversation, run, kind, model, tokens_in, tokens_out, at) "
        "SELECT conversation, run, 'chat', '', tokens, 0, at FROM spending_before ORDER BY seq"
    )
    op.drop_table("spending_before")
    op.create_index("ix_spending_conversation", "spending", ["conversation", "at"])


_OF_CONVERSATIONS = {
    "conversations": "id",
    "inbox": "conversation",
    "outbox": "conversation",
    "runs": "conversation",
    "transcript": "conversation",
    "spending": "conversation",
    "confirmations": "conversation",
    "reminders": "conversation",
    "records": "conversation",
    "dead_letters": "conversation",
}


def _add_account() -> None:
    """`channel/person` becomes `channel/default/person`; what a backend calls its number gets a name of its own."""
    op.add_column("conversations", sa.Column("account", sa.Text(), server_default="default", nullable=False))
    find = "strpos" if op.get_bind().dialect.name == "postgresql" else "instr"
    for table, column in _OF_CONVERSATIONS.items():
        slash = f"{find}({column}, '/')"
        renamed = f"substr({column}, 1, {slash}) || 'default/' || substr({column}, {slash} + 1)"
        op.execute(f"UPDATE {table} SET {column} = {renamed} WHERE {slash} > 0")  # noqa: S608 - names from above
    # Inside of JSON strings quotes are escaped, so only the field itself is met.
    op.execute("""UPDATE inbox SET body = replace(body, '"account":', '"number_id":')""")
    op.execute("""UPDATE webhook_events SET receipt = replace(receipt, '"account":', '"number_id":')""")
    op.execute("UPDATE installation SET name = 'number:whatsapp/default' WHERE name = 'account'")
    op.execute("DELETE FROM installation WHERE name = 'moves'")


def _let_runs_wait() -> None:
    """A run can wait for its model, and be stopped; a conversation can begin anew."""
    op.add_column("runs", sa.Column("retry_at", _DOUBLE, nullable=True))
    op.add_column("runs", sa.Column("waiting_since", _DOUBLE, nullable=True))
    op.add_column("runs", sa.Column("stop", sa.String(8), server_default="", nullable=False))
    op.add_column(
        "conversations", sa.Column("transcript_from", sa.BigInteger(), server_default="0", nullable=False)
    )


def _let_people_in() -> None:
    """People are let in while Cleo runs, and unknown ones who wrote are counted."""
    op.create_table(
        "access_rules",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("rule", sa.String(8), nullable=False),
        sa.Column("at", _DOUBLE, nullable=False),
        sa.Column("before", _DOUBLE, nullable=False),
        sa.PrimaryKeyConstraint("address", name="pk_access_rules"),
    )
    op.create_table(
        "unknown_people",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("messages", sa.BigInteger(), nullable=False),
        sa.Column("last_at", _DOUBLE, nullable=False),
        sa.PrimaryKeyConstraint("person", name="pk_unknown_people"),
    )
    op.create_index("ix_unknown_people_last_at", "unknown_people", ["last_at"])


def _rename_constraints() -> None:
    """Postgres keeps the old names of constraints and sequences when a table or a column is renamed."""
    tables = [*_TABLES.values(), *{table for table, _, _ in _COLUMNS}]
    for table, name in _constraints(tables):
        new = _renamed(table, name)
        if new != name:
            op.execute(f'ALTER TABLE "{table}" RENAME CONSTRAINT "{name}" TO "{new}"')
    for old in ("posts", "items"):
        op.execute(f'ALTER SEQUENCE "{old}_seq_seq" RENAME TO "{_TABLES[old]}_seq_seq"')


def _constraints(tables: list[str]) -> list[tuple[str, str]]:
    """Table and name of each constraint, on Postgres."""
    named = sa.text(
        "SELECT conrelid::regclass::text, conname FROM pg_constraint "
        "WHERE conrelid = any(cast(:tables AS regclass[]))"
    )
    return [(row[0], row[1]) for row in op.get_bind().execute(named, {"tables": tables})]


def _renamed(table: str, name: str) -> str:
    for old, new in _TABLES.items():
        if table == new:
            name = name.replace(f"{old}_", f"{new}_", 1) if name.startswith(f"{old}_") else name
            name = name.replace(f"_{old}", f"_{new}", 1) if name.split("_", 1)[-1].startswith(old) else name
    for of, old, new in _COLUMNS:
        if table == of:
            name = name.replace(f"{table}_{old}", f"{table}_{new}")
    return name

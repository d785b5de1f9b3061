"""Names of tables and columns as the code has them."""

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
    ("conversations", "heard_account", "last_inbound_account"),
    ("conversations", "heard_id", "last_inbound_id"),
    ("conversations", "heard_at", "last_inbound_at"),
    ("outbox", "doubted_at", "uncertain_since"),
    ("webhook_events", "post", "batch"),
    ("confirmations", "told", "reported"),
    ("dead_letters", "told", "reported"),
)
_UNREPORTED = sa.column("reported") == sa.false()


def _where(condition: sa.ColumnElement[bool]) -> dict[str, Any]:
    return {"sqlite_where": condition, "postgresql_where": condition}


def upgrade() -> None:
    _rename_tables()
    _rename_columns()
    _rename_indexes()
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


def _rename_constraints() -> None:
    """Postgres keeps the old names of constraints and sequences when a table or a column is renamed."""
    named = sa.text(
        "SELECT conrelid::regclass::text, conname FROM pg_constraint "
        "WHERE conrelid = any(cast(:tables AS regclass[]))"
    )
    tables = [*_TABLES.values(), *{table for table, _, _ in _COLUMNS}]
    for table, name in op.get_bind().execute(named, {"tables": tables}).all():
        new = _renamed(table, name)
        if new != name:
            op.execute(f'ALTER TABLE "{table}" RENAME CONSTRAINT "{name}" TO "{new}"')
    for old in ("posts", "items"):
        op.execute(f'ALTER SEQUENCE "{old}_seq_seq" RENAME TO "{_TABLES[old]}_seq_seq"')


def _renamed(table: str, name: str) -> str:
    for old, new in _TABLES.items():
        if table == new:
            name = name.replace(f"{old}_", f"{new}_", 1) if name.startswith(f"{old}_") else name
            name = name.replace(f"_{old}", f"_{new}", 1) if name.split("_", 1)[-1].startswith(old) else name
    for of, old, new in _COLUMNS:
        if table == of:
            name = name.replace(f"{table}_{old}", f"{table}_{new}")
    return name

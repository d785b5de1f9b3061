"""Messages are found by their ids: what a reply refers to, and what an edit or a deletion is about."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("inbox", sa.Column("about", sa.Text(), nullable=True))
    is_postgres = op.get_bind().dialect.name == "postgresql"
    id_ = "body::jsonb->>'id'" if is_postgres else "json_extract(body, '$.id')"
    of = "body::jsonb->'content'->>'of'" if is_postgres else "json_extract(body, '$.content.of')"
    kind = "body::jsonb->'content'->>'type'" if is_postgres else "json_extract(body, '$.content.type')"
    op.execute(
        f"UPDATE inbox SET about = CASE WHEN {kind} IN ('edit', 'revoke') THEN {of} "  # noqa: S608 - from above
        f"WHEN {kind} = 'reaction' THEN NULL ELSE {id_} END"
    )
    change = sa.text("state = 'change'")
    op.create_index(
        "ix_inbox_change", "inbox", ["conversation", "seq"], sqlite_where=change, postgresql_where=change
    )
    op.create_index("ix_inbox_about", "inbox", ["conversation", "about"])

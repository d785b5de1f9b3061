"""A message that was sent twice in doubt may be there under two ids; answers under an id not yet known wait.

What an earlier release kept of parked calls goes: they are those of the newest response that have no result.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("second_id", sa.Text(), nullable=True))
    twice = sa.text("second_id IS NOT NULL")
    op.create_index(
        "ix_outbox_second_id",
        "outbox",
        ["conversation", "second_id"],
        sqlite_where=twice,
        postgresql_where=twice,
    )
    early = sa.text("state = 'early'")
    op.create_index(
        "ix_inbox_early", "inbox", ["conversation", "seq"], sqlite_where=early, postgresql_where=early
    )
    op.drop_column("conversations", "parked_requests")

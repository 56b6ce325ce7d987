"""Queues renamed, merged and split with a date."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "queue_moves",
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("into_queue", sa.Text(), nullable=False),
        sa.Column("date", sa.String(length=10), nullable=False),
        sa.Column("share", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("queue", "into_queue", "date", name=op.f("queue_moves_key")),
    )

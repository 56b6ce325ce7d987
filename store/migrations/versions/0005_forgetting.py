"""Posts are forgotten: rows expire, their counts stay; keys per month; what reading cost."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mentions", sa.Column("received_at", sa.BigInteger(), nullable=True))
    op.execute("UPDATE mentions SET received_at = updated_at")
    with op.batch_alter_table("mentions") as batch:
        batch.alter_column("received_at", existing_type=sa.BigInteger(), nullable=False)
        batch.add_column(sa.Column("sketch", sa.LargeBinary(), nullable=True))
        batch.add_column(sa.Column("copy", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("question", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "forgotten",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", name="forgotten_key"),
    )
    op.create_table(
        "signal_bases",
        sa.Column("signal", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("ds", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("signal", "topic", "ds", name="signal_bases_key"),
    )
    op.create_table(
        "hash_keys",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("month", name="hash_keys_key"),
    )
    op.create_table(
        "spending",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("posts", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "day", name="spending_key"),
    )

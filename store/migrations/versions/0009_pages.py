"""What the pages write down: remarks on days, budgets, back-tests that were asked for, methods that were chosen by hand."""

import sqlalchemy as sa
from alembic import op

from store.tables import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NUMBER = sa.Float(precision=53)


def upgrade() -> None:
    _day_remarks()


def _day_remarks() -> None:
    op.create_table(
        "day_remarks",
        sa.Column("id", ID, nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("day_remarks_by_day", "day_remarks", ["queue", "day"])

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
    _backtests()
    _budgets()


def _backtests() -> None:
    op.create_table(
        "backtests",
        sa.Column("id", ID, nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("stop", sa.Boolean(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        *(sa.Column(name, UtcDateTime(), nullable=True) for name in ("started_at", "seen_at", "finished_at")),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "method_pins",
        sa.Column("id", ID, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("queue", "model", "reason", "who")),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.Column("removed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("method_pins_by_queue", "method_pins", ["queue", "removed_at"])


def _day_remarks() -> None:
    op.create_table(
        "day_remarks",
        sa.Column("id", ID, nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("day_remarks_by_day", "day_remarks", ["queue", "day"])


def _budgets() -> None:
    op.create_table(
        "budget_series",
        sa.Column("id", ID, nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("length", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="budget_series_key"),
        sa.UniqueConstraint("queue", "length", name="budget_series_unique"),
    )
    op.create_table(
        "budgets",
        sa.Column("id", ID, nullable=False),
        sa.Column("series_id", ID, nullable=False),
        sa.Column("ds", sa.BigInteger(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        *(sa.Column(value, NUMBER, nullable=True) for value in ("offered", "aht_seconds", "fte")),
        sa.Column("assumed", sa.Boolean(), nullable=False),
        sa.Column("upload_id", ID, nullable=True),
        sa.Column("repeats", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["series_id"], ["budget_series.id"], name="budgets_to_budget_series"),
        sa.ForeignKeyConstraint(["upload_id"], ["uploads.id"], name="budgets_to_uploads"),
        sa.PrimaryKeyConstraint("id", name="budgets_key"),
    )
    op.create_index("budgets_by_bucket", "budgets", ["series_id", "ds", "known_at"])
    op.create_index("budgets_by_upload_id", "budgets", ["upload_id"])

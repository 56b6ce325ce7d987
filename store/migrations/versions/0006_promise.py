"""Decisions of the gate, rules of thumb, warnings and what was done with them, causes and fixes, parts of a forecast."""

import sqlalchemy as sa
from alembic import op

from store.tables import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("forecasts", sa.Column("parts", sa.LargeBinary(), nullable=True))
    op.create_table(
        "gate_decisions",
        sa.Column("id", ID, nullable=False),
        sa.Column("run_id", ID, nullable=True),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("signal", sa.Text(), nullable=False),
        sa.Column("lead_band", sa.Text(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.Column("gate", sa.Text(), nullable=False),
        sa.Column("row", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="gate_decisions_to_runs"),
        sa.PrimaryKeyConstraint("id", name="gate_decisions_key"),
    )
    op.create_index(
        "gate_decisions_by_series", "gate_decisions", ["series", "signal", "lead_band", "decided_at"]
    )
    op.create_table(
        "rules_of_thumb",
        sa.Column("id", ID, nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("signal", sa.Text(), nullable=False),
        sa.Column("contacts_per_unit", sa.Float(precision=53), nullable=False),
        sa.Column("head_start_minutes", sa.Float(precision=53), nullable=False),
        sa.Column("lasts_minutes", sa.Float(precision=53), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="rules_of_thumb_key"),
    )
    op.create_table(
        "alerts",
        sa.Column("id", ID, nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("signal", sa.Text(), nullable=False),
        sa.Column("onset", UtcDateTime(), nullable=False),
        sa.Column("raised_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("row", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="alerts_key"),
    )
    op.create_index(
        "one_live_alert",
        "alerts",
        ["series", "topic", "signal"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "alert_acts",
        sa.Column("id", ID, nullable=False),
        sa.Column("alert_id", ID, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name="alert_acts_to_alerts"),
        sa.PrimaryKeyConstraint("id", name="alert_acts_key"),
    )
    op.create_index("alert_acts_by_alert", "alert_acts", ["alert_id", "at"])
    op.create_table(
        "deliveries",
        sa.Column("alert_id", ID, nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("delivered_at", UtcDateTime(), nullable=True),
        sa.Column("claimed_until", UtcDateTime(), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name="deliveries_to_alerts"),
        sa.PrimaryKeyConstraint("alert_id", "target", "occasion", name="deliveries_key"),
    )
    op.create_table(
        "causes",
        sa.Column("id", ID, nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("changed", sa.Text(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="causes_key"),
    )

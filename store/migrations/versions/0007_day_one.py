"""The data a planner has: reasons, plans and forecasts as layers, contacts one by one, exceptions, rules, groups."""

import datetime as dt

import sqlalchemy as sa
from alembic import op

from store.tables import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NUMBER = sa.Float(precision=53)
BESIDE_OFFERED = (
    "short_abandoned",
    "redialled",
    "transferred_in",
    "overflow_in",
    "overflow_out",
    "callbacks",
)


def upgrade() -> None:
    op.add_column("uploads", sa.Column("fingerprint", sa.String(length=64), nullable=True))
    for name in BESIDE_OFFERED:
        op.add_column("volumes", sa.Column(name, NUMBER, nullable=True))
    for layered in ("volumes", "signals", "drivers"):
        op.add_column(layered, sa.Column("repeats", sa.BigInteger(), nullable=True))
    op.create_index("confirmations_by_version", "confirmations", ["version_id"])
    op.add_column("queues", sa.Column("missing", sa.Text(), nullable=False, server_default="zero"))
    _layer("reasons", "reason_series", ("queue", "topic"), ("share", "count"))
    _layer("staffing", "staffing_series", ("group",), ("agents", "gross"))
    _layer("other_forecasts", "other_forecast_series", ("queue",), ("offered", "aht_seconds"))
    _true_demand()
    _maps_and_contacts()
    _calendar()
    _queue_map()


def _layer(name: str, series: str, keys: tuple[str, ...], values: tuple[str, ...]) -> None:
    op.create_table(
        series,
        sa.Column("id", ID, nullable=False),
        *(sa.Column(key, sa.Text(), nullable=False) for key in keys),
        sa.PrimaryKeyConstraint("id", name=f"{series}_key"),
        sa.UniqueConstraint(*keys, name=f"{series}_unique"),
    )
    op.create_table(
        name,
        sa.Column("id", ID, nullable=False),
        sa.Column("series_id", ID, nullable=False),
        sa.Column("ds", sa.BigInteger(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        *(sa.Column(value, NUMBER, nullable=True) for value in values),
        sa.Column("assumed", sa.Boolean(), nullable=False),
        sa.Column("upload_id", ID, nullable=True),
        sa.Column("repeats", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["series_id"], [f"{series}.id"], name=f"{name}_to_{series}"),
        sa.ForeignKeyConstraint(["upload_id"], ["uploads.id"], name=f"{name}_to_uploads"),
        sa.PrimaryKeyConstraint("id", name=f"{name}_key"),
    )
    op.create_index(f"{name}_by_bucket", name, ["series_id", "ds", "known_at"])
    op.create_index(f"{name}_by_upload_id", name, ["upload_id"])


def _true_demand() -> None:
    _layer("demand_counts", "demand_count_series", ("queue",), ("short_abandoned", "redialled"))
    op.create_table(
        "demand_estimates",
        sa.Column("id", ID, nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.Column("r", NUMBER, nullable=False),
        sa.Column("lower", NUMBER, nullable=False),
        sa.Column("upper", NUMBER, nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="demand_estimates_key"),
    )
    op.create_index("demand_estimates_by_queue", "demand_estimates", ["queue", "decided_at"])


def _maps_and_contacts() -> None:
    op.create_table(
        "column_maps",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("header", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "header", name="column_maps_key"),
    )
    op.create_table(
        "contact_log",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("customer", sa.Text(), nullable=True),
        sa.Column("waited_seconds", NUMBER, nullable=True),
        sa.Column("handled_seconds", NUMBER, nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("upload_id", ID, nullable=True),
        sa.ForeignKeyConstraint(["upload_id"], ["uploads.id"], name="contact_log_to_uploads"),
        sa.PrimaryKeyConstraint("source", "id", name="contact_log_key"),
    )
    op.create_index("contact_log_by_time", "contact_log", ["queue", "at"])
    op.create_index("contact_log_by_customer", "contact_log", ["customer", "at"])
    op.create_index("contact_log_by_upload_id", "contact_log", ["upload_id"])
    op.create_table(
        "quality_marks",
        sa.Column("finding", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("first", sa.String(length=32), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("finding", "queue", "first", name="quality_marks_key"),
    )


def _calendar() -> None:
    op.create_table(
        "hour_exceptions",
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("date", sa.String(length=10), nullable=False),
        sa.Column("opens", sa.String(length=5), nullable=False),
        sa.Column("closes", sa.String(length=5), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("queue", "date", "opens", name="hour_exceptions_key"),
    )
    op.create_table(
        "day_rules",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("moves", sa.Text(), nullable=False),
        sa.Column("since", sa.String(length=10), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="day_rules_key"),
    )
    op.create_table(
        "planning_groups",
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("group", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("since", sa.String(length=10), nullable=False),
        sa.Column("share", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("queue", "group", "site", "since", name="planning_groups_key"),
    )


def _queue_map() -> None:
    """The moves get a number and the moments between which they were believed; those held were believed always."""
    made = op.create_table(
        "queue_map",
        sa.Column("id", ID, nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("into_queue", sa.Text(), nullable=False),
        sa.Column("date", sa.String(length=10), nullable=False),
        sa.Column("share", NUMBER, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="queue_map_key"),
    )
    op.create_index("queue_map_by_queue", "queue_map", ["queue", "into_queue", "date"])
    held = op.get_bind().execute(sa.text("SELECT queue, into_queue, date, share FROM queue_moves"))
    always = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    rows = [dict(row._mapping) | {"created_at": always} for row in held]
    if rows:
        op.bulk_insert(made, rows)
    op.drop_table("queue_moves")

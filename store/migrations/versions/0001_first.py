"""Everything the first release remembers."""

import sqlalchemy as sa
from alembic import op

from store.tables import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("api_keys_key")),
        sa.UniqueConstraint("digest", name=op.f("api_keys_unique")),
    )
    op.create_table(
        "cursors",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("cursors_key")),
    )
    op.create_table(
        "driver_series",
        sa.Column("id", ID, nullable=False),
        sa.Column("driver", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("driver_series_key")),
        sa.UniqueConstraint("driver", "queue", name=op.f("driver_series_unique")),
    )
    op.create_table(
        "forecast_series",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("forecast_series_key")),
        sa.UniqueConstraint("name", name=op.f("forecast_series_unique")),
    )
    op.create_table(
        "mentions",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("assumed", sa.Boolean(), nullable=False),
        sa.Column("author", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("sentiment", sa.Float(precision=53), nullable=True),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("topics", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("direction", sa.Text(), nullable=True),
        sa.Column("repost_of", sa.Text(), nullable=True),
        sa.Column("reply_to", sa.Text(), nullable=True),
        sa.Column("replied_at", sa.BigInteger(), nullable=True),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("reach", sa.Float(precision=53), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("brand", sa.Text(), nullable=True),
        sa.Column("scorer", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("source", "id", name=op.f("mentions_key")),
    )
    op.create_index("mentions_by_creation", "mentions", ["created_at"], unique=False)
    op.create_index("mentions_by_update", "mentions", ["updated_at"], unique=False)
    op.create_table(
        "opening_hours",
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.String(length=10), nullable=False),
        sa.Column("weekday", sa.BigInteger(), nullable=False),
        sa.Column("opens", sa.String(length=5), nullable=False),
        sa.Column("closes", sa.String(length=5), nullable=False),
        sa.PrimaryKeyConstraint("queue", "valid_from", "weekday", "opens", name=op.f("opening_hours_key")),
    )
    op.create_table(
        "queues",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("interval", sa.Text(), nullable=False),
        sa.Column("tz", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("queues_key")),
    )
    op.create_table(
        "runs",
        sa.Column("id", ID, nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("slot", UtcDateTime(), nullable=True),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("outcome", sa.JSON(), nullable=False),
        sa.Column("cutoff", UtcDateTime(), nullable=True),
        sa.Column("config_hash", sa.Text(), nullable=False),
        sa.Column("code_version", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("runs_key")),
    )
    op.create_index(
        "one_live_run_per_job",
        "runs",
        ["job"],
        unique=True,
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_index("one_run_per_slot", "runs", ["job", "slot"], unique=True)
    op.create_table(
        "signal_series",
        sa.Column("id", ID, nullable=False),
        sa.Column("signal", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("interval", sa.Text(), nullable=False),
        sa.Column("tz", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("signal_series_key")),
        sa.UniqueConstraint("signal", "topic", name=op.f("signal_series_unique")),
    )
    op.create_table(
        "special_days",
        sa.Column("date", sa.String(length=10), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("until", sa.String(length=10), nullable=True),
        sa.PrimaryKeyConstraint("date", "queue", name=op.f("special_days_key")),
    )
    op.create_table(
        "uploads",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("layout", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("uploads_key")),
    )
    op.create_table(
        "volume_series",
        sa.Column("id", ID, nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("volume_series_key")),
        sa.UniqueConstraint("queue", "topic", name=op.f("volume_series_unique")),
    )
    op.create_table(
        "champions",
        sa.Column("id", ID, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("lead_band", sa.Text(), nullable=False),
        sa.Column("row", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("champions_to_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("champions_key")),
    )
    op.create_index("champions_by_run", "champions", ["run_id", "series"], unique=False)
    op.create_table(
        "confirmations",
        sa.Column("upload_id", ID, nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["upload_id"], ["uploads.id"], name=op.f("confirmations_to_uploads")),
        sa.PrimaryKeyConstraint("upload_id", "version_id", name=op.f("confirmations_key")),
    )
    op.create_table(
        "drivers",
        sa.Column("id", ID, nullable=False),
        sa.Column("series_id", ID, nullable=False),
        sa.Column("ds", sa.BigInteger(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Float(precision=53), nullable=True),
        sa.Column("assumed", sa.Boolean(), nullable=False),
        sa.Column("upload_id", ID, nullable=True),
        sa.ForeignKeyConstraint(["series_id"], ["driver_series.id"], name=op.f("drivers_to_driver_series")),
        sa.ForeignKeyConstraint(["upload_id"], ["uploads.id"], name=op.f("drivers_to_uploads")),
        sa.PrimaryKeyConstraint("id", name=op.f("drivers_key")),
    )
    op.create_index("drivers_by_bucket", "drivers", ["series_id", "ds", "known_at"], unique=False)
    op.create_index(op.f("drivers_by_upload_id"), "drivers", ["upload_id"], unique=False)
    op.create_table(
        "evidence",
        sa.Column("id", ID, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("signal", sa.Text(), nullable=False),
        sa.Column("lead_band", sa.Text(), nullable=False),
        sa.Column("row", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("evidence_to_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("evidence_key")),
    )
    op.create_index("evidence_by_run", "evidence", ["run_id", "series"], unique=False)
    op.create_table(
        "forecast_versions",
        sa.Column("id", ID, nullable=False),
        sa.Column("run_id", ID, nullable=True),
        sa.Column("cutoff", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("forecast_versions_to_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("forecast_versions_key")),
    )
    op.create_table(
        "scores",
        sa.Column("id", ID, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("lead_band", sa.Text(), nullable=False),
        sa.Column("row", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("scores_to_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("scores_key")),
    )
    op.create_index("scores_by_run", "scores", ["run_id", "series"], unique=False)
    op.create_table(
        "signals",
        sa.Column("id", ID, nullable=False),
        sa.Column("series_id", ID, nullable=False),
        sa.Column("ds", sa.BigInteger(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Float(precision=53), nullable=True),
        sa.Column("assumed", sa.Boolean(), nullable=False),
        sa.Column("upload_id", ID, nullable=True),
        sa.ForeignKeyConstraint(["series_id"], ["signal_series.id"], name=op.f("signals_to_signal_series")),
        sa.ForeignKeyConstraint(["upload_id"], ["uploads.id"], name=op.f("signals_to_uploads")),
        sa.PrimaryKeyConstraint("id", name=op.f("signals_key")),
    )
    op.create_index("signals_by_bucket", "signals", ["series_id", "ds", "known_at"], unique=False)
    op.create_index(op.f("signals_by_upload_id"), "signals", ["upload_id"], unique=False)
    op.create_table(
        "volumes",
        sa.Column("id", ID, nullable=False),
        sa.Column("series_id", ID, nullable=False),
        sa.Column("ds", sa.BigInteger(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("offered", sa.Float(precision=53), nullable=True),
        sa.Column("handled", sa.Float(precision=53), nullable=True),
        sa.Column("abandoned", sa.Float(precision=53), nullable=True),
        sa.Column("aht_seconds", sa.Float(precision=53), nullable=True),
        sa.Column("assumed", sa.Boolean(), nullable=False),
        sa.Column("upload_id", ID, nullable=True),
        sa.ForeignKeyConstraint(["series_id"], ["volume_series.id"], name=op.f("volumes_to_volume_series")),
        sa.ForeignKeyConstraint(["upload_id"], ["uploads.id"], name=op.f("volumes_to_uploads")),
        sa.PrimaryKeyConstraint("id", name=op.f("volumes_key")),
    )
    op.create_index("volumes_by_bucket", "volumes", ["series_id", "ds", "known_at"], unique=False)
    op.create_index(op.f("volumes_by_upload_id"), "volumes", ["upload_id"], unique=False)
    op.create_table(
        "forecasts",
        sa.Column("version_id", ID, nullable=False),
        sa.Column("series_id", ID, nullable=False),
        sa.Column("granularity", sa.String(length=16), nullable=False),
        sa.Column("ds", sa.BigInteger(), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["series_id"], ["forecast_series.id"], name=op.f("forecasts_to_forecast_series")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["forecast_versions.id"], name=op.f("forecasts_to_forecast_versions")
        ),
        sa.PrimaryKeyConstraint("version_id", "series_id", "granularity", "ds", name=op.f("forecasts_key")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "forecasts_by_bucket", "forecasts", ["series_id", "granularity", "ds", "version_id"], unique=False
    )

"""The plan: overrides, locks, scenarios; who changed what; events for other systems; users, and keys that expire."""

import sqlalchemy as sa
from alembic import op

from store.tables import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NUMBER = sa.Float(precision=53)
SEALED = "the audit is append-only"


def upgrade() -> None:
    _versions()
    op.add_column("api_keys", sa.Column("expires_at", UtcDateTime(), nullable=True))
    op.add_column("api_keys", sa.Column("used_at", UtcDateTime(), nullable=True))
    _users()
    _audit()
    _overrides()
    _locks()
    _publications()
    _scenarios()
    _events()


def _versions() -> None:
    op.add_column(
        "forecast_versions", sa.Column("kind", sa.Text(), nullable=False, server_default="forecast")
    )
    if op.get_bind().dialect.name == "sqlite":  # no copy can take its place: forecasts refer to it
        op.execute(
            "ALTER TABLE forecast_versions ADD COLUMN upload_id INTEGER "
            "CONSTRAINT forecast_versions_to_uploads REFERENCES uploads (id)"
        )
        return
    op.add_column("forecast_versions", sa.Column("upload_id", ID, nullable=True))
    op.create_foreign_key(
        "forecast_versions_to_uploads", "forecast_versions", "uploads", ["upload_id"], ["id"]
    )


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.Column("disabled_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="users_key"),
        sa.UniqueConstraint("name", name="users_unique"),
    )
    op.create_index("users_by_subject", "users", ["subject"], unique=True)


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="audit_key"),
    )
    op.create_index("audit_by_subject", "audit", ["subject", "id"])
    if op.get_bind().dialect.name == "sqlite":
        for act in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER audit_no_{act} BEFORE {act.upper()} ON audit "
                f"BEGIN SELECT RAISE(ABORT, '{SEALED}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_sealed() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{SEALED}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_sealed()"
    )


def _overrides() -> None:
    op.create_table(
        "overrides",
        sa.Column("id", ID, nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("queue", "channel", "topic", "measure", "kind")
        ),
        sa.Column("value", NUMBER, nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.Column("removed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="overrides_key"),
    )
    op.create_index("overrides_by_span", "overrides", ["start", "end"])


def _locks() -> None:
    op.create_table(
        "locks",
        sa.Column("id", ID, nullable=False),
        sa.Column("version_id", ID, nullable=False),
        sa.Column("source_id", ID, nullable=True),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("queues", sa.JSON(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("released_at", UtcDateTime(), nullable=True),
        sa.Column("released_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="locks_key"),
        sa.ForeignKeyConstraint(["version_id"], ["forecast_versions.id"], name="locks_to_forecast_versions"),
        sa.ForeignKeyConstraint(["source_id"], ["forecast_versions.id"], name="locks_to_source_versions"),
    )
    op.create_index("locks_by_span", "locks", ["start", "end"])


def _publications() -> None:
    op.create_table(
        "publications",
        sa.Column("id", ID, nullable=False),
        sa.Column("version_id", ID, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="publications_key"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["forecast_versions.id"], name="publications_to_forecast_versions"
        ),
    )
    op.create_index("publications_by_version", "publications", ["version_id", "at"])
    op.execute(
        "INSERT INTO publications (version_id, at) SELECT id, published_at FROM forecast_versions "
        "WHERE published_at IS NOT NULL ORDER BY published_at, id"
    )


def _scenarios() -> None:
    op.create_table(
        "scenarios",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("cutoff", UtcDateTime(), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("found", sa.JSON(), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="scenarios_key"),
    )


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="events_key"),
    )
    op.create_table(
        "hook_deliveries",
        sa.Column("event_id", ID, nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("delivered_at", UtcDateTime(), nullable=True),
        sa.Column("claimed_until", UtcDateTime(), nullable=True),
        sa.Column("next_try", UtcDateTime(), nullable=True),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "target", name="hook_deliveries_key"),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name="hook_deliveries_to_events"),
    )
    op.create_table(
        "run_requests",
        sa.Column("id", ID, nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("run_id", ID, nullable=True),
        sa.Column("taken_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="run_requests_key"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="run_requests_to_runs"),
    )
    waiting = sa.text("taken_at IS NULL")
    op.create_index(
        "one_waiting_request_per_job",
        "run_requests",
        ["job"],
        unique=True,
        sqlite_where=waiting,
        postgresql_where=waiting,
    )

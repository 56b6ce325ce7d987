"""Handling time and workload beside the volumes of a forecast."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("forecasts", sa.Column("aht", sa.LargeBinary(), nullable=True))
    op.add_column("forecasts", sa.Column("workload", sa.LargeBinary(), nullable=True))

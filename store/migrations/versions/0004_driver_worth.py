"""What a planner assumes that a unit of a driver is worth."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("drivers", sa.Column("worth", sa.Float(precision=53), nullable=True))

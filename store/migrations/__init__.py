"""Alembic migrations. `database.upgrade` runs them; `database.SCHEMA` names the newest."""

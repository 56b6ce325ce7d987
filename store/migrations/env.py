"""Runs the migrations on the connection that `database.upgrade` hands in, inside its transaction."""

from alembic import context

from store.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite changes a column only by copying its table
)
context.run_migrations()

"""Alembic's entry: the connection comes from the caller."""

from alembic import context

from gateway.store.models import Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()

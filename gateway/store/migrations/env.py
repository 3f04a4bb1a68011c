"""Alembic's entry, which it executes under a name of its own; the connection comes from the caller."""

from alembic import context

from gateway.store.models import Base


def migrate() -> None:
    """Run the versions that the caller asked for, in its transaction."""
    context.configure(
        connection=context.config.attributes["connection"], target_metadata=Base.metadata, render_as_batch=True
    )
    with context.begin_transaction():
        context.run_migrations()


if __name__ == "env_py":
    migrate()

"""Runs the migrations on the connection that the caller passes in the configuration's attributes."""

from alembic import context
from sqlalchemy import text

from shared.db import books, models  # noqa: F401 - declares the books' tables on the same metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=models.metadata,
    transaction_per_migration=True,
    compare_type=True,
)
with context.begin_transaction():
    # A migration that waits for a lock makes every later statement wait behind it: give up instead.
    connection.execute(text("SET lock_timeout = '5s'"))
    context.run_migrations()

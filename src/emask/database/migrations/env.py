"""How Alembic connects: one transaction, and no waiting behind the locks of a live system."""

from alembic import context
from sqlalchemy import create_engine, pool, text

_url = context.config.attributes["url"].replace("postgresql://", "postgresql+psycopg://", 1)
_engine = create_engine(_url, poolclass=pool.NullPool)

with _engine.connect() as _connection:
    context.configure(connection=_connection, transaction_per_migration=True)
    with context.begin_transaction():
        _connection.execute(text("SET LOCAL lock_timeout = '5s'"))
        context.run_migrations()

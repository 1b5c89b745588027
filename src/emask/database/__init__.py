"""PostgreSQL as the system uses it: server, pool, migrations, clock, vault, outbox, audit log."""

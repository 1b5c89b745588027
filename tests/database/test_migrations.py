"""The database's shape: brought up to date, twice without harm, in one transaction."""

import psycopg
import pytest

from emask.database.migrations import migrate, newest
from emask.database.server import EmbeddedServer
from emask.database.throwaway import ThrowawayDatabases, create_database


def applied(url: str) -> list[tuple[str]]:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT version_num FROM alembic_version").fetchall()


def test_a_migrated_database_has_the_newest_shape(database_url: str) -> None:
    assert applied(database_url) == [(newest(),)]


def test_migrating_again_changes_nothing(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO clock (now) VALUES (now())")
    migrate(database_url)
    assert applied(database_url) == [(newest(),)]
    with psycopg.connect(database_url) as connection:
        assert len(connection.execute("SELECT * FROM clock").fetchall()) == 1


def test_a_migration_that_fails_leaves_nothing_half_done(databases: ThrowawayDatabases) -> None:
    server: EmbeddedServer = databases.server
    create_database(server, "occupied")
    url = server.url("occupied")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE store (ours text)")  # in the way, half-way through
    with pytest.raises(Exception, match="already exists"):
        migrate(url)
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall()
    assert tables == [("store",)]


@pytest.mark.parametrize("table", ["claim", "preorder", "orders", "payment_event", "collection"])
def test_tables_about_people_have_the_person_in_their_key(database_url: str, table: str) -> None:
    with psycopg.connect(database_url) as connection:
        columns = connection.execute(
            "SELECT attname FROM pg_index JOIN pg_attribute"
            " ON attrelid = indrelid AND attnum = ANY (indkey)"
            " WHERE indrelid = %s::regclass AND indisprimary",
            (table,),
        ).fetchall()
    assert ("person_id",) in columns

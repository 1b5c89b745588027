"""Databases for tests: each by itself, none left behind."""

from pathlib import Path

import psycopg
import pytest

from emask.database.server import EmbeddedServer
from emask.database.throwaway import ThrowawayDatabases, create_database


def test_each_database_is_migrated_empty_and_by_itself(databases: ThrowawayDatabases) -> None:
    with databases.database() as one, databases.database() as other:
        with psycopg.connect(one) as connection:
            connection.execute("INSERT INTO clock (now) VALUES (now())")
        with psycopg.connect(other) as connection:
            assert connection.execute("SELECT * FROM clock").fetchall() == []


def test_a_database_is_dropped_with_whoever_is_connected(databases: ThrowawayDatabases) -> None:
    with databases.database() as url:
        left_open = psycopg.connect(url)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
    left_open.close()


def test_creating_a_database_that_is_there_changes_nothing(databases: ThrowawayDatabases) -> None:
    create_database(databases.server, "emask")
    with psycopg.connect(databases.server.url()) as connection:
        assert connection.execute("SELECT * FROM round").fetchall() == []


def test_nothing_is_left_behind() -> None:
    with ThrowawayDatabases() as throwaway:
        folder = throwaway.server.data
        assert throwaway.server.running
    assert not folder.exists()
    assert not EmbeddedServer(Path(folder)).running

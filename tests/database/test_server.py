"""The embedded server: started, attached to, stopped, killed, and refused."""

import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from emask.database.server import EmbeddedServer, ServerError


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A server directory that the tests of this module share; preparing one takes seconds."""
    return tmp_path_factory.mktemp("server")


@pytest.fixture
def server(data: Path) -> Iterator[EmbeddedServer]:
    embedded = EmbeddedServer(data)
    embedded.start()
    yield embedded
    embedded.stop()


def postmaster(data: Path) -> int:
    return EmbeddedServer(data).process


def count_notes(server: EmbeddedServer) -> int:
    with psycopg.connect(server.url("postgres")) as connection:
        (row,) = connection.execute("SELECT count(*) FROM note").fetchall()
    return int(row[0])


def test_a_folder_without_a_server_has_none_running(tmp_path: Path) -> None:
    assert not EmbeddedServer(tmp_path).running


def test_it_starts_and_stops(data: Path) -> None:
    with EmbeddedServer(data) as server:
        assert server.running
        with psycopg.connect(server.url("postgres")) as connection:
            (row,) = connection.execute("SHOW server_version_num").fetchall()
        assert int(row[0]) >= 180000
    assert not server.running


def test_it_listens_on_a_socket_of_its_owner_only(server: EmbeddedServer) -> None:
    with psycopg.connect(server.url("postgres")) as connection:
        (addresses,) = connection.execute("SHOW listen_addresses").fetchall()
        (folder,) = connection.execute("SHOW unix_socket_directories").fetchall()
    assert addresses[0] == ""
    assert stat.S_IMODE(Path(folder[0]).stat().st_mode) == 0o700


def test_it_keeps_what_was_committed_on_the_disk(server: EmbeddedServer) -> None:
    with psycopg.connect(server.url("postgres")) as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            (row,) = connection.execute(f"SHOW {setting}").fetchall()
            assert row[0] == "on", setting


def test_a_second_one_attaches_and_leaves_it_running(server: EmbeddedServer) -> None:
    with EmbeddedServer(server.data) as attached:
        assert attached.start() == server.url()
    assert server.running


def test_its_programs_are_at_hand(server: EmbeddedServer) -> None:
    assert os.access(server.binaries / "psql", os.X_OK)


def test_killed_it_loses_nothing_that_was_committed(data: Path) -> None:
    killed = EmbeddedServer(data)
    killed.start()
    with psycopg.connect(killed.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE TABLE note (number integer)")
        connection.execute("INSERT INTO note SELECT generate_series(1, 1000)")
    os.kill(postmaster(data), signal.SIGKILL)
    with EmbeddedServer(data) as again:
        assert count_notes(again) == 1000


def test_a_folder_that_holds_something_else_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "postgresql").mkdir()
    (tmp_path / "postgresql" / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(ServerError, match=r"server\.log"):
        EmbeddedServer(tmp_path).start()

"""Throwaway databases: one migrated template, copied in a moment for each test or scenario."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql

from emask.database.migrations import migrate
from emask.database.server import DEFAULT_DATABASE, EmbeddedServer

_MEMORY = Path("/dev/shm")  # noqa: S108 - TemporaryDirectory makes a folder of its own in it
_ROOM = 2 << 30  # bytes


class ThrowawayDatabases:
    """An embedded server in a temporary folder, gone when the block ends.

    Args:
        place: where to make that folder; without it in memory, if there is room.
    """

    def __init__(self, place: Path | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(
            prefix="emask-", dir=place or _roomy_memory(), ignore_cleanup_errors=True
        )
        # The server's own user must be able to reach its folder.
        Path(self._folder.name).chmod(0o711)
        self.server = EmbeddedServer(Path(self._folder.name), throwaway=True)
        self._numbers = count(1)

    def __enter__(self) -> Self:
        self.server.start()
        create_database(self.server, DEFAULT_DATABASE)
        migrate(self.server.url())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.server.delete()
        self._folder.cleanup()

    @contextmanager
    def database(self) -> Iterator[str]:
        """A fresh, migrated, empty database; yields its URL and drops it afterwards."""
        name = f"{DEFAULT_DATABASE}_{next(self._numbers)}"
        with psycopg.connect(self.server.url("postgres"), autocommit=True) as admin:
            admin.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(DEFAULT_DATABASE)
                )
            )
        try:
            yield self.server.url(name)
        finally:
            with psycopg.connect(self.server.url("postgres"), autocommit=True) as admin:
                admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _roomy_memory() -> Path | None:
    """Memory, where there is room in it: a database is hundreds of files, made in a moment there.

    None stands for the system's folder of temporary files.
    """
    roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM
    return _MEMORY if roomy else None


def create_database(server: EmbeddedServer, name: str) -> None:
    """Create a database on a running server unless it is there."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
        there = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
        if there is None:
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

"""What a measurement stands on: a durable database that is gone afterwards, a port, a clean end."""

import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from emask.database.migrations import migrate
from emask.database.server import DEFAULT_DATABASE, EmbeddedServer
from emask.database.throwaway import create_database


@contextmanager
def durable_server() -> Iterator[EmbeddedServer]:
    """A server in a temporary folder, with fsync on, and an empty database of the newest shape."""
    with tempfile.TemporaryDirectory(prefix="emask-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)  # the server's own user must be able to reach it
        with EmbeddedServer(Path(folder)) as server:
            create_database(server, DEFAULT_DATABASE)
            migrate(server.url())
            yield server


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def cleaning_up_when_ended() -> Iterator[None]:
    """Let SIGTERM end what was started too: by itself it would leave the servers running."""
    before = signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

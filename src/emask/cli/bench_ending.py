"""What measurements that start servers have in common: a free port, and a clean end."""

import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager


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

"""The web application of a measurement, in processes of its own on loopback."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

from emask.cli.bench_bed import free_port
from emask.web.intake import INTAKE_PATH

_PATIENCE: Final = 30.0  # seconds for the server to start


@contextmanager
def served(database_url: str, keys_file: Path, *, workers: int = 1) -> Iterator[tuple[int, int]]:
    """The whole web application, as ``emask up`` serves it; yields its process and port."""
    port = free_port()
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "granian", "--interface", "asgi", "--loop", "uvloop"),
            *("--workers", str(workers), "--http", "1", "--no-ws", "--log-level", "warning"),
            *("--host", "127.0.0.1", "--port", str(port)),
            "emask.cli.up_app:application",
        ],
        env={
            **os.environ,
            "EMASK_DATABASE_URL": database_url,
            "EMASK_KEYS": str(keys_file),
        },
    )
    try:
        _wait_for(server, port)
        yield server.pid, port
    finally:
        server.terminate()
        server.wait()


def _wait_for(server: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while server.poll() is None and time.monotonic() < deadline:
        with suppress(OSError), closing(HTTPConnection("127.0.0.1", port, timeout=1)) as link:
            link.request("GET", INTAKE_PATH)
            link.getresponse()
            return
        time.sleep(0.05)
    raise RuntimeError("the server did not start")

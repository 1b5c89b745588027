"""A rehearsal whose processes and database are killed in the middle loses nothing."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from emask.cli.main import app
from emask.database.server import EmbeddedServer

_PATIENCE = 60.0


def _wait(ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _receipts(folder: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in folder.glob("acknowledged-*.log"))


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """The folder of a rehearsal that was killed while people registered."""
    tmp_path.chmod(0o711)
    folder = tmp_path / "kept"
    rehearsal = subprocess.Popen(
        [
            *(sys.executable, "-c", "from emask.cli.main import app; app()"),
            *("rehearse", "--people", "3000", "--keep", str(folder)),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait(lambda: _receipts(folder) > 200)
        os.kill(EmbeddedServer(folder).process, signal.SIGKILL)
    finally:
        os.killpg(rehearsal.pid, signal.SIGKILL)
        rehearsal.wait()
    return folder


def test_everything_acknowledged_is_there(killed: Path) -> None:
    ended = CliRunner().invoke(app, ["audit", "--data", str(killed)])
    assert ended.exit_code == 0, ended.output
    assert "acknowledged_stands" in ended.stdout

    # the control: one pre-order less, and the audit says so
    with EmbeddedServer(killed) as server, psycopg.connect(server.url()) as connection:
        connection.execute(
            "DELETE FROM preorder WHERE ticket = (SELECT ticket FROM preorder LIMIT 1)"
        )
    ended = CliRunner().invoke(app, ["audit", "--data", str(killed), "--json"])
    assert ended.exit_code == 1
    broken = [each["detail"] for each in json.loads(ended.stdout) if not each["ok"]]
    assert broken == ["1 acknowledged pre-orders are not there"]

"""`emask up` as somebody who runs it: it serves, introduces the demo, and ends with everything."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

from emask.database.server import EmbeddedServer

PATIENCE = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(data: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    command = [str(Path(sys.executable).with_name("emask")), "up", "--port", str(port)]
    environment = {**os.environ, "EMASK_DATA": str(data), "EMASK_LANG": "en"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()


def answer(port: int, path: str) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def first_answer(port: int, path: str) -> tuple[int, str]:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return answer(port, path)
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
            time.sleep(0.2)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_it_serves_a_demo_introduces_it_and_ends_with_everything(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    port = free_port()
    with serving(tmp_path, port) as process:
        status, page = first_answer(port, "/zh/")
        assert status == 200
        assert "開始登記" in page
        assert answer(port, "/en/demo")[0] == 200
        assert first_answer(port + 10, "/ecpay/Cashier/Atm")[0] == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
        told = process.stdout.read() if process.stdout else ""
    assert f"http://localhost:{port}/en/demo" in told
    assert "王小明" in told
    assert not EmbeddedServer(tmp_path).running


def test_no_server_outlives_it(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    port = free_port()
    with serving(tmp_path, port) as process:
        first_answer(port, "/zh/")
        process.kill()
        process.wait(PATIENCE)
    deadline = time.monotonic() + PATIENCE
    while listens(port):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    # the database is left to whoever starts it next, here to be ended
    os.kill(EmbeddedServer(tmp_path).process, signal.SIGINT)


def test_a_port_in_use_is_told_plainly(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with serving(tmp_path, taken.getsockname()[1]) as process:
            assert process.wait(PATIENCE) == 2

"""The benchmark of open data: its readers see what they get, and its database is watched."""

import json
import socket
import threading
from collections.abc import Iterator

import pytest
import typer
from typer.testing import CliRunner

from emask.cli.bench_opendata import _judged, _Measured, bench_opendata
from emask.cli.bench_opendata_load import Lap, Load, drive

NOT_MODIFIED = b'HTTP/1.1 304 Not Modified\r\netag: "1"\r\ncontent-length: 7\r\n\r\n'
WHOLE = b"HTTP/1.1 200 OK\r\ncontent-length: 300000\r\n\r\n" + b"x" * 300_000


def test_a_short_run_prints_its_figures_as_json() -> None:
    app = typer.Typer()
    app.command()(bench_opendata)
    done = CliRunner().invoke(app, ["--json", "--seconds", "1", "--readers", "4"])
    assert done.exit_code == 0, done.output
    figures = json.loads(done.stdout)
    assert figures["sites"] == 5031
    assert figures["packed_bytes"] < figures["plain_bytes"] / 5
    for kind in ("unchanged", "whole"):
        assert figures[kind]["wrong"] == 0
        assert len(figures[kind]["laps"]) == 3
        assert figures[kind]["per_second"] > 50
    # what the application reads for itself, with nothing for any of the thousands of readers
    assert figures["transactions_read"] < figures["transactions_idle"] + 2


@pytest.fixture
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    """A server that gives one answer to whatever it is asked, in two parts."""
    answer: bytes = request.param
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_answer, args=(server, answer), daemon=True).start()
        yield server.getsockname()[1]


def _answer(server: socket.socket, answer: bytes) -> None:
    link, _ = server.accept()
    with link:
        while link.recv(4096):
            link.sendall(answer[:20])
            link.sendall(answer[20:])


@pytest.mark.parametrize("port", [NOT_MODIFIED, WHOLE], indirect=True)
def test_readers_wait_for_the_whole_answer(port: int, request: pytest.FixtureRequest) -> None:
    answer: bytes = request.node.callspec.params["port"]
    lap = drive(Load(port, b"GET / HTTP/1.1\r\n\r\n", answer[:13], readers=1, seconds=0.2))
    assert lap.latencies
    assert lap.wrong == 0
    assert lap.received == len(answer) * len(lap.latencies)


@pytest.mark.parametrize("port", [WHOLE], indirect=True)
def test_an_unexpected_answer_shows(port: int) -> None:
    lap = drive(Load(port, b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 304", readers=1, seconds=0.1))
    assert lap.wrong == len(lap.latencies) > 0


def test_medians_are_told() -> None:
    laps = [Lap(1.0, 0.5, [0.001] * answers, 1_000_000, 0) for answers in (10, 40, 20)]
    told = _judged([_Measured(lap, 0.7, 0.0) for lap in laps])
    assert told.per_second == 20
    assert told.laps == [10, 40, 20]
    assert (told.p50_ms, told.p99_ms) == (1.0, 1.0)
    assert told.megabytes_per_second == 1
    assert told.app_cpu_us == pytest.approx(30_000)

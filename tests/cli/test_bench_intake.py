"""The benchmark itself: it measures what it says, and would not hide a loss."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from uuid import UUID

import pytest
import typer
from typer.testing import CliRunner

from emask.cli import bench_intake_load as load
from emask.cli.bench_intake import IntakeBench, _judged, _Measured, _told, bench_intake
from emask.cli.bench_intake_database import PgbenchLap
from emask.cli.bench_intake_load import Lap
from emask.cli.cpu_time import cpu_seconds

ANN, BEN, CHRIS = (UUID(int=number) for number in (1, 2, 3))
ONE, TWO, THREE = (UUID(int=number) for number in (101, 102, 103))


def test_a_short_run_prints_its_figures_as_json() -> None:
    app = typer.Typer()
    app.command()(bench_intake)
    done = CliRunner().invoke(app, ["--json", "--seconds", "1", "--connections", "4"])
    assert done.exit_code == 0, done.output
    figures = json.loads(done.stdout)
    assert figures["ratio"] == pytest.approx(figures["orders_per_second"] / figures["pgbench_best"])
    assert figures["acknowledged"] > 0
    assert (figures["refused"], figures["lost"], figures["twice"]) == (0, 0, 0)
    assert set(figures["pgbench"]) == {"8", "32", "64"}
    assert figures["app_cpu_us"] > figures["database_cpu_us"] > 0


def measured(tickets: dict[UUID, UUID], *, took: float = 1.0) -> _Measured:
    lap = Lap(took, 0.0, [0.001 * n for n in range(1, len(tickets) + 1)], tickets, [])
    return _Measured(lap=lap, app_cpu=0.0002, database_cpu=0.0001)


def judged(kept: Mapping[UUID, UUID], *, pgbench: int = 0) -> IntakeBench:
    laps = [measured({ANN: ONE, BEN: TWO})]
    rates = [PgbenchLap(8, pgbench, 3.0), PgbenchLap(8, 0, 5.0), PgbenchLap(32, 0, 1.0)]
    return _judged(laps, rates, kept=kept, others=pgbench)


def test_what_was_acknowledged_is_looked_for() -> None:
    fine = judged({ANN: ONE, BEN: TWO})
    assert (fine.acknowledged, fine.lost, fine.twice) == (2, 0, 0)
    assert (fine.ratio, fine.orders_per_second) == (0.5, 2.0)
    assert [fine.app_cpu_us, fine.database_cpu_us] == pytest.approx([100, 50])
    assert "ratio" in _told(fine)


def test_a_lost_order_shows() -> None:
    assert judged({ANN: ONE}).lost == 1
    assert judged({ANN: ONE, BEN: THREE}).lost == 1


def test_a_ticket_given_twice_shows() -> None:
    assert judged({ANN: ONE, BEN: TWO, CHRIS: TWO}).twice == 1


def test_rates_of_a_pgbench_that_placed_nothing_are_not_taken() -> None:
    assert judged({ANN: ONE, BEN: TWO, CHRIS: THREE}, pgbench=1).lost == 0
    with pytest.raises(RuntimeError, match="pgbench"):
        judged({ANN: ONE, BEN: TWO, CHRIS: THREE}, pgbench=2)


def test_an_answer_in_pieces_is_one_answer() -> None:
    body = b'{"ticket":"00000000-0000-0000-0000-000000000065"}'
    answer = b"HTTP/1.1 201 Created\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            link, _ = server.accept()
            with link:
                for _ in range(2):
                    assert link.recv(4096) == b"order"
                    for part in (answer[:10], answer[10:70], answer[70:]):
                        link.sendall(part)

        thread = threading.Thread(target=serve)
        thread.start()
        requests = iter([(1, b"order"), (2, b"order")])
        lap = load._lap(server.getsockname()[1], requests, 1, 60.0)
        thread.join()
    assert lap.tickets == {load.person_id(1): ONE, load.person_id(2): ONE}
    assert len(lap.latencies) == 2
    assert not lap.refused


def test_processor_time_counts_children() -> None:
    busy = "sum(range(10**7)); print(flush=True); input()"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {busy!r}])"
    with subprocess.Popen(
        [sys.executable, "-c", child], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        used = cpu_seconds(process.pid)
        process.communicate(b"\n")
    assert used > 0.05
    assert cpu_seconds(os.getpid()) > 0

"""The counter's benchmark, small: its figures, and that it sees what goes wrong."""

import json

import pytest

from emask.cli import bench_counter
from emask.cli.bench_counter_load import Lap

FIGURES = {"sales_per_second", "check_p95_ms", "sale_p95_ms", "app_cpu_us", "database_cpu_us"}


def test_a_short_run_prints_its_figures_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    bench_counter.bench_counter(as_json=True, people=200, per_second=20, seconds=1)
    told = json.loads(capsys.readouterr().out)
    assert told.keys() >= FIGURES
    assert told["sold"] == 60
    assert (told["wrong"], told["lost"]) == (0, 0)
    assert 0 < told["check_p50_ms"] <= told["sale_p50_ms"] <= told["sale_p95_ms"]


def test_what_is_no_sale_is_counted() -> None:
    lap = Lap(took=1.0, cpu=0.1, checks=[0.01, 0.02], sales=[0.03, 0.04], wrong=[])
    laps = [lap, lap._replace(wrong=[b"HTTP/1.1 409 Conflict"])]
    found = bench_counter._judged(laps, people=9, per_second=2.0, used=(0.4, 0.2), lost=1)
    assert (found.sold, found.wrong, found.lost) == (4, 1, 1)
    assert found.app_cpu_us == pytest.approx(100_000)
    assert found.sales_per_second == pytest.approx(2)
